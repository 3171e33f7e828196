// A long mixed load on a broker, with connections that come and go, after which its memory must be where it was.
//
//     soak BROKER [MESSAGES]        BROKER is the program; 10,000,000 messages if nothing is said
//
// Several lanes at a time pick stories by chance and verify what they are given. After each tenth all connections are
// closed, and what the broker still has in memory is looked at. At the end it may be a little more than at the start:
// an allocator keeps pages that are free but for a few bytes.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/load/broker_connection.hpp"
#include "tests/bench/load/broker_process.hpp"

namespace {

using namespace pocketmq;
using bench::BrokerConnection;
using protocol::ShortString;
namespace basic = protocol::basic;
namespace confirm = protocol::confirm;
namespace exchange = protocol::exchange;
namespace queue = protocol::queue;
namespace tx = protocol::tx;

constexpr std::size_t default_messages = 10'000'000;
constexpr std::size_t lanes = 4;
constexpr std::size_t slack_kib = 8'192;

void require(bool is_so, const char* what) {
  if (!is_so) throw std::runtime_error{std::string{"it is not so that "} + what};
}

// What a connection has been given so far.
struct Tally {
  std::size_t deliveries{0};
  std::uint64_t last_tag{0};
  std::size_t confirmed{0};
  std::size_t returned{0};
};

// A connection that counts; in either encoding.
class Wire : public BrokerConnection {
 public:
  Wire(std::uint16_t port, protocol::Encoding encoding) : BrokerConnection{port, encoding} {
    on_command = [this](const protocol::Command& command) { count(command); };
  }

  [[nodiscard]] const Tally& tally() const { return tally_; }
  /// Called for each delivery, once it is counted.
  std::function<void(const basic::Deliver&, const protocol::Content&)> on_delivery;

  void await_deliveries(std::size_t count) {
    bench::serve({this}, [&] { return tally_.deliveries >= count; });
  }

 private:
  void count(const protocol::Command& command) {
    if (const auto* delivered = std::get_if<basic::Deliver>(&command.method)) {
      ++tally_.deliveries;
      tally_.last_tag = delivered->delivery_tag;
      if (on_delivery) on_delivery(*delivered, *command.content);
    } else if (const auto* confirmed = std::get_if<basic::Ack>(&command.method)) {
      tally_.confirmed = confirmed->multiple ? confirmed->delivery_tag : tally_.confirmed + 1;
    } else if (std::holds_alternative<basic::Return>(command.method)) {
      ++tally_.returned;
    }
  }

  Tally tally_;
};

// One of the threads that lay the load.
class Lane {
 public:
  Lane(std::uint16_t port, std::size_t number) : port_{port}, number_{number}, random_{number} {}

  [[nodiscard]] Wire connect() {
    return Wire{port_, random_() % 4 == 0 ? protocol::Encoding::json : protocol::Encoding::amqp};
  }
  /// A name that is used once.
  [[nodiscard]] std::string name() { return "soak-" + std::to_string(number_) + '-' + std::to_string(++names_); }
  [[nodiscard]] std::size_t any(std::size_t least, std::size_t most) { return least + random_() % (most - least + 1); }
  /// Most are small.
  [[nodiscard]] std::string body() { return std::string(any(0, 50) == 0 ? any(5'000, 20'000) : any(0, 300), 'b'); }

