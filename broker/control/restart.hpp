// Restarts a broker, or one of its virtual hosts, within its process and without a disk, for tests.
//
// What clients see is what RabbitMQ 3.10 shows them when it is stopped and started in order. All connections are closed
// with 320, so their transactions are lost, their deliveries come back as redelivered to their old places, their
// exclusive queues go, and so do auto-delete queues that had consumers. Then queues and exchanges that are not durable
// go, with their bindings, and so do transient messages in classic queues. Quorum queues keep all messages, and count a
// delivery that came back. Durable auto-delete exchanges stay without bindings. A message's TTL goes on during the
// restart; `x-expires` counts from the restart on. Users, virtual hosts and policies stay.
//
// The broker's own objects live through it: there is no store that takes durable things out and puts them back. Whether
// a queue is kept or made anew from its declaration, its messages, positions and settings are the same, and a client
// cannot tell. A copy would only be a second way to make queues, which could differ from the first.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "broker/core/context.hpp"
#include "broker/queue/queue.hpp"
#include "broker/vhost/virtual_host.hpp"
#include "protocol/base/move_only_function.hpp"

namespace pocketmq::broker {

class Broker;

/// All calls are made on the broker's thread.
class Restart {
 public:
  enum class Loses : std::uint8_t {
    transient,  // what is not durable
    everything  // all queues, exchanges, bindings and messages; users, virtual hosts and policies stay
  };
  struct Request {
    std::string virtual_host{};  // only this one; empty for the whole broker
    Loses loses{Loses::transient};
    /// For how long it stays down, in real time. New connections are cut meanwhile, as if nobody listened. If only a
    /// virtual host is down, connections to it are refused with 541, as on RabbitMQ.
    std::chrono::milliseconds down{0};
  };
  /// Without the exchanges that each virtual host has from the start. A message counts once for each queue.
  struct Content {
    std::size_t queues{0};
    std::size_t exchanges{0};
    std::size_t bindings{0};
    std::size_t messages{0};

    friend bool operator==(const Content&, const Content&) = default;
  };
  struct Result {
    Content kept{};
    Content lost{};  // including what has gone with the connections

    friend bool operator==(const Result&, const Result&) = default;
  };
  using Done = protocol::MoveOnlyFunction<void(const Result&)>;

  /// The longest time for which it may stay down.
  static constexpr std::chrono::hours down_max{24};

  /// `broker` outlives it.
  explicit Restart(Broker& broker);
  Restart(const Restart&) = delete;
  Restart& operator=(const Restart&) = delete;
  /// A restart that has begun is left as it is, and the broker accepts connections again.
  ~Restart();

  /// Restarts in later turns of the broker. It begins when no other work waits, and when the restart before is done.
  /// When all is done, and clients can connect again, it tells the journal and calls `done`. If the broker or this
  /// object ends before, `done` is not called. It may be called in the middle of a client's command. Throws
  /// ControlError: `unknown` if there is no such virtual host, `bad` if `down` is negative or longer than `down_max`.
  void restart(Request request, Done done);

  /// Whether a restart is going on or waits to begin.
  [[nodiscard]] bool is_busy() const { return !restarts_.empty(); }

 private:
  enum class Step : std::uint8_t { end_connections, delete_content, find_queues, drop_messages, stay_down, end };
  struct Running {
    Request request;
    Done done;
    Step step{Step::end_connections};
    std::vector<protocol::Ref<VirtualHost>> virtual_hosts{};  // which are restarted; some may be deleted meanwhile
    TimePoint down_until{};
    Content before{};
    std::vector<protocol::Ref<Queue>> queues{};  // whose transient messages are still to be dropped
    std::optional<ReadyMessages> kept{};         // of the last of these queues
  };

  [[nodiscard]] bool go_on();
  [[nodiscard]] bool go_on_with(Running& running);
  void end_connections(Running& running);
  void delete_content(const Running& running);
  void find_queues(Running& running);
  [[nodiscard]] bool drop_messages(Running& running);
  void come_up(const Running& running);
  void on_down_time_over();
  void tell(const Running& running, const Result& result);
  /// Calls `visit` for each virtual host that is restarted and still there.
  static void for_each_virtual_host(const Running& running, auto&& visit);
  [[nodiscard]] Content count(const Running& running);

  Broker& broker_;
  Context& context_;
  std::deque<Running> restarts_;
  Backlog::Call<Restart> restarting_;
  Alarm<Restart> down_time_over_;
};

}  // namespace pocketmq::broker
