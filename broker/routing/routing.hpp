// A message's search for its queues: through exchanges and bindings from exchange to exchange, and through the
// alternates of exchanges that know none. Each exchange is asked and each queue is found once, so that circles of
// bindings or of alternates do no harm.
//
// It pauses when the budget is used up, and goes on in another slice; where it finds very much, perhaps not before
// other searches have ended. Bindings may come and go in the meantime: one that was there all the time leads to its
// queue for certain, and any other one perhaps.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "broker/core/context.hpp"
#include "broker/core/gradual_table.hpp"
#include "broker/message/message.hpp"
#include "broker/queue/queue.hpp"
#include "broker/routing/exchange.hpp"
#include "broker/routing/exchange_directory.hpp"
#include "broker/routing/header_facts.hpp"
#include "broker/routing/topic_trie.hpp"
#include "protocol/base/counted.hpp"

namespace pocketmq::broker {

class Routing final : private Search {
 public:
  /// Both outlive it.
  Routing(const ExchangeDirectory& directory, Context& context)
      : directory_{directory}, context_{context}, budget_{context.budget()} {}
  Routing(const Routing&) = delete;
  Routing& operator=(const Routing&) = delete;

  /// Begins anew, as search number `round`: no other search in the directory has that. `message` stays where it is
  /// until the search is finished, or kept.
  void begin(Exchange& first, const Message& message, std::uint64_t round);
  /// Searches until it is finished, or the budget is used up, or other wide publishes leave it no room. Returns whether
  /// it is finished.
  bool go_on();
  /// It was finished at once, and what it has found is not wanted now: it is to be kept, and begins anew.
  void put_off();
  [[nodiscard]] bool is_finished() const { return next_ == exchanges_.size(); }

  /// What a search has found that was finished at once. Valid until the next search begins.
  [[nodiscard]] const std::vector<Queue*>& queues() const { return queues_; }

  /// The search goes on in other slices: from now on it holds what it refers to.
  void keep();
  /// The message of a search that is kept.
  [[nodiscard]] const Message& message() const { return *message_; }
  /// What such a search has found.
  [[nodiscard]] std::vector<protocol::Ref<Queue>> take_queues() { return std::move(kept_queues_); }
  /// What it holds, for whoever has taken the queues.
  [[nodiscard]] WidePublishes::Share take_share() { return *std::move(share_); }

  // ---- for exchanges: each is asked again until it has told all, and keeps here where it paused

  /// Calls `route(key)` for each key by which the message is routed: its own, and those of its CC and BCC. Returns
  /// false where that does, or if it is to pause.
  template <class Route> [[nodiscard]] bool for_each_key(Route&& route) {
    for (; key_ < routing_keys_.size(); ++key_) {
      if (has_to_pause()) return false;
      budget_.use(steps::for_a_routing_key);
      if (!route(routing_keys_[key_])) return false;
    }
    key_ = 0;
    return true;
  }
  /// The exchange knows that the message goes wherever these lead. Returns false if it is to pause.
  template <class Bindings> [[nodiscard]] bool reach_all(const Bindings& bindings) {
    return bindings_left_.each(bindings.size(), *this, [&](std::size_t i) { reach(bindings[i].destination); });
  }
  /// The exchange knows that the message goes there.
  void reach(Destination& destination);

  [[nodiscard]] Budget& budget() { return budget_; }
  [[nodiscard]] bool has_to_pause() const { return budget_.is_used_up() || (share_ && !share_->may_grow()); }
  [[nodiscard]] TopicTrie::Walk& topic_walk() { return topic_walk_; }
  /// What the message's headers say, once they have been read: returns false if that is to pause.
  [[nodiscard]] bool read_headers();
  [[nodiscard]] const HeaderFacts& header_facts() const { return header_facts_; }
  /// A number that the exchange may count with; 0 when it is asked first.
  [[nodiscard]] std::size_t& count() { return count_; }

  /// A list that is gone through from its end, so that what was not yet seen stays unseen while others take something
  /// out: the last one then takes its place.
  class Countdown {
   public:
    template <class Visit> [[nodiscard]] bool each(std::size_t size, const Routing& routing, Visit&& visit) {
      for (left_ = std::min(left_, size); left_ > 0;) {
        if (routing.has_to_pause()) return false;
        visit(--left_);
      }
      left_ = not_begun;
      return true;
    }

   private:
    static constexpr auto not_begun = std::numeric_limits<std::size_t>::max();
    std::size_t left_{not_begun};
  };
  [[nodiscard]] Countdown& bindings_left() { return bindings_left_; }

 private:
  void add(Queue& queue) override;
  void add(Exchange& exchange) override;
  void next_exchange();
  [[nodiscard]] bool is_reached(Destination& destination);
  [[nodiscard]] bool forget_reached();
  [[nodiscard]] std::size_t bytes_held() const;

  const ExchangeDirectory& directory_;
  Context& context_;
  Budget& budget_;
  const Message* message_{nullptr};
  std::uint64_t round_{0};
  std::vector<std::string_view> routing_keys_;
  std::vector<Exchange*> exchanges_;  // reached, in the order in which they are asked
  std::size_t next_{0};               // of them
  bool reached_any_{false};           // by the one that is asked
  std::vector<Queue*> queues_;

  // Where the exchange is that is asked.
  std::size_t key_{0};
  std::size_t count_{0};
  Countdown bindings_left_;
  TopicTrie::Walk topic_walk_;
  HeaderFacts header_facts_;
  bool knows_headers_{false};

  // Of a search that is kept.
  std::optional<WidePublishes::Share> share_;
  Message kept_message_;
  GradualSet<const Destination*> reached_;
  std::vector<protocol::Ref<Exchange>> kept_exchanges_;
  std::vector<protocol::Ref<Queue>> kept_queues_;
};

}  // namespace pocketmq::broker
