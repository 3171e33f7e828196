// A channel of a connection: it declares queues, and publishes and consumes messages.
//
//     auto queue = co_await channel.declare_queue("tasks", {.durable = true}, asio::use_awaitable);
//     channel.publish({.routing_key = "tasks"}, {.body = "hello"});
//     co_await channel.consume("tasks", {}, [&](Delivery d) { channel.ack(d.delivery_tag); }, asio::use_awaitable);
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <asio/detached.hpp>

#include "client/link/channel_operations.hpp"
#include "client/link/completion.hpp"

namespace pocketmq::client {

/// Owns its channel, and closes it in its destructor. Its functions may be called from any thread. They copy or move
/// their arguments, and reach the broker in the order of the calls. Completion handlers and callbacks without an
/// executor of their own run on the connection's thread or strand; they must not block or throw. The comment of each
/// function has its completion signature, and the section of AMQP 0-9-1 in parentheses.
///
/// If the broker refuses an operation, it closes the channel (AMQP 0-9-1, 1.5.2.5). All operations under way and later
/// ones then fail with the reply code, and `close_reason` has the text. A name longer than 255 bytes fails with
/// Error::name_too_long.
class Channel {
 public:
  /// No channel. It may only be assigned to.
  Channel() = default;
  Channel(std::shared_ptr<Connector> connector, std::shared_ptr<ChannelCore> core)
      : operations_{std::make_shared<ChannelOperations>(std::move(connector), std::move(core))} {
    operations_->watch();
  }
  Channel(Channel&&) noexcept = default;
  Channel& operator=(Channel&& other) noexcept {
    std::swap(operations_, other.operations_);
    return *this;
  }
  ~Channel() {
    if (operations_) operations_->close([](std::error_code) {});
  }

  /// void(std::error_code, QueueInfo) (1.7.2.1). For an empty name the broker chooses one; QueueInfo has it.
  template <class Token> auto declare_queue(std::string queue, QueueOptions options, Token&& token) {
    return start<QueueInfo>(std::forward<Token>(token), &ChannelOperations::declare_queue, std::move(queue),
                            std::move(options));
  }
  /// void(std::error_code, std::uint32_t): the number of messages that were deleted with it (1.7.2.9).
  template <class Token> auto delete_queue(std::string queue, If condition, Token&& token) {
    return start<std::uint32_t>(std::forward<Token>(token), &ChannelOperations::delete_queue, std::move(queue),
                                condition);
  }
  /// void(std::error_code, std::uint32_t): the number of messages that were dropped (1.7.2.7).
  template <class Token> auto purge_queue(std::string queue, Token&& token) {
    return start<std::uint32_t>(std::forward<Token>(token), &ChannelOperations::purge_queue, std::move(queue));
  }
  /// void(std::error_code) (1.7.2.3)
  template <class Token> auto bind_queue(Binding binding, Token&& token) {
    return start(std::forward<Token>(token), &ChannelOperations::bind_queue, std::move(binding));
  }
  /// void(std::error_code) (1.7.2.5)
  template <class Token> auto unbind_queue(Binding binding, Token&& token) {
    return start(std::forward<Token>(token), &ChannelOperations::unbind_queue, std::move(binding));
  }

  /// void(std::error_code) (1.6.2.1). The types: direct, fanout, topic, headers.
  template <class Token>
  auto declare_exchange(std::string exchange, std::string type, ExchangeOptions options, Token&& token) {
    return start(std::forward<Token>(token), &ChannelOperations::declare_exchange, std::move(exchange), std::move(type),
                 std::move(options));
  }
  /// void(std::error_code) (1.6.2.3)
  template <class Token> auto delete_exchange(std::string exchange, If condition, Token&& token) {
    return start(std::forward<Token>(token), &ChannelOperations::delete_exchange, std::move(exchange), condition);
  }
  /// void(std::error_code), RabbitMQ's extension: the destination is an exchange too.
  template <class Token> auto bind_exchange(Binding binding, Token&& token) {
    return start(std::forward<Token>(token), &ChannelOperations::bind_exchange, std::move(binding));
  }
  /// void(std::error_code)
  template <class Token> auto unbind_exchange(Binding binding, Token&& token) {
    return start(std::forward<Token>(token), &ChannelOperations::unbind_exchange, std::move(binding));
  }

