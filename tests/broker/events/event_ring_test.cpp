// The ring keeps the last events within its bytes.
#include "broker/events/event_ring.hpp"

#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

namespace event = broker::event;
using broker::Entry;
using broker::EventRing;

class Account final : public protocol::MemoryAccount {};

constexpr std::size_t max_bytes = 32 << 10;
constexpr auto any_number = static_cast<std::size_t>(-1);

void append(EventRing& ring, std::uint64_t number, std::string_view text = "text") {
  const event::AcceptFailed event{.text = text};
  ring.append({number, {}, &event});
}

std::vector<std::uint64_t> numbers_from(const EventRing& ring, std::uint64_t from, std::size_t max = any_number) {
  std::vector<std::uint64_t> numbers;
  const auto next = ring.read(from, max, [&](const Entry& entry) { numbers.push_back(entry.number()); });
  CHECK(next == (numbers.empty() ? from : numbers.back() + 1));
  return numbers;
}

}  // namespace

TEST_CASE("a ring gives back what it was given") {
  Account account;
  EventRing ring{account, max_bytes};
  CHECK(ring.first_number() == 0);
  CHECK(numbers_from(ring, 1).empty());
  for (std::uint64_t number = 5; number < 9; ++number) append(ring, number, "event " + std::to_string(number));
  CHECK(ring.first_number() == 5);
  CHECK(numbers_from(ring, 5) == std::vector<std::uint64_t>{5, 6, 7, 8});
  CHECK(numbers_from(ring, 7) == std::vector<std::uint64_t>{7, 8});
  CHECK(numbers_from(ring, 6, 2) == std::vector<std::uint64_t>{6, 7});
  CHECK(numbers_from(ring, 6, 0).empty());
  CHECK(numbers_from(ring, 9).empty());
  ring.read(7, 1, [](const Entry& entry) {
    REQUIRE(entry.find<event::AcceptFailed>() != nullptr);
    CHECK(entry.find<event::AcceptFailed>()->text.view() == "event 7");
  });
}

TEST_CASE("a ring never takes more than it may and keeps the newest") {
  Account account;
  {
    EventRing ring{account, max_bytes};
    append(ring, 1);
    CHECK(ring.size_bytes() < max_bytes / 4);
    for (std::uint64_t number = 2; number <= 20'000; ++number) {
      append(ring, number, std::string(number % 200, 'x'));
      REQUIRE(ring.size_bytes() <= max_bytes);
      REQUIRE(account.used() == ring.size_bytes());
    }
    CHECK(ring.size_bytes() > max_bytes * 3 / 4);
    const auto kept = numbers_from(ring, ring.first_number());
    CHECK(kept.back() == 20'000);
    CHECK(kept.size() == 20'000 - ring.first_number() + 1);
    CHECK(kept.size() > 100);
    for (std::size_t i = 1; i < kept.size(); ++i) REQUIRE(kept[i] == kept[i - 1] + 1);
    for (const auto from : {kept.front(), kept[kept.size() / 2], kept.back()})
      CHECK(numbers_from(ring, from).size() == 20'000 - from + 1);
  }
  CHECK(account.used() == 0);
}

TEST_CASE("an event that is longer than a block has one to itself") {
  Account account;
  EventRing ring{account, max_bytes};
  const std::string long_name(250, 'x');
  const std::vector<event::Text> many(event::Bounds::list_elements, event::Text{long_name});
  append(ring, 1);
  const event::MessageRouted routed{.queues = {std::span{many}}};
  ring.append({2, {}, &routed});
  append(ring, 3);
  CHECK(numbers_from(ring, 1) == std::vector<std::uint64_t>{1, 2, 3});
  CHECK(ring.size_bytes() <= max_bytes);
}

TEST_CASE("an event that does not fit into the ring leaves it empty") {
  Account account;
  EventRing ring{account, 600};
  append(ring, 1);
  append(ring, 2, std::string(event::Bounds::text_bytes, 'x'));
  CHECK(ring.first_number() == 0);
  CHECK(account.used() == 0);
  append(ring, 3);
  CHECK(ring.first_number() == 3);
  CHECK(account.used() <= 600);
}

}  // namespace pocketmq::tests
