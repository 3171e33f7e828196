// A channel's operations, with callbacks. `Channel` adds completion tokens.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>

#include "client/link/channel_core.hpp"
#include "client/link/connector.hpp"
#include "client/values/callbacks.hpp"
#include "client/values/error.hpp"
#include "client/values/message.hpp"
#include "client/values/queue_options.hpp"

namespace pocketmq::client {

struct ExchangeOptions {
  bool passive{false};  // do not create it: it must exist
  bool durable{false};
  bool auto_delete{false};  // deleted with its last binding
  bool internal{false};     // only exchanges may publish to it
  Table arguments{};
};

struct Binding {
  std::string source{};       // an exchange
  std::string destination{};  // a queue, or for bind_exchange an exchange
  std::string routing_key{};
  Table arguments{};
};

struct ConsumeOptions {
  std::string consumer_tag{};  // empty: the client chooses one
  bool no_ack{false};          // deliveries count as acked when they are sent
  bool exclusive{false};       // no other consumer on the queue
  Table arguments{};
  std::function<void()> cancelled{};  // called when the broker ends the consumer, because its queue is gone
};

/// Where a message goes.
struct Destination {
  std::string exchange{};  // empty: the default exchange, where the routing key names a queue
  std::string routing_key{};
  bool mandatory{false};  // if no queue takes it, it is returned (`on_return`)
};

enum class If : std::uint8_t { any, unused, empty };  // when to delete a queue or (not `empty`) an exchange
enum class Upto : bool { this_one, all_before };      // AMQP's `multiple`
enum class Requeue : bool { no, yes };

using OnDelivery = MoveOnlyFunction<void(Delivery)>;
using OnReturn = MoveOnlyFunction<void(Returned)>;

/// May be called from any thread. Callbacks run on the connection's executor. `Channel` documents each operation.
class ChannelOperations : public std::enable_shared_from_this<ChannelOperations> {
 public:
  /// Call `watch` before anything else.
  ChannelOperations(std::shared_ptr<Connector> connector, std::shared_ptr<ChannelCore> core)
      : connector_{std::move(connector)}, core_{std::move(core)} {}
  void watch();

  void declare_queue(std::string queue, QueueOptions options, Done<QueueInfo> done);
  void delete_queue(std::string queue, If condition, Done<std::uint32_t> done);
  void purge_queue(std::string queue, Done<std::uint32_t> done);
  void bind_queue(Binding binding, Done<> done);
  void unbind_queue(Binding binding, Done<> done);

  void declare_exchange(std::string exchange, std::string type, ExchangeOptions options, Done<> done);
  void delete_exchange(std::string exchange, If condition, Done<> done);
  void bind_exchange(Binding binding, Done<> done);
  void unbind_exchange(Binding binding, Done<> done);

  void publish(Destination to, Message message, Done<> done);
  void qos(std::uint16_t prefetch_count, Done<> done);
  void consume(std::string queue, ConsumeOptions options, OnDelivery deliver, Done<std::string> done);
  void cancel(std::string consumer_tag, Done<> done);
  void get(std::string queue, bool no_ack, Done<std::optional<Got>> done);
  void ack(std::uint64_t delivery_tag, Upto upto, Done<> done);
  void nack(std::uint64_t delivery_tag, Requeue requeue, Upto upto, Done<> done);
  void reject(std::uint64_t delivery_tag, Requeue requeue, Done<> done);

  void on_return(OnReturn returned);
  void close(Done<> done);
  [[nodiscard]] CloseReason close_reason() const;
  [[nodiscard]] const SerialExecutor& executor() const { return connector_->executor(); }

 private:
  template <class Task> void run(Task task) {
    connector_->run([self = shared_from_this(), task = std::move(task)]() mutable { task(*self->core_); });
  }
  void send(const protocol::Method& method, Done<> done);
  void record(const CloseReason& reason);

  const std::shared_ptr<Connector> connector_;
  const std::shared_ptr<ChannelCore> core_;
  mutable std::mutex mutex_;  // guards close_reason_
  CloseReason close_reason_;
};

}  // namespace pocketmq::client