  /// void(std::error_code): the message was sent (1.8.3.7). The broker does not answer.
  template <class Token = asio::detached_t> auto publish(Destination to, Message message, Token&& token = {}) {
    return start(std::forward<Token>(token), &ChannelOperations::publish, std::move(to), std::move(message));
  }
  /// Calls `returned` with each mandatory message that no queue took (1.8.3.8).
  void on_return(OnReturn returned) { operations_->on_return(std::move(returned)); }

  /// void(std::error_code): how many deliveries each later consumer may have unacked (1.8.3.1); 0 for no limit.
  template <class Token> auto qos(std::uint16_t prefetch_count, Token&& token) {
    return start(std::forward<Token>(token), &ChannelOperations::qos, prefetch_count);
  }
  /// void(std::error_code, std::string consumer_tag) (1.8.3.3). Calls `deliver` with each message.
  template <class Token> auto consume(std::string queue, ConsumeOptions options, OnDelivery deliver, Token&& token) {
    return start<std::string>(std::forward<Token>(token), &ChannelOperations::consume, std::move(queue),
                              std::move(options), std::move(deliver));
  }
  /// void(std::error_code) (1.8.3.5). Messages may be delivered until it completes. Unacked messages stay unacked.
  template <class Token> auto cancel(std::string consumer_tag, Token&& token) {
    return start(std::forward<Token>(token), &ChannelOperations::cancel, std::move(consumer_tag));
  }
  /// void(std::error_code, std::optional<Got>): nullopt if the queue is empty (1.8.3.10).
  template <class Token> auto get(std::string queue, bool no_ack, Token&& token) {
    return start<std::optional<Got>>(std::forward<Token>(token), &ChannelOperations::get, std::move(queue), no_ack);
  }

  /// void(std::error_code): the ack was sent (1.8.3.13).
  template <class Token = asio::detached_t>
  auto ack(std::uint64_t delivery_tag, Upto upto = Upto::this_one, Token&& token = {}) {
    return start(std::forward<Token>(token), &ChannelOperations::ack, delivery_tag, upto);
  }
  /// void(std::error_code): the nack was sent (RabbitMQ's extension).
  template <class Token = asio::detached_t>
  auto nack(std::uint64_t delivery_tag, Requeue requeue, Upto upto = Upto::this_one, Token&& token = {}) {
    return start(std::forward<Token>(token), &ChannelOperations::nack, delivery_tag, requeue, upto);
  }
  /// void(std::error_code): the reject was sent (1.8.3.14).
  template <class Token = asio::detached_t>
  auto reject(std::uint64_t delivery_tag, Requeue requeue, Token&& token = {}) {
    return start(std::forward<Token>(token), &ChannelOperations::reject, delivery_tag, requeue);
  }

  /// void(std::error_code): without an error when the broker has agreed to close the channel (1.5.2.5).
  template <class Token> auto close(Token&& token) {
    return start(std::forward<Token>(token), &ChannelOperations::close);
  }
  /// Why the channel is not open any more; empty while it is open.
  [[nodiscard]] CloseReason close_reason() const { return operations_->close_reason(); }

 private:
  template <class... Results, class Token, class... Parameters, class... Args>
  auto start(Token&& token, void (ChannelOperations::*operation)(Parameters...), Args... args) {
    return initiate<std::error_code, Results...>(
        operations_, std::forward<Token>(token),
        [operation, ... args = std::move(args)](ChannelOperations& on, Done<Results...> done) mutable {
          (on.*operation)(std::move(args)..., std::move(done));
        });
  }

  std::shared_ptr<ChannelOperations> operations_;
};

}  // namespace pocketmq::client
