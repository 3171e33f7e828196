// How long the loop is kept when much is done at once: purge, delete, expiry, the end of a connection that has a
// million unacked deliveries, ... The time of each message, queue or binding, and the longest turn of the loop, in
// nanoseconds of processor time, as lines of JSON for plot.py.
//
//     turns_bench [WORD...]        only the curves whose names, "PANEL: CURVE", contain all words
#include <cstdio>
#include <exception>

#include "broker/core/heap_trim.hpp"
#include "tests/bench/turns.hpp"

namespace pocketmq::bench {
namespace {

using namespace std::chrono_literals;
namespace basic = protocol::basic;
namespace channel = protocol::channel;
namespace connection = protocol::connection;
namespace exchange = protocol::exchange;
namespace queue = protocol::queue;
namespace tx = protocol::tx;

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
  measure_what_one_client_may_ask_for(turns);
}

}  // namespace
}  // namespace pocketmq::bench

int main(int argc, char** argv) try {
  pocketmq::broker::HeapTrim::configure_allocator();  // as in the broker's own process
  pocketmq::bench::run(pocketmq::bench::Turns{argc, argv});
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "turns_bench: %s\n", error.what());
  return 1;
}
