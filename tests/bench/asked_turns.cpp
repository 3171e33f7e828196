// What one client may ask for in one read, and how long the loop is kept by that.
#include <algorithm>

#include "tests/bench/turns.hpp"

namespace pocketmq::bench {
namespace {

using namespace std::chrono_literals;
namespace basic = protocol::basic;
namespace channel = protocol::channel;
namespace queue = protocol::queue;
namespace tx = protocol::tx;

// As many commands as one read takes.
std::string read_full_of(std::string_view command) { return times(65'536 / command.size(), command); }

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
    peer.feed(times(65'536 / 100, peer.encoded(basic::Qos{.prefetch_count = 0, .global = true})));
  };
}

std::function<void()> fan_out_a_burst(Scene& scene, std::size_t size) {
  auto& peer = bind_queues(scene, size, false);
  return [&] { peer.feed(times(100, Scene::message_to(peer, "", "amq.fanout"))); };
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
  return [&] { peer.feed(times(100, Scene::message_to(peer, "", "amq.fanout"))); };
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

}  // namespace

void measure_what_one_client_may_ask_for(const Turns& turns) {
  constexpr std::size_t million = 1'000'000;
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

}  // namespace pocketmq::bench
