#include "broker/channel/confirms.hpp"

#include <algorithm>
#include <concepts>

namespace pocketmq::broker {

namespace basic = protocol::basic;

std::uint64_t Confirms::expect(std::size_t queues) {
  const auto publish = next();
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
  tell<basic::Ack>(acked_, nacked_, send);
  tell<basic::Nack>(nacked_, acked_, send);
  acked_.clear();
  nacked_.clear();
}

// A publish can be told together with all before it, if none of these is open or settled the other way. One method
// tells of all such publishes, and one method each of the others. As on RabbitMQ, the first method has `multiple` set
// if it is a nack, or if more than one publish is acked, even if the others are told one by one.
template <class Answer>
void Confirms::tell(const std::vector<std::uint64_t>& settled, const std::vector<std::uint64_t>& settled_otherwise,
                    const std::function<void(const protocol::Method&)>& send) const {
  constexpr bool is_nack = std::same_as<Answer, basic::Nack>;
  const auto answer = [&](std::uint64_t publish, bool multiple) {
    Answer method{.delivery_tag = publish, .multiple = multiple};
    if constexpr (is_nack) method.requeue = true;  // means nothing here; RabbitMQ sets it
    send(method);
  };
  const auto all_below = settled_otherwise.empty() ? first_ : std::min(first_, settled_otherwise.front());
  auto next = std::ranges::lower_bound(settled, all_below);
  if (next != settled.begin()) answer(*std::prev(next), is_nack || settled.size() > 1);
  for (; next != settled.end(); ++next) answer(*next, false);
}

}  // namespace pocketmq::broker
