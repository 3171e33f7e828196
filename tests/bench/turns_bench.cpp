// How long the loop is kept when much is done at once: purge, delete, expiry, the end of a connection that has a
// million unacked deliveries, ... The time of each message, queue or binding, and the longest turn of the loop, in
// nanoseconds of processor time, as lines of JSON for plot.py.
//
//     turns_bench [WORD...]        only the curves whose names, "PANEL: CURVE", contain all words
#include <algorithm>
#include <functional>

#include "broker/core/heap_trim.hpp"
#include "tests/bench/curves.hpp"
#include "tests/bench/scene.hpp"

namespace {

using namespace pocketmq;
using namespace std::chrono_literals;
using bench::Peer;
using bench::Scene;
namespace basic = protocol::basic;
namespace channel = protocol::channel;
namespace connection = protocol::connection;
namespace exchange = protocol::exchange;
namespace queue = protocol::queue;
namespace tx = protocol::tx;

// Brings a scene to a size, and returns what is then measured.
using SetUp = std::function<std::function<void()>(Scene& scene, std::size_t size)>;

constexpr std::size_t repetitions = 3;

class Turns {
 public:
  Turns(int argc, char** argv) : wanted_{argc, argv} {}

  void measure(std::string_view panel, std::string_view curve, std::size_t largest, const SetUp& set_up,
               const std::string& definitions = {}) const {
    if (!wanted_.contains(panel, curve)) return;
    for (const auto size : bench::powers_of_ten(largest)) {
      std::vector<double> of_each, longest;
      for (std::size_t i = 0; i < repetitions; ++i) {
        Scene scene{definitions};
        const auto work = set_up(scene, size);
        scene.loop().measure_turns();
        const auto begin = bench::cpu_time();
        work();
        const auto took = bench::cpu_time() - begin;
        of_each.push_back(static_cast<double>(took.count()) / static_cast<double>(size));
        longest.push_back(static_cast<double>(scene.loop().longest_turn().count()));
      }
      bench::print({panel, curve, "time of each", size, bench::median(of_each)});
      bench::print({panel, curve, "longest turn", size, bench::median(longest)});
    }
  }

