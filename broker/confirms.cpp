#include "broker/confirms.hpp"

#include <algorithm>

namespace pocketmq::broker {

namespace basic = protocol::basic;

std::uint64_t Confirms::expect(std::size_t queues) {
  const auto publish = first_ + awaited_.size();
  awaited_.push_back(static_cast<std::uint32_t>(queues));
  if (queues == 0) settle(publish, acked_);
  return publish;
}

void Confirms::accepted(std::uint64_t publish) {
  auto* awaited = find_awaited(publish);
  if (awaited != nullptr && --*awaited == 0) settle(publish, acked_);
}

void Confirms::refused(std::uint64_t publish) {
  auto* awaited = find_awaited(publish);
  if (awaited == nullptr) return;
  *awaited = 0;
  settle(publish, nacked_);
}

std::uint32_t* Confirms::find_awaited(std::uint64_t publish) {
  if (publish < first_) return nullptr;
  auto& awaited = awaited_[publish - first_];
  return awaited == 0 ? nullptr : &awaited;
}

void Confirms::settle(std::uint64_t publish, std::vector<std::uint64_t>& into) {
  into.push_back(publish);
  for (; !awaited_.empty() && awaited_.front() == 0; awaited_.pop_front()) ++first_;
}

void Confirms::report(const std::function<void(const protocol::Method&)>& send) {
  std::ranges::sort(acked_);
  std::ranges::sort(nacked_);
  // Nacks come second, so that what an ack of many covers is neither open nor refused.
  tell<basic::Ack>(acked_, nacked_.empty() ? first_ : std::min(first_, nacked_.front()), send);
  tell<basic::Nack>(nacked_, first_, send);
}

// Those below `all_below` are told of together, the others one by one.
template <class Answer>
void Confirms::tell(std::vector<std::uint64_t>& settled, std::uint64_t all_below,
                    const std::function<void(const protocol::Method&)>& send) {
  const auto answer = [&](std::uint64_t publish, bool multiple) {
    Answer method{.delivery_tag = publish, .multiple = multiple};
    if constexpr (requires { method.requeue; }) method.requeue = true;  // says nothing here; RabbitMQ sets it
    send(method);
  };
  auto next = std::ranges::lower_bound(settled, all_below);
  const auto together = next - settled.begin();
  if (together > 0) answer(*std::prev(next), together > 1);
  for (; next != settled.end(); ++next) answer(*next, false);
  settled.clear();
}

}  // namespace pocketmq::broker
