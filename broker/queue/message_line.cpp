#include "broker/queue/message_line.hpp"

#include <utility>

namespace pocketmq::broker {

MessageLine::Section& MessageLine::section_with_room() {
  if (!sections_.empty() && sections_.back().messages.size() < section_max) return sections_.back();
  const bool is_first = sections_.empty();
  auto& added = sections_.emplace_back();
  if (!is_first) added.messages.reserve(section_max);  // a short line takes only the memory that it needs
  return added;
}

void MessageLine::push_back(QueuedMessage&& message) {
  auto& section = section_with_room();
  // A line that stays short keeps little memory, however many messages pass through it.
  if (section.taken >= section.size() && section.messages.size() == section.messages.capacity()) {
    const auto taken = static_cast<std::ptrdiff_t>(std::exchange(section.taken, 0));
    section.messages.erase(section.messages.begin(), section.messages.begin() + taken);
    if (!section.details.empty()) section.details.erase(section.details.begin(), section.details.begin() + taken);
    section.begins_at += static_cast<std::uint64_t>(taken);
  }
  const auto index = section.messages.size();
  if (index == 0) section.begins_at = message.position;
  const Details details{.position = message.position,
                        .expires_at = message.expires_at,
                        .returns = message.returns,
                        .redelivered = message.redelivered};
  if (section.details.empty() && details != section.plain(index))
    for (std::size_t i = 0; i < index; ++i) section.details.push_back(section.plain(i));
  section.messages.push_back(std::move(message.message));
  if (!section.details.empty() || details != section.plain(index)) section.details.push_back(details);
}

QueuedMessage MessageLine::pop_front() {
  auto& section = sections_.front();
  const auto details = section.first_details();
  QueuedMessage first{.message = std::move(section.messages[section.taken++]),
                      .position = details.position,
                      .expires_at = details.expires_at,
                      .returns = details.returns,
                      .redelivered = details.redelivered};
  if (section.size() > 0) return first;
  if (sections_.size() > 1 || section.messages.size() == section_max) {
    sections_.pop_front();
  } else {
    section.messages.clear();
    section.details.clear();
    section.taken = 0;
  }
  return first;
}

}  // namespace pocketmq::broker
