#include "broker/routing/routing.hpp"

#include <algorithm>
#include <utility>

#include "broker/core/heap_trim.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t for_a_known_destination =
    3 * steps::for_a_binding;  // add or remove a destination of a kept search

// About the bytes of a kept search: of the object, and of each element.
constexpr std::size_t routing_bytes = 512;
constexpr std::size_t known_bytes = 72;
constexpr std::size_t found_bytes = 2 * sizeof(protocol::Ref<Queue>);
constexpr std::size_t fact_bytes = 64;

}  // namespace

void Routing::begin(Exchange& first, const Message& message, std::uint64_t search_number) {
  message_ = &message;
  search_number_ = search_number;
  has_begun_headers_ = false;
  next_ = 0;
  found_any_ = false;
  queues_.clear();
  record_.restart(context_.tells_messages());
  current_key_ = {};
  exchanges_.assign(1, &first);
  first.last_search_ = search_number_;
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
    if (share_ && !share_->may_grow()) return false;
    auto& exchange = *exchanges_[next_];
    if (exchange.deleted()) continue;
    if (!exchange.route(*message_, *this)) return false;
    if (found_any_ || !exchange.alternate()) continue;
    if (auto* alternate = directory_.find_exchange(*exchange.alternate())) add_alternate(*alternate);
  }
  return free_known();
}

// Freeing very many entries takes long, so it may take several slices.
bool Routing::free_known() {
  for (; !known_.empty(); known_.erase_one()) {
    if (budget_.is_used_up()) {
      share_->set_bytes(bytes_held());
      HeapTrim::merge_small_pieces();
      return false;
    }
    budget_.use(for_a_known_destination);
  }
  if (share_) share_->set_bytes(bytes_held());
  return true;
}

void Routing::next_exchange() {
  ++next_;
  found_any_ = false;
  key_ = counter_ = 0;
  current_key_ = {};
  bindings_left_ = {};
  topic_walk_.stop();
}

void Routing::restart_later() {
  next_exchange();
  next_ = 0;
  exchanges_.resize(1);
  queues_.clear();
  record_.restart();
}

void Routing::keep() {
  kept_message_ = *message_;  // the same block, so references into it stay valid
  kept_message_.charge_to(context_.memory());
  message_ = &kept_message_;
  share_.emplace(context_.wide_publishes());
  const auto found = exchanges_.size() + queues_.size();
  if (!share_->may_grow_to(bytes_held() + found * (known_bytes + found_bytes))) restart_later();
  budget_.use(for_a_known_destination * (exchanges_.size() + queues_.size()));
  for (auto* exchange : exchanges_) {
    known_.add(exchange);
    kept_exchanges_.emplace_back(exchange);
  }
  for (auto* queue : queues_) {
    known_.add(queue);
    kept_queues_.emplace_back(queue);
  }
  std::vector<Queue*>{}.swap(queues_);
  share_->set_bytes(bytes_held());
}

std::size_t Routing::bytes_held() const {
  return routing_bytes + routing_keys_.size() * sizeof(std::string_view)
         + (has_begun_headers_ ? header_facts_.size() : 0) * fact_bytes + known_.size() * known_bytes
         + kept_queues_.size() * found_bytes + record_.bytes();
}

// `record` records the step that leads there.
template <class Record> void Routing::add_destination(Destination& destination, const Record& record) {
  budget_.use(steps::for_a_binding);
  if (destination.deleted()) return;
  found_any_ = true;
  if (record_.is_wanted()) record(*exchanges_[next_]);
  if (!is_known(destination)) destination.add_to(*this);
}

void Routing::add_destination_of(const Binding& binding) {
  add_destination(binding.destination,
                  [&](const Exchange& from) { record_.add_binding(from, key_to_record(), binding); });
}

void Routing::add_queue(Queue& queue) {
  add_destination(queue, [&](const Exchange& from) { record_.add_queue_name(from, key_to_record(), queue); });
}

void Routing::add_alternate(Exchange& alternate) {
  add_destination(alternate, [&](const Exchange& from) { record_.add_alternate(from, alternate); });
}

// A kept search has its own set, because other searches overwrite the marks at the destinations while it pauses.
bool Routing::is_known(Destination& destination) {
  if (!share_) return std::exchange(destination.last_search_, search_number_) == search_number_;
  budget_.use(for_a_known_destination);
  if (known_.find(&destination) != nullptr) return true;
  known_.add(&destination);
  share_->set_bytes(bytes_held());
  return false;
}

void Routing::add(Queue& queue) {
  if (share_)
    kept_queues_.emplace_back(&queue);
  else
    queues_.push_back(&queue);
}

void Routing::add(Exchange& exchange) {
  exchanges_.push_back(&exchange);
  if (share_) kept_exchanges_.emplace_back(&exchange);
}

bool Routing::read_headers() {
  if (!has_begun_headers_) header_facts_.begin(message_->properties().headers().value_or(protocol::FieldTable{}));
  has_begun_headers_ = true;
  return header_facts_.read_on(budget_);
}

}  // namespace pocketmq::broker
