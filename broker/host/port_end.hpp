// A connection to a port that speaks HTTP beside the broker's own protocols: its first bytes tell.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

#include "broker/http/http_entrance.hpp"
#include "broker/session/broker.hpp"
#include "protocol/end/connection_end.hpp"

namespace pocketmq::broker {

/// Whether a connection that begins with these four bytes speaks HTTP. Each method is in capital letters, and so is far
/// above the length of any JSON frame; "AMQP" is not among them.
[[nodiscard]] bool begins_http(std::string_view first_four);

/// Is a session until the first four bytes are those of an HTTP request: then it is what `entrance` makes. So whoever
/// says nothing, or what nobody understands, is treated as on a port without HTTP.
class PortEnd final : public protocol::ConnectionEnd, private protocol::Waker {
 public:
  /// Broker and entrance must outlive it.
  PortEnd(Broker& broker, http::HttpEntrance& entrance, Peer peer, TimePoint now);
  ~PortEnd() override { end_->on_wake(nullptr); }

  [[nodiscard]] std::span<std::byte> prepare() override;
  void commit(std::size_t bytes, TimePoint now) override;
  [[nodiscard]] bool wants_input() const override { return end_->wants_input(); }
  [[nodiscard]] bool wants_rest() const override { return end_->wants_rest(); }
  void end_turn() override { end_->end_turn(); }
  [[nodiscard]] const protocol::Output& output() const override { return end_->output(); }
  void sent(std::size_t bytes, TimePoint now) override { end_->sent(bytes, now); }
  void tick(TimePoint now) override { end_->tick(now); }
  [[nodiscard]] TimePoint deadline() const override { return end_->deadline(); }
  [[nodiscard]] bool finished() const override { return end_->finished(); }
  [[nodiscard]] bool resets() const override { return end_->resets(); }
  void disconnect(std::error_code why, TimePoint now) override { end_->disconnect(why, now); }

 private:
  void wake() override { ConnectionEnd::wake(); }
  [[nodiscard]] bool is_decided() const { return first_count_ == first_.size(); }
  void become_http(std::string_view so_far, TimePoint now);

  http::HttpEntrance& entrance_;
  http::Caller caller_;
  std::unique_ptr<protocol::ConnectionEnd> end_;
  std::span<std::byte> room_;  // where bytes are read to
  std::array<char, 4> first_{};
  std::size_t first_count_{0};
};

}  // namespace pocketmq::broker
