// Curves of what is done at once: work is set up for each size, and all of it and its longest turn are measured.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/curves.hpp"
#include "tests/bench/scene.hpp"

namespace pocketmq::bench {

/// Brings a scene to a size, and returns what is then measured.
using SetUp = std::function<std::function<void()>(Scene& scene, std::size_t size)>;

/// Measures the curves that the command line names.
class Turns {
 public:
  Turns(int argc, char** argv) : wanted_{argc, argv} {}

  /// Prints the curve, if it is wanted.
  void measure(std::string_view panel, std::string_view curve, std::size_t largest, const SetUp& set_up,
               const std::string& definitions = {}) const {
    if (!wanted_.contains(panel, curve)) return;
    constexpr std::size_t repetitions = 3;
    for (const auto size : powers_of_ten(largest)) {
      std::vector<double> of_each, longest;
      for (std::size_t i = 0; i < repetitions; ++i) {
        Scene scene{definitions};
        const auto work = set_up(scene, size);
        scene.loop().measure_turns();
        const auto begin = cpu_time();
        work();
        const auto took = cpu_time() - begin;
        of_each.push_back(static_cast<double>(took.count()) / static_cast<double>(size));
        longest.push_back(static_cast<double>(scene.loop().longest_turn().count()));
      }
      print({panel, curve, "time of each", size, median(of_each)});
      print({panel, curve, "longest turn", size, median(longest)});
    }
  }

 private:
  Wanted wanted_;
};

/// A queue "q" with that many messages.
inline Peer& fill(Scene& scene, std::size_t size, protocol::FieldTable arguments = {}) {
  auto& publisher = scene.connect();
  Scene::declare(publisher, "q", arguments);
  Scene::publish(publisher, size, Scene::message_to(publisher, "q"));
  scene.require("q", size, 0);
  return publisher;
}

/// Arguments of a queue whose dead letters go to the queue "dead".
inline protocol::FieldTableWriter dead_lettering() {
  protocol::FieldTableWriter arguments;
  arguments.string("x-dead-letter-exchange", "").string("x-dead-letter-routing-key", "dead");
  return arguments;
}

/// Somebody who has all messages of "q" unacked.
inline Peer& hold(Scene& scene, std::size_t size, protocol::FieldTable arguments = {}) {
  fill(scene, size, arguments);
  auto& holder = scene.connect();
  holder.say(protocol::basic::Consume{.queue = "q", .consumer_tag = "holder"});
  scene.require("q", 0, size);
  return holder;
}

/// The same after the holder has consumed: what comes back stays in the queue.
inline Peer& hold_and_cancel(Scene& scene, std::size_t size, protocol::FieldTable arguments = {}) {
  auto& holder = hold(scene, size, arguments);
  holder.say(protocol::basic::Cancel{.consumer_tag = "holder"});
  return holder;
}

/// Queues "q0", "q1", ..., each bound to amq.fanout.
inline Peer& bind_queues(Scene& scene, std::size_t size, bool exclusive) {
  auto& peer = scene.connect();
  for (std::size_t i = 0; i < size; ++i) {
    const auto name = "q" + std::to_string(i);
    peer.say(protocol::queue::Declare{.queue = name, .exclusive = exclusive, .no_wait = true});
    peer.say(protocol::queue::Bind{.queue = name, .exchange = "amq.fanout", .no_wait = true});
  }
  return peer;
}

/// The curves of what one client may ask for in one read.
void measure_what_one_client_may_ask_for(const Turns& turns);

}  // namespace pocketmq::bench