 private:
  const std::uint16_t port_;
  const std::size_t number_;
  std::mt19937 random_;
  std::size_t names_{0};
};

// ---- stories; each returns how many messages it published

std::size_t calls(Lane& lane) {
  auto caller = lane.connect();
  auto worker = lane.connect();
  const auto requests = lane.name();
  const auto count = lane.any(200, 2'000);
  const bool direct = lane.any(0, 1) == 0;
  std::string replies{"amq.rabbitmq.reply-to"};
  if (!direct) caller.call(queue::Declare{.exclusive = true}, [&](const queue::DeclareOk& ok) { replies = ok.queue; });
  caller.call(basic::Consume{.queue = ShortString{replies}, .no_ack = true});
  worker.call(queue::Declare{.queue = ShortString{requests}, .auto_delete = true});
  worker.call(basic::Qos{.prefetch_count = 20});
  worker.call(basic::Consume{.queue = ShortString{requests}});
  worker.on_delivery = [&](const basic::Deliver& request, const protocol::Content& content) {
    const auto properties = content.properties.decode();
    worker.publish(*properties.reply_to, content.body, {.correlation_id = properties.correlation_id});
    worker.send(basic::Ack{.delivery_tag = request.delivery_tag});
  };
  const auto body = lane.body();
  std::size_t next = 0;
  const auto call = [&] {
    const auto id = std::to_string(next++);
    caller.publish(requests, body,
                   {.correlation_id = ShortString{id}, .reply_to = ShortString{replies}, .expiration = "60000"});
  };
  caller.on_delivery = [&](const basic::Deliver&, const protocol::Content& reply) {
    require(reply.body == body, "a reply has its request's body");
    if (next < count) call();
  };
  for (std::size_t i = 0; i < 50; ++i) call();
  bench::serve({&caller, &worker}, [&] { return caller.tally().deliveries == count; });
  worker.close();
  return 2 * count;
}

std::size_t confirmed(Lane& lane) {
  auto publisher = lane.connect();
  auto consumer = lane.connect();
  const auto name = lane.name();
  const auto count = lane.any(500, 5'000);
  consumer.call(queue::Declare{.queue = ShortString{name}, .durable = true, .auto_delete = true});
  consumer.call(basic::Consume{.queue = ShortString{name}});
  publisher.call(confirm::Select{});
  const auto body = lane.body();
  for (std::size_t i = 0; i < count; ++i) publisher.publish(name, body, {.delivery_mode = 2});
  bench::serve({&publisher, &consumer},
               [&] { return publisher.tally().confirmed == count && consumer.tally().deliveries == count; });
  consumer.send(basic::Ack{.delivery_tag = consumer.tally().last_tag, .multiple = true});
  consumer.close();
  publisher.close();
  return count;
}

// The first consumer gives back what it does not ack, some of it by dying; the second gets it.
std::size_t come_back(Lane& lane) {
  auto publisher = lane.connect();
  const auto name = lane.name();
  const auto count = lane.any(100, 1'000);
  const auto quorum = lane.any(0, 3) == 0;
  protocol::FieldTableWriter arguments;
  if (quorum) arguments.string("x-queue-type", "quorum");
  publisher.call(queue::Declare{.queue = ShortString{name}, .durable = true, .arguments = arguments.table()});
  std::size_t acked = 0;
  {
    auto first = lane.connect();
    first.call(basic::Qos{.prefetch_count = static_cast<std::uint16_t>(lane.any(0, 50))});
    first.call(basic::Consume{.queue = ShortString{name}});
    first.on_delivery = [&](const basic::Deliver& message, const protocol::Content&) {
      if (message.redelivered) return;
      if (lane.any(0, 2) == 0) {
        first.send(basic::Ack{.delivery_tag = message.delivery_tag});
        ++acked;
      } else if (lane.any(0, 1) == 0) {
        first.send(basic::Nack{.delivery_tag = message.delivery_tag, .requeue = true});
      }
    };
    for (std::size_t i = 0; i < count; ++i) publisher.publish(name, lane.body());
    bench::serve({&publisher, &first}, [&] { return first.tally().deliveries > 0; });
    first.flush();  // its acks may arrive, or not
    if (lane.any(0, 1) == 0)
      first.cut();
    else
      first.close();
  }
  auto second = lane.connect();
  second.call(basic::Consume{.queue = ShortString{name}, .no_ack = true});
  bench::serve({&publisher, &second}, [&] { return second.tally().deliveries + acked >= count; });
  publisher.call(queue::Delete{.queue = ShortString{name}});
  return count;
}

std::size_t dead_letters(Lane& lane) {
  auto wire = lane.connect();
  const auto name = lane.name(), graveyard = lane.name();
  const auto count = lane.any(50, 500);
  protocol::FieldTableWriter arguments;
  arguments.string("x-dead-letter-exchange", "").string("x-dead-letter-routing-key", graveyard);
  const bool expire = lane.any(0, 1) == 0;
  if (expire) arguments.int32("x-message-ttl", static_cast<std::int32_t>(lane.any(1, 20)));
  wire.call(queue::Declare{.queue = ShortString{graveyard}, .exclusive = true});
  wire.call(queue::Declare{.queue = ShortString{name}, .exclusive = true, .arguments = arguments.table()});
  wire.call(basic::Consume{.queue = ShortString{graveyard}, .consumer_tag = "digger", .no_ack = true});
  if (!expire) wire.call(basic::Consume{.queue = ShortString{name}, .consumer_tag = "refuser"});
  std::size_t buried = 0;
  wire.on_delivery = [&](const basic::Deliver& message, const protocol::Content& content) {
    if (message.consumer_tag == "refuser") return wire.send(basic::Reject{.delivery_tag = message.delivery_tag});
    require(content.properties.headers().has_value(), "a dead letter tells of its death");
    ++buried;
  };
  for (std::size_t i = 0; i < count; ++i) wire.publish(name, lane.body());
  bench::serve({&wire}, [&] { return buried == count; });
  wire.close();
  return 2 * count;
}

std::size_t transactions(Lane& lane) {
  auto wire = lane.connect();
  const auto name = lane.name();
  const auto count = lane.any(10, 500);
  wire.call(queue::Declare{.queue = ShortString{name}, .exclusive = true});
  wire.call(tx::Select{});
  for (std::size_t i = 0; i < count; ++i) wire.publish(name, lane.body());
  wire.call(tx::Rollback{});
  for (std::size_t i = 0; i < count; ++i) wire.publish(name, lane.body());
  wire.call(tx::Commit{});
  wire.call(basic::Consume{.queue = ShortString{name}});
  wire.await_deliveries(count);
  wire.send(basic::Ack{.delivery_tag = wire.tally().last_tag, .multiple = true});
  if (lane.any(0, 1) == 0) wire.call(tx::Commit{});
  require(wire.tally().deliveries == count, "what was rolled back is gone");
  wire.close();
  return 2 * count;
}

std::size_t fan_out(Lane& lane) {
  auto wire = lane.connect();
  const auto source = lane.name();
  const auto queues = lane.any(1, 8), count = lane.any(50, 300);
  wire.call(exchange::Declare{.exchange = ShortString{source}, .type = "topic", .auto_delete = true});
  for (std::size_t i = 0; i < queues; ++i) {
    const auto name = lane.name();
    wire.call(queue::Declare{.queue = ShortString{name}, .exclusive = true});
    wire.call(queue::Bind{.queue = ShortString{name}, .exchange = ShortString{source}, .routing_key = "stock.*.#"});
    wire.call(basic::Consume{.queue = ShortString{name}, .no_ack = true});
  }
  for (std::size_t i = 0; i < count; ++i) wire.publish("stock.eur." + std::to_string(i), lane.body(), {}, source);
  wire.await_deliveries(queues * count);
  wire.close();
  return count;
}

// Messages that nobody consumes: dropped from a full queue, purged, got, returned, or deleted with their queue.
std::size_t unconsumed(Lane& lane) {
  auto wire = lane.connect();
  const auto name = lane.name();
  const auto count = lane.any(200, 2'000);
  protocol::FieldTableWriter arguments;
  arguments.int32("x-max-length", 100).int32("x-max-priority", 3);
  wire.call(queue::Declare{.queue = ShortString{name}, .arguments = arguments.table()});
  for (std::size_t i = 0; i < count; ++i)
    wire.publish(name, lane.body(), {.priority = static_cast<std::uint8_t>(lane.any(0, 3))});
  for (std::size_t i = 0; i < 10; ++i) wire.send(basic::Get{.queue = ShortString{name}, .no_ack = i % 2 == 0});
  if (lane.any(0, 1) == 0)
    wire.call(queue::Purge{.queue = ShortString{name}},
              [](const queue::PurgeOk& ok) { require(ok.message_count == 90, "a full queue holds what it may"); });
  wire.call(queue::Delete{.queue = ShortString{name}});
  wire.send({.channel = 1,
             .method = basic::Publish{.routing_key = ShortString{name}, .mandatory = true},
             .content = protocol::Content{.body = "nobody is there"}});
  bench::serve({&wire}, [&] { return wire.tally().returned == 1; });
  wire.close();
  return count + 1;
}

// The connection breaks off amid all it does.
std::size_t break_off(Lane& lane) {
  auto wire = lane.connect();
  const auto name = lane.name();
  const auto count = lane.any(10, 1'000);
  wire.call(queue::Declare{.queue = ShortString{name}, .exclusive = true});
  wire.call(basic::Consume{.queue = ShortString{name}, .no_ack = lane.any(0, 1) == 0});
  for (std::size_t i = 0; i < count; ++i) wire.publish(name, lane.body());
  wire.await_deliveries(lane.any(0, count / 2));
  wire.cut();
  return count;
}

using Story = std::size_t (*)(Lane&);
constexpr std::array stories{Story{calls},        Story{confirmed}, Story{come_back},  Story{dead_letters},
                             Story{transactions}, Story{fan_out},   Story{unconsumed}, Story{break_off}};

// All lanes tell stories until that many messages were published; then no connection is left.
void lay_load(std::uint16_t port, std::size_t messages, std::size_t round) {
  std::atomic<std::size_t> published{0};
  std::atomic<bool> has_failed{false};
  std::vector<std::exception_ptr> failures(lanes);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < lanes; ++i)
    threads.emplace_back([&, i] {
      try {
        for (Lane lane{port, round * lanes + i}; published < messages && !has_failed;)
          published += stories[lane.any(0, stories.size() - 1)](lane);
      } catch (...) {
        failures[i] = std::current_exception();
        has_failed = true;
      }
    });
  for (auto& thread : threads) thread.join();
  for (const auto& failure : failures)
    if (failure) std::rethrow_exception(failure);
}

// Connections that were cut are noticed, and memory is given back.
std::size_t resident_at_rest(const bench::BrokerProcess& broker) {
  std::this_thread::sleep_for(std::chrono::seconds{1});
  return broker.resident();
}

int run(const char* program, std::size_t messages) {
  constexpr std::size_t parts = 10;
  const auto part = messages / parts;
  const bench::BrokerProcess broker{program};
  const auto at_start = resident_at_rest(broker);
  std::printf("%12s %12s %22s\n%12d %12s %18zu KiB\n", "messages", "messages/s", "memory of the broker", 0, "-",
              at_start);
  auto at_end = at_start;
  for (std::size_t i = 1; i <= parts; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    lay_load(broker.port(), part, i);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    at_end = resident_at_rest(broker);
    std::printf("%12zu %12.0f %18zu KiB\n", i * part, static_cast<double>(part) / took.count(), at_end);
    std::fflush(stdout);
  }
  std::printf("at most, while it worked %21zu KiB\n", broker.most_resident());
  if (at_end <= at_start + slack_kib) return 0;
  std::fprintf(stderr, "soak: the broker keeps %zu KiB more than at the start; %zu are allowed\n", at_end - at_start,
               slack_kib);
  return 1;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) throw std::invalid_argument{"soak BROKER [MESSAGES]"};
  return run(argv[1], argc > 2 ? std::stoul(argv[2]) : default_messages);
} catch (const std::exception& error) {
  std::fprintf(stderr, "soak: %s\n", error.what());
  return 1;
}
