// What a message costs in the broker's core as what is around it grows: queues, bindings, connections, consumers, the
// queue's own depth, unacked deliveries. In nanoseconds of processor time, as lines of JSON for plot.py.
//
//     growth_bench [WORD...]        only the curves whose names, "PANEL: CURVE", contain all words
#include <random>

#include "tests/bench/growth.hpp"

namespace {

using namespace pocketmq;
using bench::batch;
using bench::Growth;
using bench::Peer;
using bench::times;
using bench::Work;
using protocol::ShortString;
namespace basic = protocol::basic;
namespace exchange = protocol::exchange;
namespace queue = protocol::queue;

// One queue is published to and consumed, without acks.
void let_flow(Work& work, Peer& publisher, const std::string& message, Peer& consumer, std::string_view from) {
  consumer.say(basic::Consume{.queue = ShortString{from}, .no_ack = true});
  work.step = [&, messages = times(batch, message)] {
    work.timed([&] {
      publisher.feed(messages);
      require_messages(consumer, batch);
    });
  };
}

// ---- queues

void one_of_many_queues(Work& work, std::size_t size) {
  auto& publisher = work.connect();
  auto& consumer = work.connect();
  for (std::size_t i = 0; i < size; ++i) Work::declare(consumer, "q" + std::to_string(i));
  let_flow(work, publisher, Work::message_to(publisher, "q0"), consumer, "q0");
}

// Each message goes to another queue, far away in memory, and is got from there.
void queues_at_random(Work& work, std::size_t size) {
  auto& peer = work.connect();
  for (std::size_t i = 0; i < size; ++i) Work::declare(peer, "q" + std::to_string(i));
  work.step = [&, size, random = std::mt19937{}]() mutable {
    std::string messages, gets;
    for (std::size_t i = 0; i < batch; ++i) {
      const auto name = "q" + std::to_string(random() % size);
      messages += Work::message_to(peer, name);
      gets += peer.encoded(basic::Get{.queue = name, .no_ack = true});
    }
    work.timed([&] {
      peer.feed(messages);
      peer.feed(gets);
      require_messages(peer, batch);
    });
  };
}

// ---- bindings of a topic exchange: the message's key matches "#", and none of the others

// `pattern` has a "%" for the binding's number.
void topic_bindings(Work& work, std::size_t size, std::string_view pattern) {
  auto& publisher = work.connect();
  auto& consumer = work.connect();
  publisher.say(exchange::Declare{.exchange = "topics", .type = "topic"});
  Work::declare(consumer, "matching");
  Work::declare(consumer, "other");
  consumer.say(queue::Bind{.queue = "matching", .exchange = "topics", .routing_key = "#"});
  const auto place = pattern.find('%');
  for (std::size_t i = 0; i < size; ++i) {
    const auto key = std::string{pattern.substr(0, place)} + std::to_string(i) + std::string{pattern.substr(place + 1)};
    consumer.say(queue::Bind{.queue = "other", .exchange = "topics", .routing_key = key, .no_wait = true});
  }
  let_flow(work, publisher, Work::message_to(publisher, "stock.eur.nyse", "topics"), consumer, "matching");
  work.step();
  work.require("other", 0, 0);
}

// ---- connections: each has an exclusive queue and a consumer, as a caller's has

std::vector<Peer*> connect_callers(Work& work, std::size_t size) {
  std::vector<Peer*> callers;
  for (std::size_t i = 0; i < size; ++i) {
    const auto name = "caller" + std::to_string(i);
    auto& caller = *callers.emplace_back(&work.connect());
    caller.say(queue::Declare{.queue = name, .exclusive = true});
    caller.say(basic::Consume{.queue = name, .no_ack = true});
  }
  return callers;
}

void two_of_many_connections(Work& work, std::size_t size) {
  connect_callers(work, size);
  auto& publisher = work.connect();
  auto& consumer = work.connect();
  Work::declare(consumer, "q");
  let_flow(work, publisher, Work::message_to(publisher, "q"), consumer, "q");
}

void connections_at_random(Work& work, std::size_t size) {
  const auto callers = connect_callers(work, size);
  auto& publisher = work.connect();
  work.step = [&, callers, random = std::mt19937{}]() mutable {
    std::vector<Peer*> receivers;
    std::string messages;
    for (std::size_t i = 0; i < batch; ++i) {
      const auto number = random() % callers.size();
      receivers.push_back(callers[number]);
      messages += Work::message_to(publisher, "caller" + std::to_string(number));
    }
    work.timed([&] {
      publisher.feed(messages);
      std::size_t drained = 0;
      for (auto* receiver : receivers) drained += receiver->drain();
      if (drained < batch * bench::body.size()) throw std::logic_error{"not everything was delivered"};
    });
  };
}

// ---- consumers on one queue, all of one channel

void consume_often(Peer& consumer, std::size_t size, bool no_ack) {
  Work::declare(consumer, "q");
  for (std::size_t i = 0; i < size; ++i) {
    const auto tag = "c" + std::to_string(i);
    consumer.say(basic::Consume{.queue = "q", .consumer_tag = tag, .no_ack = no_ack, .no_wait = true});
  }
}

void willing_consumers(Work& work, std::size_t size) {
  auto& publisher = work.connect();
  auto& consumer = work.connect();
  consume_often(consumer, size - 1, true);
  if (size == 1) Work::declare(consumer, "q");
  let_flow(work, publisher, Work::message_to(publisher, "q"), consumer, "q");
}

// All consumers have what they may have, and a batch waits: each ack makes room for the next delivery.
void busy_consumers(Work& work, std::size_t size, const basic::Qos& prefetch) {
  auto& publisher = work.connect();
  auto& consumer = work.connect();
  consumer.say(prefetch);
  consume_often(consumer, size, false);
  const auto message = Work::message_to(publisher, "q");
  const auto unacked = prefetch.global ? prefetch.prefetch_count : size * prefetch.prefetch_count;
  Work::publish(publisher, unacked + batch, message);
  consumer.drain();
  work.require("q", batch, unacked);
  work.step = [&, messages = times(batch, message), tag = std::uint64_t{0}]() mutable {
    std::string acks;
    for (std::size_t i = 0; i < batch; ++i) acks += consumer.encoded(basic::Ack{.delivery_tag = ++tag});
    work.timed([&] {
      publisher.feed(messages);
      consumer.feed(acks);
      require_messages(consumer, batch);
    });
  };
}

void another_consumer(Work& work, std::size_t size) {
  auto& consumer = work.connect();
  consume_often(consumer, size, true);
  auto bytes = consumer.encoded(basic::Consume{.queue = "q", .consumer_tag = "late", .no_wait = true});
  bytes += consumer.encoded(basic::Cancel{.consumer_tag = "late", .no_wait = true});
  work.step = [&, visits = times(batch, bytes)] { work.timed([&] { consumer.feed(visits); }); };
}

// ---- depth: a message is published to a queue of that many, and one is consumed from it

void deep_queue(Work& work, std::size_t size, protocol::FieldTable arguments,
                const std::vector<protocol::BasicProperties>& kinds) {
  auto& publisher = work.connect();
  auto& consumer = work.connect();
  Work::declare(consumer, "q", arguments);
  std::vector<std::string> mixed;
  for (const auto& kind : kinds) {
    std::string properties;
    encode(kind, properties);
    mixed.push_back(Work::message_to(publisher, "q", "", properties));
  }
  std::string messages;
  for (std::size_t i = 0; i < batch; ++i) messages += mixed[i % mixed.size()];

  consumer.say(basic::Qos{.prefetch_count = batch});
  consumer.say(basic::Consume{.queue = "q"});
  for (std::size_t i = 0; i < size / batch + 1; ++i) publisher.feed(messages);  // of which the consumer takes a batch
  Work::publish(publisher, size % batch, mixed.front());
  consumer.drain();
  work.require("q", size, batch);
  work.step = [&, messages, tag = std::uint64_t{0}]() mutable {
    tag += batch;
    const auto ack = consumer.encoded(basic::Ack{.delivery_tag = tag, .multiple = true});
    work.timed([&] {
      publisher.feed(messages);
      consumer.feed(ack);
      require_messages(consumer, batch);
    });
  };
}

void deep_queue_in_order(Work& work, std::size_t size) { deep_queue(work, size, {}, {{}}); }

void deep_queue_with_priorities(Work& work, std::size_t size) {
  protocol::FieldTableWriter arguments;
  arguments.int32("x-max-priority", 5);
  deep_queue(work, size, arguments.table(),
             {{.priority = 3}, {.priority = 0}, {.priority = 5}, {.priority = 2}, {.priority = 1}, {.priority = 4}});
}

void deep_queue_with_times_to_live(Work& work, std::size_t size) {
  deep_queue(work, size, {}, {{.expiration = "3600000"}, {.expiration = "7200000"}, {.expiration = "1800000"}});
}

// The oldest message makes room for the newest.
void full_queue(Work& work, std::size_t size) {
  auto& publisher = work.connect();
  protocol::FieldTableWriter arguments;
  arguments.int64("x-max-length", static_cast<std::int64_t>(size));
  Work::declare(publisher, "q", arguments.table());
  const auto message = Work::message_to(publisher, "q");
  Work::publish(publisher, size, message);
  work.step = [&, size, messages = times(batch, message)] {
    work.timed([&] { publisher.feed(messages); });
    work.require("q", size, 0);
  };
}

// ---- unacked deliveries of one channel: a message is delivered, and one is acked or comes back

enum class Settling : std::uint8_t { acked, acked_multiple, requeued };

// Which tags are settled next, a batch of them, if the newest delivery has that tag.
using ChooseTags = std::function<std::vector<std::uint64_t>(std::uint64_t newest)>;

std::string settlements(Peer& consumer, Settling settling, const std::vector<std::uint64_t>& tags) {
  if (settling == Settling::acked_multiple)
    return consumer.encoded(basic::Ack{.delivery_tag = tags.back(), .multiple = true});
  std::string bytes;
  for (const auto tag : tags)
    bytes += settling == Settling::acked ? consumer.encoded(basic::Ack{.delivery_tag = tag})
                                         : consumer.encoded(basic::Nack{.delivery_tag = tag, .requeue = true});
  return bytes;
}

void many_unacked(Work& work, std::size_t size, Settling settling, ChooseTags choose) {
  auto& publisher = work.connect();
  auto& consumer = work.connect();
  Work::declare(consumer, "q");
  consumer.say(basic::Consume{.queue = "q"});
  const auto message = Work::message_to(publisher, "q");
  const bool requeues = settling == Settling::requeued;  // then all that is delivered is what comes back
  const auto unacked = requeues ? size + batch : size;
  for (std::size_t i = 0; i < unacked; i += batch) {
    Work::publish(publisher, std::min(batch, unacked - i), message);
    consumer.drain();
  }
  work.require("q", 0, unacked);
  work.step = [&, settling, requeues, choose = std::move(choose), messages = times(requeues ? 0 : batch, message),
               newest = std::uint64_t{unacked}]() mutable {
    if (!requeues) newest += batch;
    const auto settled = settlements(consumer, settling, choose(newest));
    if (requeues) newest += batch;
    work.timed([&] {
      publisher.feed(messages);
      consumer.feed(settled);
      require_messages(consumer, batch);
    });
  };
}

ChooseTags the_oldest() {
  return [next = std::uint64_t{1}](std::uint64_t) mutable {
    std::vector<std::uint64_t> tags;
    while (tags.size() < batch) tags.push_back(next++);
    return tags;
  };
}

ChooseTags the_newest() {
  return [](std::uint64_t newest) {
    std::vector<std::uint64_t> tags;
    for (std::size_t i = 0; i < batch; ++i) tags.push_back(newest - i);
    return tags;
  };
}

ChooseTags any() {
  return [outstanding = std::vector<std::uint64_t>{}, seen = std::uint64_t{0},
          random = std::mt19937{}](std::uint64_t newest) mutable {
    while (seen < newest) outstanding.push_back(++seen);
    std::vector<std::uint64_t> tags;
    for (std::size_t i = 0; i < batch; ++i) {
      std::swap(outstanding[random() % outstanding.size()], outstanding.back());
      tags.push_back(outstanding.back());
      outstanding.pop_back();
    }
    return tags;
  };
}

// ---- curves

void run(const Growth& growth) {
  const auto to_10_000 = bench::powers_of_ten(10'000);
  const auto to_100_000 = bench::powers_of_ten(100'000);
  const auto to_1_000_000 = bench::powers_of_ten(1'000'000);
  auto from_0_to_10_000_000 = bench::powers_of_ten(10'000'000);
  from_0_to_10_000_000.insert(from_0_to_10_000_000.begin(), 0);

  growth.measure("queues", "one of them is used", to_100_000, one_of_many_queues);
  growth.measure("queues", "each message to any of them", to_100_000, queues_at_random);

  for (const auto* pattern : {"stock.%", "stock.eur.%", "stock.*.%", "*.%.*", "#.%"})
    growth.measure("topic bindings that do not match", pattern, to_100_000,
                   [&](Work& work, std::size_t size) { topic_bindings(work, size, pattern); });

  growth.measure("connections", "two of them are used", to_10_000, two_of_many_connections);
  growth.measure("connections", "each message to any of them", to_10_000, connections_at_random);

  growth.measure("consumers on one queue", "no ack", to_10_000, willing_consumers);
  growth.measure("consumers on one queue", "prefetch 1", to_10_000,
                 [](Work& work, std::size_t size) { busy_consumers(work, size, {.prefetch_count = 1}); });
  growth.measure("consumers on one queue", "prefetch 100 of the channel", to_10_000, [](Work& work, std::size_t size) {
    busy_consumers(work, size, {.prefetch_count = 100, .global = true});
  });
  growth.measure("consumers on one queue", "another comes and goes", to_10_000, another_consumer);

  growth.measure("depth of the queue", "in order", from_0_to_10_000_000, deep_queue_in_order);
  growth.measure("depth of the queue", "six priorities", from_0_to_10_000_000, deep_queue_with_priorities);
  growth.measure("depth of the queue", "times to live", from_0_to_10_000_000, deep_queue_with_times_to_live);
  growth.measure("depth of the queue", "kept at its x-max-length", from_0_to_10_000_000, full_queue);

  const auto unacked = [&](std::string_view curve, Settling settling, ChooseTags (*choose)()) {
    growth.measure("unacked deliveries", curve, to_1_000_000,
                   [=](Work& work, std::size_t size) { many_unacked(work, size, settling, choose()); });
  };
  unacked("ack of the oldest", Settling::acked, the_oldest);
  unacked("ack of the newest", Settling::acked, the_newest);
  unacked("ack of any", Settling::acked, any);
  unacked("ack of the 100 oldest, multiple", Settling::acked_multiple, the_oldest);
  unacked("requeue of any", Settling::requeued, any);
}

}  // namespace

int main(int argc, char** argv) try {
  run(Growth{argc, argv});
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "growth_bench: %s\n", error.what());
  return 1;
}
