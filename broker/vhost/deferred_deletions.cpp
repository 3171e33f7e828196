#include "broker/vhost/deferred_deletions.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "broker/core/heap_trim.hpp"
#include "broker/routing/binding_table.hpp"

namespace pocketmq::broker {

class DeferredDeletions::Batch final : public Backlog::Item {
 public:
  Batch(DeferredDeletions& deletions, Request request, Waiter* waiter)
      : Item{deletions.context_.backlog()},
        deletions_{deletions},
        actor_{deletions.context_.actor()},
        left_{std::move(request)},
        waiter_{waiter} {
    std::ranges::reverse(left_.queues);  // each list is processed from its end
    if (waiter_ == nullptr) return;
    assert(!waiter_->awaits_deletion());
    waiter_->batch_ = this;
  }
  ~Batch() override { forget_waiter(); }

  void forget_waiter() {
    if (auto* waiter = std::exchange(waiter_, nullptr)) waiter->batch_ = nullptr;
  }

  bool go_on() override {
    const ActingFor acting{deletions_.context_.actor(), actor_};
    while (delete_next())
      if (budget().is_used_up()) return HeapTrim::merge_small_pieces(), false;
    if (auto* waiter = waiter_) {
      forget_waiter();
      waiter->on_deleted();
    }
    return true;
  }

 private:
  // Deletes one object. Returns false if there is none left.
  bool delete_next() {
    budget().use(steps::for_a_deletion);
    if (!left_.exchanges.empty()) return delete_from_exchange(), true;
    if (!left_.consumers.empty()) return delete_consumer(), true;
    if (!left_.queues.empty()) return delete_from_queue(), true;
    return false;
  }

  void delete_from_exchange() {
    const auto& exchange = *left_.exchanges.back();
    constexpr auto reason = event::Gone::exchange_deleted;
    if (!exchange.bindings().empty()) return remove(exchange.bindings().back(), reason);
    if (!exchange.bindings_to().empty()) return remove(exchange.bindings_to().back(), reason);
    left_.exchanges.pop_back();
  }

  void delete_consumer() {
    auto& consumers = left_.consumers.back();
    if (!consumers.empty()) consumers.erase(consumers.begin());
    if (consumers.empty()) left_.consumers.pop_back();
  }

  void delete_from_queue() {
    auto& queue = *left_.queues.back();
    if (!queue.deleted()) return deletions_.virtual_host_.unregister(queue, event::Gone::connection_ended);
    if (auto* consumer = queue.any_consumer()) return consumer->on_queue_deleted();
    if (!queue.bindings_to().empty()) return remove(queue.bindings_to().back(), event::Gone::queue_deleted);
    left_.queues.pop_back();
  }

  void remove(Binding& binding, event::Gone reason) {
    deletions_.virtual_host_.tell_unbound(binding, reason);
    auto* source = deletions_.bindings_.remove(binding);
    if (source != nullptr && left_.unused_sources == UnusedSources::deleted)
      left_.exchanges.push_back(deletions_.virtual_host_.unregister(*source, event::Gone::auto_delete));
  }

  DeferredDeletions& deletions_;
  const Actor actor_;
  Request left_;
  Waiter* waiter_;
};

DeferredDeletions::Waiter::~Waiter() {
  if (batch_ != nullptr) batch_->forget_waiter();
}

DeferredDeletions::DeferredDeletions(Owner& virtual_host, BindingTable& bindings, Context& context)
    : virtual_host_{virtual_host}, bindings_{bindings}, context_{context} {}

void DeferredDeletions::add(Request request, Waiter* waiter) {
  context_.backlog().keep_for_rest_of_slice(std::make_unique<Batch>(*this, std::move(request), waiter));
}

}  // namespace pocketmq::broker
