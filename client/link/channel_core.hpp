// A channel at the client's end, without I/O: requests and their replies in order, consumers, returns.
//
// Invariant: every callback that it was given and that says how something ended is called exactly once, also when the
// channel, its connection or its peer goes. Callbacks come on the thread that drives the connection, may call back into
// it, and must not throw. What they are shown are views, valid until they return.
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

/// What a broker says of a publish in confirm mode.
enum class Confirm : std::uint8_t { ack, nack };

class ChannelCore {
 public:
  using OnDeliver = MoveOnlyFunction<void(const protocol::basic::Deliver&, const protocol::Content&)>;
  using OnReturn = MoveOnlyFunction<void(const protocol::basic::Return&, const protocol::Content&)>;
  /// The broker's word on the publish of that number, and with `multiple` on all earlier ones that it has not spoken
  /// of.
  using OnConfirm = MoveOnlyFunction<void(std::uint64_t delivery_tag, bool multiple, Confirm)>;
  /// The reply, or null and why there is none.
  template <class Reply> using OnReply = Done<const Reply*>;
  /// One of both, or neither and why.
  using OnGet = Done<const protocol::basic::GetOk*, const protocol::Content*>;

  /// Its connection.
  class Owner {
   public:
    virtual void send_on(std::uint16_t channel, const protocol::Method& method,
                         std::optional<protocol::Content> content = std::nullopt) = 0;
    /// Forgets a channel that is over.
    virtual std::shared_ptr<ChannelCore> release(std::uint16_t channel) = 0;
    /// The peer broke the protocol: says so and ends the connection.
    virtual void violate(protocol::ReplyCode code, const std::string& text, protocol::MethodId about) = 0;

   protected:
    ~Owner() = default;
  };

  /// `connection` must outlive it or end it.
  ChannelCore(Owner& connection, std::uint16_t number) : connection_{&connection}, number_{number} {}

  [[nodiscard]] std::uint16_t number() const { return number_; }
  [[nodiscard]] bool is_open() const { return connection_ != nullptr && !closing_; }
  /// Why it is not open; empty while it is.
  [[nodiscard]] const CloseReason& close_reason() const { return close_reason_; }
  /// What an operation fails with once it is not open.
  [[nodiscard]] std::error_code closed_error() const {
    return close_reason_.error ? close_reason_.error : make_error_code(Error::not_open);
  }

  /// Sends a synchronous method, without waiting for earlier ones' replies. `no_wait` must not be set.
  template <class M> void request(const M& method, OnReply<typename M::Reply> done) {
    using Reply = typename M::Reply;
    request(protocol::Method{method}, &ChannelCore::is<Reply>, reply_to<Reply>(std::move(done)));
  }

  /// Takes one message from a queue (AMQP 0-9-1, 1.8.3.10). Without error and message the queue was empty.
  void get(const protocol::basic::Get& method, OnGet done);

  /// Consumes a queue (1.8.3.3); an empty tag is chosen here. `cancelled` is called when the broker ends the consumer,
  /// never after a `cancel`.
  void consume(protocol::basic::Consume method, OnDeliver deliver, MoveOnlyFunction<void()> cancelled,
               OnReply<protocol::basic::ConsumeOk> done);
  /// Ends a consumer; deliveries may come until it is done.
  void cancel(const std::string& consumer_tag, OnReply<protocol::basic::CancelOk> done);

  /// Sends a method that has no reply: publish (with a content), ack, nack, reject. Dropped if the channel is not open.
  void send(const protocol::Method& method, std::optional<protocol::Content> content = std::nullopt);

  /// What is called for messages that no queue took.
  void on_return(OnReturn returned) { returned_ = std::make_shared<OnReturn>(std::move(returned)); }
  /// What is called for the publishes after a confirm.select, which are numbered from 1.
  void on_confirm(OnConfirm confirmed) { confirmed_ = std::make_shared<OnConfirm>(std::move(confirmed)); }
  /// What is called once, when the channel is over, before what waits fails; at once if it is. Not after a `close` of
  /// our own.
  void on_closed(MoveOnlyFunction<void(const CloseReason&)> closed);

  /// Closes it gracefully: requests under way fail with Error::closed, `done` is called when the broker agreed.
  void close(Done<> done);

  /// Forgets all callbacks without calling them: for an owner that goes when nothing runs the connection any more.
  void abandon();

  // ---- for its connection

  /// A command has come on the channel.
  void on_command(const protocol::Command& command);
  /// It is over: nothing more is sent or received.
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
    const auto confirmed = confirmed_;  // lives on if the callback ends the channel
    if (confirmed) (*confirmed)(method.delivery_tag, method.multiple, what);
  }
  void handle(const protocol::channel::Flow& method, const protocol::Command& command);
  void handle(const protocol::channel::Close& method, const protocol::Command& command);
  void handle(const auto&, const protocol::Command& command) { handle_reply(command); }
  void handle_reply(const protocol::Command& command);
  void handle_while_closing(const protocol::Command& command);

  Owner* connection_;  // null once it is over
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