 private:
  bench::Wanted wanted_;
};

// A queue "q" with that many messages.
Peer& fill(Scene& scene, std::size_t size, protocol::FieldTable arguments = {}) {
  auto& publisher = scene.connect();
  Scene::declare(publisher, "q", arguments);
  Scene::publish(publisher, size, Scene::message_to(publisher, "q"));
  scene.require("q", size, 0);
  return publisher;
}

protocol::FieldTableWriter dead_lettering() {
  protocol::FieldTableWriter arguments;
  arguments.string("x-dead-letter-exchange", "").string("x-dead-letter-routing-key", "dead");
  return arguments;
}

// Somebody who has all messages of "q" unacked.
Peer& hold(Scene& scene, std::size_t size, protocol::FieldTable arguments = {}) {
  fill(scene, size, arguments);
  auto& holder = scene.connect();
  holder.say(basic::Consume{.queue = "q", .consumer_tag = "holder"});
  scene.require("q", 0, size);
  return holder;
}

// The same after the holder has consumed: what comes back stays in the queue.
Peer& hold_and_cancel(Scene& scene, std::size_t size, protocol::FieldTable arguments = {}) {
  auto& holder = hold(scene, size, arguments);
  holder.say(basic::Cancel{.consumer_tag = "holder"});
  return holder;
}

// ---- ready messages

std::function<void()> publish(Scene& scene, std::size_t size) {
  auto& publisher = fill(scene, 0);
  return [&scene, &publisher, size] {
    Scene::publish(publisher, size, Scene::message_to(publisher, "q"));
    scene.require("q", size, 0);
  };
}

std::function<void()> consume(Scene& scene, std::size_t size) {
  fill(scene, size);
  auto& consumer = scene.connect();
  return [&scene, &consumer, size] {
    consumer.say(basic::Consume{.queue = "q"});
    scene.require("q", 0, size);
  };
}

std::function<void()> purge(Scene& scene, std::size_t size) {
  auto& peer = fill(scene, size);
  return [&] {
    peer.say(queue::Purge{.queue = "q"});
    scene.require("q", 0, 0);
  };
}

std::function<void()> delete_queue(Scene& scene, std::size_t size) {
  auto& peer = fill(scene, size);
  return [&] {
    peer.say(queue::Delete{.queue = "q"});
    Scene::declare(peer, "q");
    scene.require("q", 0, 0);
  };
}

std::function<void()> expire(Scene& scene, std::size_t size) {
  protocol::FieldTableWriter arguments;
  fill(scene, size, arguments.int32("x-message-ttl", 60'000).table());
  scene.loop().advance(61s);
  return [&] {
    scene.loop().settle();
    scene.require("q", 0, 0);
  };
}

std::function<void()> expire_to_dead_letters(Scene& scene, std::size_t size) {
  auto arguments = dead_lettering();
  Scene::declare(fill(scene, size, arguments.int32("x-message-ttl", 60'000).table()), "dead");
  scene.loop().advance(61s);
  return [&scene, size] {
    scene.loop().settle();
    scene.require("q", 0, 0);
    scene.require("dead", size, 0);
  };
}

// ---- unacked messages

std::function<void()> ack_all(Scene& scene, std::size_t size) {
  auto& holder = hold(scene, size);
  return [&] {
    holder.say(basic::Ack{.multiple = true});
    scene.require("q", 0, 0);
  };
}

std::function<void()> ack_all_but_the_last(Scene& scene, std::size_t size) {
  auto& holder = hold(scene, size + 1);
  return [&scene, &holder, size] {
    holder.say(basic::Ack{.delivery_tag = size, .multiple = true});
    scene.require("q", 0, 1);
  };
}

std::function<void()> requeue_all(Scene& scene, std::size_t size) {
  auto& holder = hold_and_cancel(scene, size);
  return [&scene, &holder, size] {
    holder.say(basic::Nack{.multiple = true, .requeue = true});
    scene.require("q", size, 0);
  };
}

std::function<void()> reject_to_dead_letters(Scene& scene, std::size_t size) {
  auto& holder = hold_and_cancel(scene, size, dead_lettering().table());
  Scene::declare(holder, "dead");
  return [&scene, &holder, size] {
    holder.say(basic::Nack{.multiple = true});
    scene.require("q", 0, 0);
    scene.require("dead", size, 0);
  };
}

std::function<void()> cancel(Scene& scene, std::size_t size) {
  auto& holder = hold(scene, size);
  return [&scene, &holder, size] {
    holder.say(basic::Cancel{.consumer_tag = "holder"});
    scene.require("q", 0, size);
  };
}

// A peer that has all messages unacked leaves with `words`.
SetUp leave_saying(const protocol::Command& words) {
  return [words](Scene& scene, std::size_t size) {
    auto& holder = hold(scene, size);
    return [&scene, &holder, size, words] {
      holder.say(words);
      scene.require("q", size, 0);
    };
  };
}

std::function<void()> vanish(Scene& scene, std::size_t size) {
  auto& holder = hold(scene, size);
  return [&scene, &holder, size] {
    holder.vanish();
    scene.require("q", size, 0);
  };
}

// ---- transactions

std::function<void()> commit_publishes(Scene& scene, std::size_t size) {
  auto& publisher = fill(scene, 0);
  publisher.say(tx::Select{});
  Scene::publish(publisher, size, Scene::message_to(publisher, "q"));
  return [&scene, &publisher, size] {
    publisher.say(tx::Commit{});
    scene.require("q", size, 0);
  };
}

std::function<void()> commit_acks(Scene& scene, std::size_t size) {
  auto& holder = hold(scene, size);
  holder.say(tx::Select{});
  holder.say(basic::Ack{.multiple = true});
  return [&] {
    holder.say(tx::Commit{});
    scene.require("q", 0, 0);
  };
}

std::function<void()> roll_back_publishes(Scene& scene, std::size_t size) {
  auto& publisher = fill(scene, 0);
  publisher.say(tx::Select{});
  Scene::publish(publisher, size, Scene::message_to(publisher, "q"));
  return [&] {
    publisher.say(tx::Rollback{});
    scene.require("q", 0, 0);
  };
}

std::function<void()> roll_back_acks(Scene& scene, std::size_t size) {
  auto& holder = hold(scene, size);
  holder.say(tx::Select{});
  holder.say(basic::Ack{.multiple = true});
  return [&scene, &holder, size] {
    holder.say(tx::Rollback{});
    scene.require("q", 0, size);
  };
}

// ---- many queues, many consumers

Peer& bind_queues(Scene& scene, std::size_t size, bool exclusive) {
  auto& peer = scene.connect();
  for (std::size_t i = 0; i < size; ++i) {
    const auto name = "q" + std::to_string(i);
    peer.say(queue::Declare{.queue = name, .exclusive = exclusive, .no_wait = true});
    peer.say(queue::Bind{.queue = name, .exchange = "amq.fanout", .no_wait = true});
  }
  return peer;
}

std::function<void()> fan_out(Scene& scene, std::size_t size) {
  auto& peer = bind_queues(scene, size, false);
  return [&] {
    peer.feed(Scene::message_to(peer, "", "amq.fanout"));
    scene.require("q0", 1, 0);
  };
}

// Each queue has one message, which the peer has not acked.
std::function<void()> requeue_to_many_queues(Scene& scene, std::size_t size) {
  auto& peer = scene.connect();
  for (std::size_t i = 0; i < size; ++i) {
    const auto name = "q" + std::to_string(i);
    peer.say(queue::Declare{.queue = name, .no_wait = true});
    peer.feed(Scene::message_to(peer, name));
    peer.say(basic::Get{.queue = name});
  }
  return [&] {
    peer.say(basic::Recover{.requeue = true});
    scene.require("q0", 1, 0);
  };
}

// A queue "q" with that many bindings from an exchange "topics", whose keys end with `more_words`.
Peer& bind_to_topics(Scene& scene, std::size_t size, const std::string& more_words = {}) {
  auto& peer = scene.connect();
  peer.say(exchange::Declare{.exchange = "topics", .type = "topic"});
  Scene::declare(peer, "q");
  for (std::size_t i = 0; i < size; ++i) {
    const auto key = "stock." + std::to_string(i) + more_words;
    peer.say(queue::Bind{.queue = "q", .exchange = "topics", .routing_key = key, .no_wait = true});
  }
  return peer;
}

std::function<void()> unbind_by_deleting_the_exchange(Scene& scene, std::size_t size) {
  auto& peer = bind_to_topics(scene, size);
  return [&] { peer.say(exchange::Delete{.exchange = "topics"}); };
}

const std::string hundred_words = bench::times(100, ".a");

std::function<void()> unbind_long_patterns(Scene& scene, std::size_t size) {
  auto& peer = bind_to_topics(scene, size, hundred_words);
  return [&] { peer.say(exchange::Delete{.exchange = "topics"}); };
}

std::function<void()> unbind_by_deleting_the_queue(Scene& scene, std::size_t size) {
  auto& peer = bind_to_topics(scene, size);
  return [&] { peer.say(queue::Delete{.queue = "q"}); };
}

std::function<void()> take_exclusive_queues_along(Scene& scene, std::size_t size) {
  auto& owner = bind_queues(scene, size, true);
  return [&] { owner.vanish(); };
}

std::function<void()> delete_exclusive_queues_and_close(Scene& scene, std::size_t size) {
  auto& owner = bind_queues(scene, size, true);
  return [&] { owner.say({.method = connection::Close{}}); };
}

// A peer with that many consumers of a queue "q".
Peer& consume_very_often(Scene& scene, std::size_t size) {
  auto& consumer = scene.connect();
  Scene::declare(consumer, "q");
  for (std::size_t i = 0; i < size; ++i) {
    const auto tag = "c" + std::to_string(i);
    consumer.say(basic::Consume{.queue = "q", .consumer_tag = tag, .no_wait = true});
  }
  return consumer;
}

std::function<void()> delete_under_consumers(Scene& scene, std::size_t size) {
  auto& consumer = consume_very_often(scene, size);
  return [&] { consumer.say(queue::Delete{.queue = "q"}); };
}

// ---- many queues, many bindings come into being

// Commands that `command` makes of "0", "1", "2", ..., as many in a turn as one read takes.
std::function<void()> say_many(Peer& peer, std::size_t size,
                               const std::function<protocol::Method(const std::string&)>& command) {
  std::string all;
  for (std::size_t i = 0; i < size; ++i) all += peer.encoded(command(std::to_string(i)));
  return [&peer, all = std::move(all)] { peer.feed(all); };
}

std::function<void()> declare_queues(Scene& scene, std::size_t size) {
  return say_many(scene.connect(), size,
                  [](const std::string& name) { return queue::Declare{.queue = name, .no_wait = true}; });
}

SetUp bind_to_topics_at_once(const std::string& more_words = {}) {
  return [more_words](Scene& scene, std::size_t size) {
    auto& peer = scene.connect();
    Scene::declare(peer, "q");
    return say_many(peer, size, [key = std::string{}, more_words](const std::string& name) mutable {
      key = name + more_words;
      return queue::Bind{.queue = "q", .exchange = "amq.topic", .routing_key = key, .no_wait = true};
    });
  };
}

// ---- what one client may ask for in one read

// As many commands as one read takes.
std::string read_full_of(std::string_view command) { return bench::times(65'536 / command.size(), command); }

std::function<void()> ask_waiting_consumers(Scene& scene, std::size_t size) {
  auto& peer = scene.connect();
  peer.say(basic::Qos{.prefetch_count = 1, .global = true});
  for (std::size_t i = 0; i < size; ++i) {
    const auto name = "q" + std::to_string(i);
    Scene::declare(peer, name);
    peer.feed(Scene::message_to(peer, name));
    peer.say(basic::Consume{.queue = name, .consumer_tag = name, .no_wait = true});
  }
  return [&, burst = read_full_of(peer.encoded(basic::Qos{.prefetch_count = 1, .global = true}))] {
    peer.feed(burst);
    peer.feed(bench::times(65'536 / 100, peer.encoded(basic::Qos{.prefetch_count = 0, .global = true})));
  };
}

std::function<void()> fan_out_a_burst(Scene& scene, std::size_t size) {
  auto& peer = bind_queues(scene, size, false);
  return [&] { peer.feed(bench::times(100, Scene::message_to(peer, "", "amq.fanout"))); };
}

std::function<void()> fan_out_from_many(Scene& scene, std::size_t size) {
  bind_queues(scene, size, false);
  std::vector<Peer*> publishers;
  for (int i = 0; i < 20; ++i) publishers.push_back(&scene.connect());
  return [&scene, publishers] {
    const auto one = Scene::message_to(*publishers.front(), "", "amq.fanout");
    for (auto* publisher : publishers) publisher->feed_only(one);
    scene.loop().settle();
    scene.require("q0", publishers.size(), 0);
  };
}

std::function<void()> route_a_burst_by_bindings_to_one_queue(Scene& scene, std::size_t size) {
  auto& peer = scene.connect();
  Scene::declare(peer, "q");
  for (std::size_t i = 0; i < size; ++i) {
    const auto key = std::to_string(i);
    peer.say(queue::Bind{.queue = "q", .exchange = "amq.fanout", .routing_key = key, .no_wait = true});
  }
  return [&] { peer.feed(bench::times(100, Scene::message_to(peer, "", "amq.fanout"))); };
}

// "*.#.*", "#.*.*", ...: of so many words that there are as many patterns.
std::function<void()> route_by_wildcards(Scene& scene, std::size_t size) {
  auto& peer = scene.connect();
  Scene::declare(peer, "q");
  for (std::size_t i = 0; i < size; ++i) {
    std::string pattern = "#";
    for (auto bits = size + i; bits > 1; bits /= 2) pattern += bits % 2 == 0 ? ".#.*" : ".#.#";
    peer.say(queue::Bind{.queue = "q", .exchange = "amq.topic", .routing_key = pattern, .no_wait = true});
  }
  std::string key = "a";
  for (int words = 1; words < 100; ++words) key += ".a";
  protocol::FieldArrayWriter copies;
  for (int i = 0; i < 10; ++i) copies.string(key.substr(0, key.size() - 2 * static_cast<std::size_t>(i)));
  protocol::FieldTableWriter headers;
  headers.value("CC", copies.array());
  std::string properties;
  protocol::encode({.headers = headers.table()}, properties);
  return [&, one = Scene::message_to(peer, key, "amq.topic", properties)] { peer.feed(one); };
}

// Bindings that want all of some headers, and a message that has very many.
std::function<void()> route_by_headers(Scene& scene, std::size_t size) {
  auto& peer = scene.connect();
  Scene::declare(peer, "q");
  protocol::FieldTableWriter headers;
  for (int i = 0; i < 3'000; ++i) headers.int32("h" + std::to_string(i), i);
  for (std::size_t i = 0; i < size; ++i) {
    protocol::FieldTableWriter arguments;
    for (int h = 0; h < 100; ++h) arguments.int32("h" + std::to_string(h), h);
    arguments.int32("i" + std::to_string(i), 0).string("x-match", "all");
    if (i % 2 == 0) arguments.string("x-match", "any");
    peer.say(queue::Bind{.queue = "q", .exchange = "amq.headers", .no_wait = true, .arguments = arguments.table()});
  }
  std::string properties;
  protocol::encode({.headers = headers.table()}, properties);
  return [&, one = Scene::message_to(peer, "", "amq.headers", properties)] { peer.feed(one); };
}

// A pattern for which each name takes as long as any may.
const std::string slow_permissions = R"({"users": [{"name": "guest", "password": "guest", "tags": "administrator"}],
  "permissions": [{"user": "guest", "vhost": "/", "configure": "((a|b|c|d|e|f|g)*(a|b|c|d|e|f|g)*){40}x", "write": ".*",
                   "read": ".*"}]})";

std::function<void()> ask_for_permissions(Scene& scene, std::size_t size) {
  auto& peer = scene.connect();
  std::string burst;
  const std::string name(200, 'a');
  for (std::size_t i = 0; i < size; ++i) {
    const auto channel = static_cast<std::uint16_t>(2 + i);
    burst += peer.encoded({.channel = channel, .method = channel::Open{}});
    burst += peer.encoded({.channel = channel, .method = queue::Declare{.queue = name}});
  }
  return [&, burst] { peer.feed(burst); };
}

std::function<void()> commit_to_many_queues_and_vanish(Scene& scene, std::size_t size) {
  auto& publisher = bind_queues(scene, 1'000, false);
  publisher.say(tx::Select{});
  Scene::publish(publisher, size, Scene::message_to(publisher, "", "amq.fanout"));
  return [&] {
    publisher.feed_only(publisher.encoded(tx::Commit{}));
    publisher.vanish();
  };
}

std::function<void()> ack_beside_dead_letters(Scene& scene, std::size_t size) {
  constexpr std::size_t acks = 1'000;
  auto& acker = scene.connect();
  Scene::declare(acker, "acked");
  Scene::publish(acker, acks, Scene::message_to(acker, "acked"));
  acker.say(basic::Consume{.queue = "acked"});
  auto& holder = hold_and_cancel(scene, size, dead_lettering().table());
  Scene::declare(holder, "dead");
  std::string all;
  for (std::size_t tag = 1; tag <= acks; ++tag) all += acker.encoded(basic::Ack{.delivery_tag = tag});
  return [&, all] {
    holder.feed_only(holder.encoded(basic::Nack{.multiple = true}));
    acker.feed(all);
  };
}

// Somebody's own dead letters beside another one's to a fanout, which are very many.
std::function<void()> bury_beside_dead_letters(Scene& scene, std::size_t size) {
  constexpr std::size_t own = 1'000;
  protocol::FieldTableWriter arguments;
  auto& holder = hold_and_cancel(scene, size, arguments.string("x-dead-letter-exchange", "amq.fanout").table());
  protocol::FieldTableWriter one;
  one.int32("x-max-length", 1);
  for (const auto* name : {"sink1", "sink2", "sink3"}) {
    Scene::declare(holder, name, one.table());
    holder.say(queue::Bind{.queue = name, .exchange = "amq.fanout", .no_wait = true});
  }
  auto& other = scene.connect();
  auto own_arguments = dead_lettering();
  Scene::declare(other, "own", own_arguments.int32("x-message-ttl", 0).table());
  Scene::declare(other, "dead");
  return [&scene, &holder, &other] {
    holder.feed_only(holder.encoded(basic::Nack{.multiple = true}));
    Scene::publish(other, own, Scene::message_to(other, "own"));
    scene.require("dead", own, 0);
    scene.require("sink1", 1, 0);
  };
}

// A client filled x-death with thousands of records.
std::function<void()> bury_what_died_often(Scene& scene, std::size_t size) {
  protocol::FieldArrayWriter deaths;
  for (int i = 0; i < 5'000; ++i) {
    protocol::FieldTableWriter death;
    death.string("queue", std::to_string(i * 7'919 % 100'003));
    deaths.table(death.table());
  }
  protocol::FieldTableWriter headers;
  headers.value("x-death", deaths.array());
  std::string properties;
  protocol::encode({.headers = headers.table()}, properties);
  auto arguments = dead_lettering();
  auto& publisher = scene.connect();
  Scene::declare(publisher, "q", arguments.int32("x-message-ttl", 60'000).table());
  Scene::declare(publisher, "dead");
  Scene::publish(publisher, size, Scene::message_to(publisher, "q", "", properties));
  scene.loop().advance(61s);
  return [&scene, size] {
    scene.loop().settle();
    scene.require("dead", size, 0);
  };
}

std::function<void()> get_behind_expired(Scene& scene, std::size_t size) {
  protocol::FieldTableWriter arguments;
  auto& peer = fill(scene, size, arguments.int32("x-message-ttl", 60'000).table());
  scene.loop().advance(61s);
  return [&] {
    peer.say(basic::Get{.queue = "q"});
    scene.require("q", 0, 0);
  };
}

// They were taken from a queue that has room for ten, and come back.
std::function<void()> requeue_too_many(Scene& scene, std::size_t size) {
  protocol::FieldTableWriter arguments;
  arguments.int32("x-max-length", 10);
  auto& holder = scene.connect();
  Scene::declare(holder, "q", arguments.table());
  holder.say(basic::Consume{.queue = "q", .consumer_tag = "holder"});
  auto& publisher = scene.connect();
  for (auto left = size; left > 0; holder.drain()) {  // so that the holder has room for them
    const auto some = std::min<std::size_t>(left, 1'000);
    Scene::publish(publisher, some, Scene::message_to(publisher, "q"));
    left -= some;
  }
  scene.require("q", 0, size);
  holder.say(basic::Cancel{.consumer_tag = "holder"});
  return [&scene, &holder, size] {
    holder.say(basic::Nack{.multiple = true, .requeue = true});
    scene.require("q", std::min<std::size_t>(size, 10), 0);
  };
}

std::function<void()> take_consumers_along(Scene& scene, std::size_t size) {
  auto& consumer = consume_very_often(scene, size);
  return [&] { consumer.vanish(); };
}

// What a queue held is free again, and the broker may have put off to hand it back to the system.
std::function<void()> give_memory_back(Scene& scene, std::size_t size) {
  fill(scene, size).say(queue::Purge{.queue = "q"});
  return [&] {
    scene.loop().advance(1s);
    scene.loop().settle();
  };
}

void run(const Turns& turns) {
  constexpr std::size_t million = 1'000'000;
  const auto ready = [&](std::string_view curve, const SetUp& set_up) {
    turns.measure("all ready messages of a queue", curve, million, set_up);
  };
  ready("are published", publish);
  ready("are consumed", consume);
  ready("are purged", purge);
  ready("are deleted with the queue", delete_queue);
  ready("expire", expire);
  ready("expire to a dead-letter queue", expire_to_dead_letters);

  const auto unacked = [&](std::string_view curve, const SetUp& set_up) {
    turns.measure("all unacked messages of a channel", curve, million, set_up);
  };
  unacked("are acked, multiple", ack_all);
  unacked("are acked, multiple, but for the last", ack_all_but_the_last);
  unacked("are requeued", requeue_all);
  unacked("are rejected to a dead-letter queue", reject_to_dead_letters);
  unacked("outlive their consumer", cancel);
  unacked("lose their channel", leave_saying({.channel = 1, .method = channel::Close{}}));
  unacked("lose their connection, which closes", leave_saying({.method = connection::Close{}}));
  unacked("lose their connection, which is cut", vanish);

  const auto other = [&](std::string_view curve, std::size_t largest, const SetUp& set_up) {
    turns.measure("other things", curve, largest, set_up);
  };
  other("tx.commit of publishes", million, commit_publishes);
  other("tx.commit of acks", million, commit_acks);
  other("tx.rollback of publishes", million, roll_back_publishes);
  other("tx.rollback of acks", million, roll_back_acks);
  other("memory of messages is given back", million, give_memory_back);
  other("a message to all bound queues", 100'000, fan_out);
  other("messages come back to a queue each", 100'000, requeue_to_many_queues);
  other("exclusive queues lose their connection", 100'000, take_exclusive_queues_along);
  other("exclusive queues lose their connection, which closes", 100'000, delete_exclusive_queues_and_close);
  other("bindings lose their exchange", 100'000, unbind_by_deleting_the_exchange);
  other("topic bindings of 100 words lose their exchange", 10'000, unbind_long_patterns);
  other("bindings lose their queue", 100'000, unbind_by_deleting_the_queue);
  other("consumers lose their queue", 100'000, delete_under_consumers);
  other("consumers lose their connection", 100'000, take_consumers_along);

  other("queues are declared", million, declare_queues);
  other("topic bindings are made", million, bind_to_topics_at_once());
  other("topic bindings of 100 words are made", 10'000, bind_to_topics_at_once(hundred_words));

  const auto asked = [&](std::string_view curve, std::size_t largest, const SetUp& set_up,
                         const std::string& definitions = {}) {
    turns.measure("what one client may ask for", curve, largest, set_up, definitions);
  };
  asked("basic.qos for all beside waiting consumers", 10'000, ask_waiting_consumers);
  asked("100 messages to all bound queues", 10'000, fan_out_a_burst);
  asked("messages of 20 connections to all bound queues", 100'000, fan_out_from_many);
  asked("100 messages by bindings to one queue", 100'000, route_a_burst_by_bindings_to_one_queue);
  asked("a message with 11 keys by topics of wildcards", 10'000, route_by_wildcards);
  asked("a message with 3,000 headers by bindings of 100", 1'000, route_by_headers);
  asked("declares that a slow pattern refuses", 100, ask_for_permissions, slow_permissions);
  asked("a commit to 1,000 queues whose connection is cut", 1'000, commit_to_many_queues_and_vanish);
  asked("1,000 acks beside dead letters", million, ack_beside_dead_letters);
  asked("1,000 dead letters beside others to a fanout", million, bury_beside_dead_letters);
  asked("dead letters of 5,000 deaths", 1'000, bury_what_died_often);
  asked("basic.get behind expired messages", million, get_behind_expired);
  asked("messages come back to a queue of ten", million, requeue_too_many);
}

}  // namespace

int main(int argc, char** argv) try {
  broker::HeapTrim::configure_allocator();  // as in the broker's own process
  run(Turns{argc, argv});
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "turns_bench: %s\n", error.what());
  return 1;
}
