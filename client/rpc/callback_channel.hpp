// What calls have on one connection: the channel of their requests, the place where replies arrive, and the exchange
// that takes cancellations.
//
// A new connection gets a new one, so that nothing of an earlier connection is ever taken for the new one's. The
// channel carries nothing that a broker may refuse: a refusal would close it, and lose the calls under way.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "client/link/connection_core.hpp"

namespace pocketmq::client {

/// Where replies go. Both are written to by `reply_to`, and servers do not see a difference.
enum class ReplyTo : std::uint8_t {
  callback_queue,  // an exclusive queue of the connection's (RabbitMQ's tutorial six)
  direct,          // RabbitMQ's direct reply-to, without a queue
};

struct CallbackOptions {
  ReplyTo reply_to{ReplyTo::callback_queue};
  bool confirms{false};      // the broker is to say of each request whether it took it
  bool cancellations{true};  // servers are to be told of calls that nobody waits for
};

class CallbackChannel : public std::enable_shared_from_this<CallbackChannel> {
 public:
  /// What it tells the calls.
  class Owner {
   public:
    virtual void on_reply(const protocol::Content& content) = 0;
    virtual void on_return(const protocol::Content& content) = 0;
    virtual void on_confirm(std::uint64_t delivery_tag, bool multiple, Confirm what) = 0;
    /// After it has opened: it is over. Called once, not after `close`.
    virtual void on_lost(const CloseReason& reason) = 0;

   protected:
    ~Owner() = default;
  };
  /// An empty reason says that it is open.
  using OnOpen = MoveOnlyFunction<void(const CloseReason&)>;

  /// Both must outlive it, or the connection be over.
  CallbackChannel(ConnectionCore& connection, Owner& owner, CallbackOptions options)
      : connection_{connection}, owner_{owner}, options_{options} {}

  void open(OnOpen opened);
  [[nodiscard]] bool is_open() const { return is_open_; }
  /// Tells its owner nothing more; `opened`, if it waits, is told that it is closed.
  void close();

  /// What requests carry as `reply_to`.
  [[nodiscard]] std::string_view reply_to() const { return reply_to_; }
  /// Sends a request to a queue, mandatory. Gives its number for `on_confirm`.
  std::uint64_t publish(std::string_view queue, const protocol::Content& request);
  /// Tells the servers that nobody waits for that request any more; nothing where the broker does not let us.
  void cancel(std::string_view correlation_id);

 private:
  template <class Task> auto guarded(Task task);

  void set_up();
  void consume(std::string_view queue);
  void declare_cancel_exchange();
  void part_ready();
  void end(const CloseReason& reason);

  ConnectionCore& connection_;
  Owner& owner_;
  const CallbackOptions options_;
  std::shared_ptr<ChannelCore> channel_;
  std::string reply_to_;
  OnOpen opened_;
  int missing_{2};  // the consumer, and the exchange or its refusal
  bool is_open_{false};
  bool takes_cancellations_{false};
  std::uint64_t published_{0};
};

}  // namespace pocketmq::client
