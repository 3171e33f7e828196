// A channel's transaction (AMQP 0-9-1, 1.9): what the channel has published and settled since tx.select, or since the
// last commit or rollback. None of it has taken effect yet.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "broker/message/message.hpp"
#include "broker/queue/settlements.hpp"
#include "broker/routing/route_record.hpp"

namespace pocketmq::broker {

class Transaction {
 public:
  struct Publication {
    Message message;
    std::vector<protocol::Ref<Queue>> queues;  // not used for the default exchange: the commit searches again
    bool mandatory{false};
    RouteRecord record{};  // of the search for the queues
    protocol::MemoryCharge charge{};
  };
  /// What a commit carries out and a rollback undoes.
  struct Content {
    std::deque<Publication> publications{};
    std::deque<Settlement> settlements{};
    std::size_t prefetch_used{0};  // how many of the settled deliveries came through consumers

    [[nodiscard]] std::size_t settled_count() const;
    /// Calls `visit(const Unacked&)` for each delivery that is to be settled, until it returns false. Returns whether
    /// it was called for all.
    bool for_each_delivery(auto&& visit) const {
      return std::ranges::all_of(settlements,
                                 [&](const auto& settlement) { return settlement.deliveries.for_each_from(0, visit); });
    }
  };

  void add(Publication publication) { content_.publications.push_back(std::move(publication)); }
  void add(Outcome outcome, Unacked&& delivery);
  void add(Outcome outcome, Settled settled);

  /// Takes the whole content out of the transaction.
  [[nodiscard]] Content take() { return std::exchange(content_, {}); }
  [[nodiscard]] std::deque<Publication> take_publications() { return std::exchange(content_.publications, {}); }
  [[nodiscard]] std::deque<Settlement> take_settlements();
  /// Takes the next settled delivery out, to undo its settlement. Nothing if there is none left.
  [[nodiscard]] std::optional<Unacked> take_delivery();

  [[nodiscard]] const Content& content() const { return content_; }
  [[nodiscard]] bool is_empty() const { return content_.publications.empty() && content_.settlements.empty(); }
  [[nodiscard]] std::size_t publication_count() const { return content_.publications.size(); }
  [[nodiscard]] std::size_t settled_count() const { return content_.settled_count(); }
  /// How many of the settled deliveries came through consumers: they still count against the channel's prefetch.
  [[nodiscard]] std::size_t prefetch_used() const { return content_.prefetch_used; }

 private:
  Content content_;
};

}  // namespace pocketmq::broker
