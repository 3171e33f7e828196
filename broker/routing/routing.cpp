#include "broker/routing/routing.hpp"

#include <algorithm>
#include <utility>

#include "broker/core/heap_trim.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t for_a_reached = 3 * steps::for_a_binding;  // a search that paused remembers or forgets it

}  // namespace

void Routing::begin(Exchange& first, const Message& message, std::uint64_t round) {
  message_ = &message;
  round_ = round;
  knows_headers_ = false;
  next_ = 0;
  reached_any_ = false;
  queues_.clear();
  exchanges_.assign(1, &first);
  first.reached_in_ = round_;
  routing_keys_.clear();
  message.append_routing_keys(routing_keys_);
  if (routing_keys_.size() == 1) return;
  budget_.use(steps::for_a_routing_key * routing_keys_.size());
  std::ranges::sort(routing_keys_);
  // Not std::ranges::unique: clang 14 cannot read the range that it gives.
  routing_keys_.erase(std::unique(routing_keys_.begin(), routing_keys_.end()), routing_keys_.end());
}

bool Routing::go_on() {
  for (; next_ < exchanges_.size(); next_exchange()) {
    auto& exchange = *exchanges_[next_];
    if (exchange.deleted()) continue;
    if (!exchange.route(*message_, *this)) return false;
    if (reached_any_ || !exchange.alternate()) continue;
    if (auto* alternate = directory_.find_exchange(*exchange.alternate())) reach(*alternate);
  }
  return forget_reached();
}

// Very many take long to free.
bool Routing::forget_reached() {
  for (; !reached_.empty(); reached_.erase_one()) {
    if (budget_.is_used_up()) return HeapTrim::merge_small_pieces(), false;
    budget_.use(for_a_reached);
  }
  return true;
}

void Routing::next_exchange() {
  ++next_;
  reached_any_ = false;
  key_ = count_ = 0;
  bindings_left_ = {};
  topic_walk_.stop();
}

void Routing::keep() {
  kept_message_ = *message_;  // the same block: what refers to it stays valid
  message_ = &kept_message_;
  is_kept_ = true;
  for (auto* exchange : exchanges_) {
    reached_.add(exchange);
    kept_exchanges_.emplace_back(exchange);
  }
  for (auto* queue : queues_) {
    reached_.add(queue);
    kept_queues_.emplace_back(queue);
  }
}

void Routing::reach(Destination& destination) {
  budget_.use(steps::for_a_binding);
  if (destination.deleted()) return;
  reached_any_ = true;
  if (!is_reached(destination)) destination.join(*this);
}

// Other searches leave their own marks while this one pauses.
bool Routing::is_reached(Destination& destination) {
  if (!is_kept_) return std::exchange(destination.reached_in_, round_) == round_;
  budget_.use(for_a_reached);
  if (reached_.find(&destination) != nullptr) return true;
  reached_.add(&destination);
  return false;
}

void Routing::add(Queue& queue) {
  if (is_kept_)
    kept_queues_.emplace_back(&queue);
  else
    queues_.push_back(&queue);
}

void Routing::add(Exchange& exchange) {
  exchanges_.push_back(&exchange);
  if (is_kept_) kept_exchanges_.emplace_back(&exchange);
}

bool Routing::read_headers() {
  if (!knows_headers_) header_facts_.begin(message_->properties().headers().value_or(protocol::FieldTable{}));
  knows_headers_ = true;
  return header_facts_.read_on(budget_);
}

}  // namespace pocketmq::broker
