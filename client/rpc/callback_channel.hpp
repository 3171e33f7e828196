// The calls' part of one connection: the channel that requests are published on, the queue where replies arrive, and
// the exchange for cancellations.
//
// Each connection gets a new CallbackChannel, so that nothing of an earlier connection is mistaken for the new one's.
// The channel carries nothing that a broker may refuse: a refusal would close it, and the calls under way would be
// lost.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "client/link/connection_core.hpp"
#include "client/values/reply_to.hpp"

namespace pocketmq::client {

struct CallbackOptions {
  ReplyTo reply_to{ReplyTo::callback_queue};
  bool confirms{false};      // the broker confirms each request
  bool cancellations{true};  // tell servers of calls that nobody waits for any more
};

class CallbackChannel : public std::enable_shared_from_this<CallbackChannel> {
 public:
  /// The owner of the calls, which is told of these events.
  class Owner {
   public:
    virtual void on_reply(const protocol::Content& content) = 0;
    virtual void on_return(const protocol::Content& content) = 0;
    virtual void on_confirm(std::uint64_t delivery_tag, bool multiple, Confirm what) = 0;
    /// The channel is over, after it was open. Called once, not after `close`.
    virtual void on_lost(const CloseReason& reason) = 0;

   protected:
    ~Owner() = default;
  };
  /// An empty reason means that it is open.
  using OnOpen = MoveOnlyFunction<void(const CloseReason&)>;

  /// `connection` and `owner` must outlive this object, unless the connection is over.
  CallbackChannel(ConnectionCore& connection, Owner& owner, CallbackOptions options)
      : connection_{connection}, owner_{owner}, options_{options} {}

  void open(OnOpen opened);
  [[nodiscard]] bool is_open() const { return is_open_; }
  /// Calls nothing of its owner from now on. If it is still opening, calls `opened` with Error::closed.
  void close();

  /// The property `reply_to` of requests.
  [[nodiscard]] std::string_view reply_to() const { return reply_to_; }
  /// Publishes a request to a queue, as mandatory. Returns its number for `on_confirm`.
  std::uint64_t publish(std::string_view queue, const protocol::Content& request);
  /// Tells the servers that nobody waits for that request any more. Does nothing if the broker refused the exchange.
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
  int missing_{2};  // parts: the consumer, and the exchange (declared or refused)
  bool is_open_{false};
  bool takes_cancellations_{false};
  std::uint64_t published_{0};
};

}  // namespace pocketmq::client
