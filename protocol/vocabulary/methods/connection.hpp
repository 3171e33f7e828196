// The methods of class connection (AMQP 0-9-1 1.4).
#pragma once

#include "protocol/vocabulary/wire_types.hpp"

namespace pocketmq::protocol::connection {

struct StartOk;
struct SecureOk;
struct TuneOk;
struct OpenOk;
struct CloseOk;
struct UpdateSecretOk;

struct Start {
  static constexpr MethodId id{10, 10, "connection.start"};
  using Reply = StartOk;
  std::uint8_t version_major{};
  std::uint8_t version_minor{};
  FieldTable server_properties{};
  LongString mechanisms{};
  LongString locales{};

  static constexpr void describe(auto& m, auto&& field) {
    field("version_major", m.version_major);
    field("version_minor", m.version_minor);
    field("server_properties", m.server_properties);
    field("mechanisms", m.mechanisms);
    field("locales", m.locales);
  }
  friend bool operator==(const Start&, const Start&) = default;
};

struct StartOk {
  static constexpr MethodId id{10, 11, "connection.start-ok"};
  FieldTable client_properties{};
  ShortString mechanism{};
  LongString response{};
  ShortString locale{};

  static constexpr void describe(auto& m, auto&& field) {
    field("client_properties", m.client_properties);
    field("mechanism", m.mechanism);
    field("response", m.response);
    field("locale", m.locale);
  }
  friend bool operator==(const StartOk&, const StartOk&) = default;
};

struct Secure {
  static constexpr MethodId id{10, 20, "connection.secure"};
  using Reply = SecureOk;
  LongString challenge{};

  static constexpr void describe(auto& m, auto&& field) { field("challenge", m.challenge); }
  friend bool operator==(const Secure&, const Secure&) = default;
};

struct SecureOk {
  static constexpr MethodId id{10, 21, "connection.secure-ok"};
  LongString response{};

  static constexpr void describe(auto& m, auto&& field) { field("response", m.response); }
  friend bool operator==(const SecureOk&, const SecureOk&) = default;
};

struct Tune {
  static constexpr MethodId id{10, 30, "connection.tune"};
  using Reply = TuneOk;
  std::uint16_t channel_max{};
  std::uint32_t frame_max{};
  std::uint16_t heartbeat{};  // seconds, 0 for none

  static constexpr void describe(auto& m, auto&& field) {
    field("channel_max", m.channel_max);
    field("frame_max", m.frame_max);
    field("heartbeat", m.heartbeat);
  }
  friend bool operator==(const Tune&, const Tune&) = default;
};

struct TuneOk {
  static constexpr MethodId id{10, 31, "connection.tune-ok"};
  std::uint16_t channel_max{};
  std::uint32_t frame_max{};
  std::uint16_t heartbeat{};  // seconds, 0 for none

  static constexpr void describe(auto& m, auto&& field) {
    field("channel_max", m.channel_max);
    field("frame_max", m.frame_max);
    field("heartbeat", m.heartbeat);
  }
  friend bool operator==(const TuneOk&, const TuneOk&) = default;
};

/// In the JSON framing it replaces start-ok, tune-ok and open, and has their fields.
struct Open {
  static constexpr MethodId id{10, 40, "connection.open"};
  using Reply = OpenOk;
  ShortString virtual_host{"/"};
  ShortString reserved_1{};
  bool reserved_2{};
  std::uint16_t heartbeat{};  // seconds
  ShortString user{"guest"};
  LongString password{"guest"};
  FieldTable client_properties{};

  static constexpr void describe(auto& m, auto&& field) {
    field("virtual_host", m.virtual_host);
    field(reserved, m.reserved_1);
    field(reserved, m.reserved_2);
    field(json_only("user"), m.user);
    field(json_only("password"), m.password);
    field(json_only("heartbeat"), m.heartbeat);
    field(json_only("client_properties"), m.client_properties);
  }
  friend bool operator==(const Open&, const Open&) = default;
};

struct OpenOk {
  static constexpr MethodId id{10, 41, "connection.open-ok"};
  ShortString reserved_1{};

  static constexpr void describe(auto& m, auto&& field) { field(reserved, m.reserved_1); }
  friend bool operator==(const OpenOk&, const OpenOk&) = default;
};

struct Close {
  static constexpr MethodId id{10, 50, "connection.close"};
  using Reply = CloseOk;
  std::uint16_t reply_code{};
  ShortString reply_text{};
  std::uint16_t class_id{};
  std::uint16_t method_id{};

  static constexpr void describe(auto& m, auto&& field) {
    field("reply_code", m.reply_code);
    field("reply_text", m.reply_text);
    field("class_id", m.class_id);
    field("method_id", m.method_id);
  }
  friend bool operator==(const Close&, const Close&) = default;
};

struct CloseOk {
  static constexpr MethodId id{10, 51, "connection.close-ok"};

  static constexpr void describe(auto&, auto&&) {}
  friend bool operator==(const CloseOk&, const CloseOk&) = default;
};

struct Blocked {
  static constexpr MethodId id{10, 60, "connection.blocked"};
  ShortString reason{};

  static constexpr void describe(auto& m, auto&& field) { field("reason", m.reason); }
  friend bool operator==(const Blocked&, const Blocked&) = default;
};

struct Unblocked {
  static constexpr MethodId id{10, 61, "connection.unblocked"};

  static constexpr void describe(auto&, auto&&) {}
  friend bool operator==(const Unblocked&, const Unblocked&) = default;
};

struct UpdateSecret {
  static constexpr MethodId id{10, 70, "connection.update-secret"};
  using Reply = UpdateSecretOk;
  LongString new_secret{};
  ShortString reason{};

  static constexpr void describe(auto& m, auto&& field) {
    field("new_secret", m.new_secret);
    field("reason", m.reason);
  }
  friend bool operator==(const UpdateSecret&, const UpdateSecret&) = default;
};

struct UpdateSecretOk {
  static constexpr MethodId id{10, 71, "connection.update-secret-ok"};

  static constexpr void describe(auto&, auto&&) {}
  friend bool operator==(const UpdateSecretOk&, const UpdateSecretOk&) = default;
};

}  // namespace pocketmq::protocol::connection
