// A lean client of ours and of RabbitMQ: commands go out and come in, many a system call. Nothing is done for the user.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "protocol/codec/codec.hpp"
#include "tests/bench/load/connection.hpp"

namespace pocketmq::bench {

class BrokerConnection : public Connection {
 public:
  /// Logs in as guest and opens channel 1. RabbitMQ does not understand JSON.
  explicit BrokerConnection(std::uint16_t port, protocol::Encoding encoding = protocol::Encoding::amqp);

  /// Told of each command that comes and that no call waits for; its views end with the call.
  std::function<void(const protocol::Command&)> on_command = [](const protocol::Command&) {};

  void send(const protocol::Command& command) { codec_->encode(command, output()); }
  /// On channel 1.
  void send(const protocol::Method& method) { send({.channel = 1, .method = method}); }
  /// To the default exchange, or `exchange`.
  void publish(std::string_view routing_key, std::string_view body, const protocol::BasicProperties& properties = {},
               std::string_view exchange = "");

  /// Sends a method on channel 1 and waits for its reply, which `use` is given.
  template <class M, class Use> void call(const M& method, Use&& use) { call_on(1, method, std::forward<Use>(use)); }
  template <class M> void call(const M& method) {
    call(method, [](const typename M::Reply&) {});
  }
  /// Says good-bye, and waits for the answer.
  void close();

  void receive() override;

 private:
  template <class M, class Use> void call_on(std::uint16_t channel, const M& method, Use&& use) {
    send({.channel = channel, .method = method});
    await<typename M::Reply>(use);
  }
  template <class M, class Use> void await(Use&& use) {
    bool has_come = false;
    awaited_ = [&](const protocol::Method& method) {
      const auto* reply = std::get_if<M>(&method);
      if (reply == nullptr) return false;
      use(*reply);
      return has_come = true;
    };
    serve({this}, [&] { return has_come; });
    awaited_ = nullptr;
  }
  void open_amqp();
  void handle(const protocol::Command& command);

  std::unique_ptr<protocol::Codec> codec_;
  protocol::InputBuffer input_;
  protocol::Command command_;
  std::string properties_;
  std::function<bool(const protocol::Method&)> awaited_;  // says whether this is it
};

}  // namespace pocketmq::bench
