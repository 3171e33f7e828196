#include "client/values/error.hpp"

namespace pocketmq::client {
namespace {

class ClientCategory final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "pocketmq.client"; }
  [[nodiscard]] std::string message(int value) const override {
    switch (static_cast<Error>(value)) {
      case Error::invalid_url: return "invalid URL";
      case Error::timed_out: return "timed out";
      case Error::connection_lost: return "connection lost";
      case Error::protocol_violation: return "the peer broke the protocol";
      case Error::not_open: return "not open";
      case Error::closed: return "closed while under way";
      case Error::name_too_long: return "a name or property is longer than 255 bytes";
      case Error::too_many_channels: return "all channels that the broker allows are open";
      case Error::unreadable: return "a message could not be read";
    }
    return "unknown error";
  }
};

class ReplyCodeCategory final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "amqp.reply_code"; }
  [[nodiscard]] std::string message(int value) const override {
    const auto name = protocol::name_of(static_cast<protocol::ReplyCode>(value));
    return "AMQP reply code " + std::to_string(value) + " (" + std::string{name} + ")";
  }
};

}  // namespace

const std::error_category& client_category() {
  static const ClientCategory category;
  return category;
}

const std::error_category& reply_code_category() {
  static const ReplyCodeCategory category;
  return category;
}

std::error_code make_error_code(Error error) { return {static_cast<int>(error), client_category()}; }

std::error_code reply_error(std::uint16_t reply_code) { return {reply_code, reply_code_category()}; }

}  // namespace pocketmq::client
