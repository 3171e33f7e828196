// The search for a message's queues. It follows bindings from exchange to exchange, and goes to the alternate exchange
// where an exchange has no destination. Each exchange is asked once and each queue is found once, so cycles of bindings
// or alternate exchanges end.
//
// The search pauses when the budget is used up and continues in another slice. If it finds very many queues, it may
// have to wait until other searches have ended. Bindings may be added and removed meanwhile. A binding that exists all
// the time is followed; any other binding may be followed or not.
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
#include "broker/routing/route_record.hpp"
#include "broker/routing/topic_trie.hpp"
#include "protocol/base/counted.hpp"

namespace pocketmq::broker {

class Routing final : private Search {
 public:
  /// Both must outlive it.
  Routing(const ExchangeDirectory& directory, Context& context)
      : directory_{directory}, context_{context}, budget_{context.budget()} {}
  /// A dry run with a budget of its own, which tells `listener` the steps. It cannot be kept. All must outlive it.
  Routing(const ExchangeDirectory& directory, Context& context, Budget& budget, RouteListener& listener)
      : directory_{directory}, context_{context}, budget_{budget} {
    record_.pass_to(listener);
  }
  Routing(const Routing&) = delete;
  Routing& operator=(const Routing&) = delete;

  /// Begins a new search with the number `search_number`, which no other search in the directory has. `message` must
  /// stay where it is until the search is finished or kept.
  void begin(Exchange& first, const Message& message, std::uint64_t search_number);
  /// Searches until all is found, the budget is used up, or other wide publishes leave no memory. Returns whether the
  /// search is finished.
  bool go_on();
  /// The search was finished at once, but its result is not wanted now. It has to be kept, and will begin again.
  void restart_later();
  [[nodiscard]] bool is_finished() const { return next_ == exchanges_.size(); }

  /// The queues that a search found which was finished at once. Valid until the next search begins.
  [[nodiscard]] const std::vector<Queue*>& queues() const { return queues_; }

  /// The search will continue in other slices. From now on it owns references to what it uses.
  void keep();
  /// The message of a kept search.
  [[nodiscard]] const Message& message() const { return *message_; }
  /// The queues that a kept search has found.
  [[nodiscard]] std::vector<protocol::Ref<Queue>> take_queues() { return std::move(kept_queues_); }
  /// How the message came to its queues. Empty unless somebody listens to the journal.
  [[nodiscard]] RouteRecord& record() { return record_; }
  /// The name of the virtual host.
  [[nodiscard]] const std::string& virtual_host_name() const { return directory_.name(); }
  /// The memory share of the search, for the caller that has taken the queues.
  [[nodiscard]] WidePublishes::Share take_share() { return *std::move(share_); }

  // ---- for exchanges: the search calls each again until it is done, and stores here where it paused

  /// Calls `route(key)` for each routing key of the message: its own, and those of its CC and BCC headers. Returns
  /// false if `route` does or if the search has to pause.
  template <class Route> [[nodiscard]] bool for_each_key(Route&& route) {
    for (; key_ < routing_keys_.size(); ++key_) {
      if (has_to_pause()) return false;
      budget_.use(steps::for_a_routing_key);
      current_key_ = routing_keys_[key_];
      if (!route(current_key_)) return false;
    }
    key_ = 0;
    return true;
  }
  /// Reports the destinations of all these bindings. Returns false if the search has to pause.
  template <class Bindings> [[nodiscard]] bool add_destinations(const Bindings& bindings) {
    return bindings_left_.each(bindings.size(), *this, [&](std::size_t i) { add_destination_of(bindings[i]); });
  }
  /// Reports the destination of a binding that matches.
  void add_destination_of(const Binding& binding);
  /// Reports a queue that the default exchange knows by its name.
  void add_queue(Queue& queue);

  [[nodiscard]] Budget& budget() { return budget_; }
  [[nodiscard]] bool has_to_pause() const { return budget_.is_used_up() || (share_ && !share_->may_grow()); }
  [[nodiscard]] TopicTrie::Walk& topic_walk() { return topic_walk_; }
  /// Reads the message's headers. Returns false if the search has to pause.
  [[nodiscard]] bool read_headers();
  [[nodiscard]] const HeaderFacts& header_facts() const { return header_facts_; }
  /// A counter for the exchange that is asked; 0 at the first call.
  [[nodiscard]] std::size_t& counter() { return counter_; }

  /// Iterates over a list from its end, and can pause. If an element is removed meanwhile, the last one moves into its
  /// index, so elements that were not visited yet are not skipped.
  class BackwardCursor {
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
  [[nodiscard]] BackwardCursor& bindings_left() { return bindings_left_; }

 private:
  void add(Queue& queue) override;
  void add(Exchange& exchange) override;
  void next_exchange();
  template <class Record> void add_destination(Destination& destination, const Record& record);
  void add_alternate(Exchange& alternate);
  /// Which of the message's keys has matched; empty if it has only one, or if the exchange does not use keys.
  [[nodiscard]] std::string_view key_to_record() const {
    return routing_keys_.size() > 1 ? current_key_ : std::string_view{};
  }
  [[nodiscard]] bool is_known(Destination& destination);
  [[nodiscard]] bool free_known();
  [[nodiscard]] std::size_t bytes_held() const;

  const ExchangeDirectory& directory_;
  Context& context_;
  Budget& budget_;
  const Message* message_{nullptr};
  std::uint64_t search_number_{0};
  std::vector<std::string_view> routing_keys_;
  std::vector<Exchange*> exchanges_;  // found exchanges, in the order in which they are asked
  std::size_t next_{0};               // index of the exchange that is asked
  std::string_view current_key_{};    // of for_each_key
  RouteRecord record_;
  bool found_any_{false};  // whether the exchange that is asked has a destination
  std::vector<Queue*> queues_;

  // Where the exchange that is asked has paused.
  std::size_t key_{0};
  std::size_t counter_{0};
  BackwardCursor bindings_left_;
  TopicTrie::Walk topic_walk_;
  HeaderFacts header_facts_;
  bool has_begun_headers_{false};

  // Only of a kept search.
  std::optional<WidePublishes::Share> share_;
  Message kept_message_;
  GradualSet<const Destination*> known_;
  std::vector<protocol::Ref<Exchange>> kept_exchanges_;
  std::vector<protocol::Ref<Queue>> kept_queues_;
};

}  // namespace pocketmq::broker
