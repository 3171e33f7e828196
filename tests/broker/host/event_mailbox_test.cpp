// Events cross to another thread as copies.
#include "broker/host/event_mailbox.hpp"

#include <thread>

#include "tests/support/catch.hpp"
#include "tests/support/journal_under_test.hpp"

namespace pocketmq::tests {
namespace {

namespace event = broker::event;
using broker::Entry;
using broker::EventMailbox;
using namespace std::chrono_literals;

constexpr auto no_time = 0ms;
constexpr auto long_time = 10s;  // no test waits for it

// "3 text", or "2 gap 1-2".
std::string text_of(const broker::StoredEvent& stored) {
  std::string text;
  stored.look([&](const Entry& entry) {
    text = std::to_string(entry.number()) + ' ';
    if (const auto* gap = entry.find<event::Gap>())
      text += "gap " + std::to_string(gap->from) + '-' + std::to_string(gap->to);
    else if (const auto* failed = entry.find<event::AcceptFailed>())
      text += failed->text.view();
  });
  return text;
}

std::vector<std::string> take(EventMailbox& mailbox) {
  std::vector<std::string> texts;
  for (const auto& stored : mailbox.take(no_time)) texts.push_back(text_of(stored));
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a mailbox has copies of what was told") {
  JournalUnderTest test;
  test.journal.keep_last(broker::Journal::ring_default_bytes);
  std::string text = "one";
  test.journal.tell(event::AcceptFailed{.text = text});
  EventMailbox mailbox{test.journal, {.since = 1}};
  text = "two";
  test.journal.tell(event::AcceptFailed{.text = text});
  text = "---";
  CHECK(take(mailbox) == Texts{"1 one", "2 two"});
  CHECK(take(mailbox).empty());
}

TEST_CASE("a mailbox that is full has a gap") {
  JournalUnderTest test;
  EventMailbox mailbox{test.journal, {}, 3'000};
  test.journal.tell(event::AcceptFailed{.text = "one"});
  for (int i = 0; i < 100; ++i) test.journal.tell(event::AcceptFailed{.text = std::string(1'000, 'x')});
  auto texts = take(mailbox);
  REQUIRE(texts.size() == 4);
  CHECK(texts.front() == "1 one");
  CHECK(texts.back() == "101 gap 4-101");
  test.journal.tell(event::AcceptFailed{.text = "two"});
  CHECK(take(mailbox) == Texts{"102 two"});
}

TEST_CASE("another thread gets all events in order") {
  constexpr std::uint64_t count = 5'000;
  JournalUnderTest test;
  EventMailbox mailbox{test.journal};
  std::vector<std::uint64_t> numbers;
  std::thread reader{[&] {
    while (numbers.size() < count) {
      const auto events = mailbox.take(long_time);
      if (events.empty()) return;
      for (const auto& event : events) numbers.push_back(event.number());
    }
  }};
  for (std::uint64_t i = 0; i < count; ++i) test.journal.tell(event::AcceptFailed{.text = "text"});
  reader.join();
  REQUIRE(numbers.size() == count);
  for (std::uint64_t i = 0; i < count; ++i) REQUIRE(numbers[i] == i + 1);
}

}  // namespace pocketmq::tests
