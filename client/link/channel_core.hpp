// A channel at the client's end, without I/O: requests and their replies in order, consumers, returns.
//
// Invariant: every callback that reports how something ended is called exactly once, also when the channel, its
// connection or its peer is lost. Callbacks run on the thread that drives the connection, may call back into it, and
// must not throw. Their arguments are views, valid until they return.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "client/values/callbacks.hpp"
#include "client/values/error.hpp"
#include "protocol/vocabulary/command.hpp"

namespace pocketmq::client {

/// The broker's answer to a publish in confirm mode.
enum class Confirm : std::uint8_t { ack, nack };

class ChannelCore {
 public:
  using OnDeliver = MoveOnlyFunction<void(const protocol::basic::Deliver&, const protocol::Content&)>;
  using OnReturn = MoveOnlyFunction<void(const protocol::basic::Return&, const protocol::Content&)>;
  /// The broker confirms the publish of that number; with `multiple` also all earlier ones that are unconfirmed.
  using OnConfirm = MoveOnlyFunction<void(std::uint64_t delivery_tag, bool multiple, Confirm)>;
  /// Called with the reply, or with null and the error.
  template <class Reply> using OnReply = Done<const Reply*>;
  /// Called with a message, or with null and an error. Null without an error means that the queue was empty.
  using OnGet = Done<const protocol::basic::GetOk*, const protocol::Content*>;

  /// The connection, as its channels see it.
  class Owner {
   public:
    virtual void send_on(std::uint16_t channel, const protocol::Method& method,
                         std::optional<protocol::Content> content = std::nullopt) = 0;
    /// Forgets a channel that is over.
    virtual std::shared_ptr<ChannelCore> release(std::uint16_t channel) = 0;
    /// The peer broke the protocol: tells it so, and ends the connection.
    virtual void violate(protocol::ReplyCode code, const std::string& text, protocol::MethodId about) = 0;

   protected:
    ~Owner() = default;
  };

  /// `connection` must outlive this object, or call `end`.
  ChannelCore(Owner& connection, std::uint16_t number) : connection_{&connection}, number_{number} {}

  [[nodiscard]] std::uint16_t number() const { return number_; }
  [[nodiscard]] bool is_open() const { return connection_ != nullptr && !closing_; }
  /// Why the channel is not open; empty while it is open.
  [[nodiscard]] const CloseReason& close_reason() const { return close_reason_; }
  /// The error of operations on a channel that is not open.
  [[nodiscard]] std::error_code closed_error() const {
    return close_reason_.error ? close_reason_.error : make_error_code(Error::not_open);
  }

  /// Sends a synchronous method. Earlier requests may still wait for their replies. `no_wait` must not be set.
  template <class M> void request(const M& method, OnReply<typename M::Reply> done) {
    using Reply = typename M::Reply;
    request(protocol::Method{method}, &ChannelCore::is<Reply>, reply_to<Reply>(std::move(done)));
  }

  /// Takes one message from a queue (AMQP 0-9-1, 1.8.3.10).
  void get(const protocol::basic::Get& method, OnGet done);

  /// Consumes a queue (1.8.3.3). For an empty tag the client chooses one. `cancelled` is called when the broker ends
  /// the consumer, never after `cancel`.
  void consume(protocol::basic::Consume method, OnDeliver deliver, MoveOnlyFunction<void()> cancelled,
               OnReply<protocol::basic::ConsumeOk> done);
  /// Ends a consumer. Deliveries may come until `done` is called.
  void cancel(const std::string& consumer_tag, OnReply<protocol::basic::CancelOk> done);

  /// Sends a method that has no reply: publish (with a content), ack, nack, reject. Dropped if the channel is not open.
  void send(const protocol::Method& method, std::optional<protocol::Content> content = std::nullopt);

  /// Calls `returned` for each message that no queue took.
  void on_return(OnReturn returned) { returned_ = std::make_shared<OnReturn>(std::move(returned)); }
  /// Calls `confirmed` for the publishes after a confirm.select. They are numbered from 1.
  void on_confirm(OnConfirm confirmed) { confirmed_ = std::make_shared<OnConfirm>(std::move(confirmed)); }
  /// Calls `closed` once, when the channel is over, before pending requests fail; at once if it is over already. After
  /// `close` it is not called.
  void on_closed(MoveOnlyFunction<void(const CloseReason&)> closed);

  /// Closes the channel: requests under way fail with Error::closed. `done` is called when the broker has agreed.
  void close(Done<> done);

  /// Drops all callbacks without calling them. For an owner that is destroyed when no thread runs the connection any
  /// more.
  void abandon();

  // ---- for the connection

  /// A command has come on the channel.
  void on_command(const protocol::Command& command);
  /// The channel is over: nothing more is sent or received.
  void end(const CloseReason& reason);

 private:
  using Accepts = MoveOnlyFunction<bool(const protocol::Method&)>;
  struct Pending {
    Accepts accepts;
    Done<const protocol::Command*> done;
  };
  struct Consumer {
    OnDeliver deliver;
    MoveOnlyFunction<void()> cancelled;
  };

  template <class Reply> static bool is(const protocol::Method& method) {
    return std::holds_alternative<Reply>(method);
  }
  template <class Reply> static Done<const protocol::Command*> reply_to(OnReply<Reply> done) {
    return [done = std::move(done)](std::error_code error, const protocol::Command* reply) mutable {
      done(error, reply == nullptr ? nullptr : std::get_if<Reply>(&reply->method));
    };
  }
  void request(const protocol::Method& method, Accepts accepts, Done<const protocol::Command*> done);
  void fail_pending(std::error_code error);

  void handle(const protocol::basic::Deliver& method, const protocol::Command& command);
  void handle(const protocol::basic::Return& method, const protocol::Command& command);
  void handle(const protocol::basic::Cancel& method, const protocol::Command& command);
  void handle(const protocol::basic::Ack& method, const protocol::Command&) { confirm(method, Confirm::ack); }
  void handle(const protocol::basic::Nack& method, const protocol::Command&) { confirm(method, Confirm::nack); }
  void confirm(const auto& method, Confirm what) {
    const auto confirmed = confirmed_;  // the callback may end the channel
    if (confirmed) (*confirmed)(method.delivery_tag, method.multiple, what);
  }
  void handle(const protocol::channel::Flow& method, const protocol::Command& command);
  void handle(const protocol::channel::Close& method, const protocol::Command& command);
  void handle(const auto&, const protocol::Command& command) { handle_reply(command); }
  void handle_reply(const protocol::Command& command);
  void handle_while_closing(const protocol::Command& command);

  Owner* connection_;  // null once the channel is over
  const std::uint16_t number_;
  bool closing_{false};
  Done<> close_done_;
  CloseReason close_reason_;
  std::deque<Pending> pending_;
  std::uint64_t tags_chosen_{0};
  std::map<std::string, std::shared_ptr<Consumer>, std::less<>> consumers_;  // by tag
  std::shared_ptr<OnReturn> returned_;
  std::shared_ptr<OnConfirm> confirmed_;
  MoveOnlyFunction<void(const CloseReason&)> closed_;
};

}  // namespace pocketmq::client
