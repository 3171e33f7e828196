// Who is told what, in which order; what is kept; and what subscribers may do while they are called.
#include "broker/events/journal.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/journal_under_test.hpp"

namespace pocketmq::tests {
namespace {

namespace event = broker::event;
using broker::Entry;
using broker::Journal;
using broker::Subscription;
using event::Category;

// Numbers and kinds, as "3 memory.freed" or "2 gap 1-2".
using Told = std::vector<std::string>;

std::string text_of(const Entry& entry) {
  auto text = std::to_string(entry.number()) + ' ' + std::string{entry.kind().name};
  if (const auto* gap = entry.find<event::Gap>())
    text += ' ' + std::to_string(gap->from) + '-' + std::to_string(gap->to);
  return text;
}

Journal::Subscriber write_to(Told& told) {
  return [&told](const Entry& entry) { told.push_back(text_of(entry)); };
}

void tell_some(Journal& journal) {
  journal.tell(event::VhostCreated{.vhost = "/"});
  journal.tell(event::MessageExpired{.message = 1});
  journal.tell(event::ConnectionBlocked{.connection = 1});
}

}  // namespace

TEST_CASE("events are numbered from 1 on and told to all who listen") {
  JournalUnderTest test;
  Told alice, bob;
  const auto a = test.journal.subscribe(write_to(alice));
  tell_some(test.journal);
  const auto b = test.journal.subscribe(write_to(bob));
  test.journal.tell(event::MemoryFreed{});
  CHECK(alice == Told{"1 vhost.created", "2 message.expired", "3 connection.blocked", "4 memory.freed"});
  CHECK(bob == Told{"4 memory.freed"});
  CHECK(test.journal.last_number() == 4);
}

TEST_CASE("where nobody listens no event is made") {
  JournalUnderTest test;
  unsigned made = 0;
  const auto tell = [&] {
    test.journal.tell<event::MessageExpired>([&] {
      ++made;
      return event::MessageExpired{};
    });
  };
  tell();
  tell_some(test.journal);
  CHECK(made == 0);
  CHECK(test.journal.last_number() == 0);
  CHECK_FALSE(test.journal.is_on<event::MessageExpired>());

  Told told;
  auto subscription = test.journal.subscribe(write_to(told), {.categories = {Category::topology}});
  tell();
  tell_some(test.journal);
  CHECK(made == 0);
  CHECK(told == Told{"1 vhost.created"});
  CHECK(test.journal.is_on(Category::topology));
  CHECK_FALSE(test.journal.is_on(Category::messages));

  subscription.end();
  CHECK_FALSE(test.journal.is_on(Category::topology));
  tell_some(test.journal);
  CHECK(told.size() == 1);

  test.journal.keep_last(Journal::ring_default_bytes);
  tell();
  CHECK(made == 1);
  test.journal.keep_last(0);
  tell();
  CHECK(made == 1);
}

TEST_CASE("each subscriber gets the categories it asks for") {
  JournalUnderTest test;
  Told all, some;
  const auto a = test.journal.subscribe(write_to(all));
  const auto b = test.journal.subscribe(write_to(some), {.categories = {Category::messages, Category::connections}});
  tell_some(test.journal);
  CHECK(all.size() == 3);
  CHECK(some == Told{"2 message.expired", "3 connection.blocked"});
}

TEST_CASE("a subscription ends with its object and may outlive the journal") {
  Told told;
  Subscription longer;
  {
    JournalUnderTest test;
    {
      const auto shorter = test.journal.subscribe(write_to(told));
      tell_some(test.journal);
    }
    tell_some(test.journal);
    CHECK(told.size() == 3);
    longer = test.journal.subscribe(write_to(told));
    auto moved = std::move(longer);
    longer = std::move(moved);
    moved.end();
    tell_some(test.journal);
    CHECK(told.size() == 6);
    longer = test.journal.subscribe(write_to(told));  // the one before ends
    tell_some(test.journal);
    CHECK(told.size() == 9);
  }
  longer.end();
}

TEST_CASE("who subscribes from a past number gets all since then once") {
  JournalUnderTest test;
  test.journal.keep_last(Journal::ring_default_bytes);
  tell_some(test.journal);
  Told told;
  const auto subscription = test.journal.subscribe(write_to(told), {.since = 2});
  CHECK(told == Told{"2 message.expired", "3 connection.blocked"});
  test.journal.tell(event::MemoryFreed{});
  CHECK(told == Told{"2 message.expired", "3 connection.blocked", "4 memory.freed"});

  Told filtered;
  const auto other = test.journal.subscribe(write_to(filtered), {.categories = {Category::topology}, .since = 1});
  CHECK(filtered == Told{"1 vhost.created"});
}

TEST_CASE("who subscribes from a number that is still to come begins with the next event") {
  JournalUnderTest test;
  test.journal.keep_last(Journal::ring_default_bytes);
  tell_some(test.journal);
  Told told;
  const auto subscription = test.journal.subscribe(write_to(told), {.since = 1'000});
  test.journal.tell(event::MemoryFreed{});
  CHECK(told == Told{"4 memory.freed"});
}

TEST_CASE("what the ring does not have is a gap") {
  JournalUnderTest test;
  Told listened;
  const auto listener = test.journal.subscribe(write_to(listened));
  tell_some(test.journal);  // 1 to 3, which nobody keeps
  Told told;
  SECTION("without a ring") {
    const auto subscription = test.journal.subscribe(write_to(told), {.since = 2});
    CHECK(told == Told{"3 gap 2-3"});
    test.journal.tell(event::MemoryFreed{});
    CHECK(told == Told{"3 gap 2-3", "4 memory.freed"});
  }
  SECTION("with one that began later") {
    test.journal.keep_last(Journal::ring_default_bytes);
    test.journal.tell(event::MemoryFreed{});
    const auto subscription = test.journal.subscribe(write_to(told), {.categories = {Category::messages}, .since = 1});
    CHECK(told == Told{"3 gap 1-3"});
    test.journal.tell(event::MessageExpired{});
    CHECK(told == Told{"3 gap 1-3", "5 message.expired"});
  }
  SECTION("with one that is too small") {
    test.journal.keep_last(2'000);
    for (int i = 0; i < 1'000; ++i) test.journal.tell(event::AcceptFailed{.text = "text"});
    const auto first = test.journal.first_number();
    CHECK(first > 800);
    CHECK(first < 1'003);
    const auto subscription = test.journal.subscribe(write_to(told), {.since = 1});
    REQUIRE(told.size() == 1'003 - first + 2);
    CHECK(told[0] == std::to_string(first - 1) + " gap 1-" + std::to_string(first - 1));
    CHECK(told[1] == std::to_string(first) + " broker.accept_failed");
    CHECK(told.back() == "1003 broker.accept_failed");
  }
}

TEST_CASE("the ring is charged to the memory") {
  JournalUnderTest test;
  test.journal.keep_last(100'000);
  CHECK(test.charged() == 0);
  for (int i = 0; i < 10'000; ++i) test.journal.tell(event::AcceptFailed{.text = "text"});
  CHECK(test.charged() > 90'000);
  CHECK(test.charged() <= 100'000);
  test.journal.keep_last(0);
  CHECK(test.charged() == 0);
}

TEST_CASE("a reader at its own pace misses nothing or is told of the gap") {
  JournalUnderTest test;
  test.journal.keep_last(4'000);
  Told told;
  const auto read = [&](std::uint64_t from, std::size_t max) {
    return test.journal.read(from, max, [&](const Entry& entry) { told.push_back(text_of(entry)); });
  };
  CHECK(read(0, 10) == 1);
  tell_some(test.journal);
  CHECK(read(0, 2) == 3);
  CHECK(read(3, 2) == 4);
  CHECK(read(4, 2) == 4);
  CHECK(told == Told{"1 vhost.created", "2 message.expired", "3 connection.blocked"});
  told.clear();
  for (int i = 0; i < 1'000; ++i) test.journal.tell(event::AcceptFailed{.text = "text"});
  const auto first = test.journal.first_number();
  CHECK(read(4, 1) == first + 1);
  CHECK(told
        == Told{std::to_string(first - 1) + " gap 4-" + std::to_string(first - 1),
                std::to_string(first) + " broker.accept_failed"});
  CHECK(read(2'000, 1) == 1'004);  // one that is still to come stands for the next
}

TEST_CASE("an event has the time at which it was told") {
  JournalUnderTest test;
  test.journal.keep_last(Journal::ring_default_bytes);
  const auto began = test.time;
  test.journal.tell(event::MemoryScarce{});
  test.time.shown += std::chrono::hours{24};
  test.time.ahead = std::chrono::hours{24};
  test.journal.tell(event::MemoryFreed{});
  std::vector<event::Time> times;
  test.journal.read(1, 10, [&](const Entry& entry) { times.push_back(entry.time()); });
  CHECK(times == std::vector<event::Time>{began, test.time});
}

// ---- what subscribers do while they are called

TEST_CASE("a subscriber may end its own subscription in the midst of an event") {
  JournalUnderTest test;
  Told told, others;
  Subscription subscription;
  const auto held = std::make_shared<int>(0);
  subscription = test.journal.subscribe([&, held](const Entry& entry) {
    told.push_back(text_of(entry));
    subscription.end();
    told.push_back("still here: " + std::to_string(held.use_count()));  // what the function holds is still there
  });
  const auto other = test.journal.subscribe(write_to(others));
  tell_some(test.journal);
  CHECK(told == Told{"1 vhost.created", "still here: 2"});
  CHECK(others.size() == 3);
  CHECK(held.use_count() == 1);
}

TEST_CASE("a subscriber may end another's subscription in the midst of an event") {
  JournalUnderTest test;
  Told before, after;
  Subscription first, last;
  first = test.journal.subscribe(write_to(before));
  const auto second = test.journal.subscribe([&](const Entry&) {
    first.end();
    last.end();
  });
  last = test.journal.subscribe(write_to(after));
  tell_some(test.journal);
  CHECK(before == Told{"1 vhost.created"});
  CHECK(after.empty());
}

TEST_CASE("a subscriber may subscribe others in the midst of an event") {
  JournalUnderTest test;
  test.journal.keep_last(Journal::ring_default_bytes);
  test.journal.tell(event::MemoryScarce{});
  Told next, all, since_this_one;
  std::vector<Subscription> others;
  const auto subscription = test.journal.subscribe([&](const Entry& entry) {
    if (!others.empty()) return;
    others.push_back(test.journal.subscribe(write_to(next)));
    others.push_back(test.journal.subscribe(write_to(all), {.since = 1}));
    others.push_back(test.journal.subscribe(write_to(since_this_one), {.since = entry.number()}));
  });
  test.journal.tell(event::MemoryFreed{});
  CHECK(next.empty());
  CHECK(all == Told{"1 memory.scarce", "2 memory.freed"});
  CHECK(since_this_one == Told{"2 memory.freed"});
  test.journal.tell(event::MemoryScarce{});
  CHECK(next == Told{"3 memory.scarce"});
  CHECK(all == Told{"1 memory.scarce", "2 memory.freed", "3 memory.scarce"});
  CHECK(since_this_one == Told{"2 memory.freed", "3 memory.scarce"});
}

TEST_CASE("what a subscriber tells comes behind the event that it was called for") {
  JournalUnderTest test;
  test.journal.keep_last(Journal::ring_default_bytes);
  Told early, late;
  const auto e = test.journal.subscribe(write_to(early));
  const auto subscription = test.journal.subscribe([&](const Entry& entry) {
    if (entry.find<event::MemoryScarce>() == nullptr) return;
    std::string text = "text of the subscriber's";
    test.journal.tell(event::AcceptFailed{.text = text});
    text = "something else by now...";
    test.journal.tell(event::MemoryFreed{});
  });
  std::string text;
  const auto l = test.journal.subscribe([&](const Entry& entry) {
    late.push_back(text_of(entry));
    if (const auto* failed = entry.find<event::AcceptFailed>()) text = failed->text.view();
  });
  test.journal.tell(event::MemoryScarce{});
  const Told wanted{"1 memory.scarce", "2 broker.accept_failed", "3 memory.freed"};
  CHECK(early == wanted);
  CHECK(late == wanted);
  CHECK(text == "text of the subscriber's");
  Told kept;
  test.journal.read(1, 10, [&](const Entry& entry) { kept.push_back(text_of(entry)); });
  CHECK(kept == wanted);
}

TEST_CASE("what is told while kept events are looked at comes behind them") {
  JournalUnderTest test;
  test.journal.keep_last(2'000);
  for (int i = 0; i < 100; ++i) test.journal.tell(event::AcceptFailed{.text = "text"});
  const auto first = test.journal.first_number();
  SECTION("by a subscriber") {
    Told told;
    const auto subscription = test.journal.subscribe(
        [&](const Entry& entry) {
          told.push_back(text_of(entry));
          // More than the ring has room for.
          if (entry.number() <= 100) test.journal.tell(event::AcceptFailed{.text = std::string(1'000, 'x')});
        },
        {.since = first});
    REQUIRE(told.size() == 2 * (100 - first + 1));
    for (std::size_t i = 0; i < told.size(); ++i) CHECK(told[i] == std::to_string(first + i) + " broker.accept_failed");
  }
  SECTION("by a reader") {
    std::uint64_t looked_at = 0;
    const auto next = test.journal.read(first, 1'000, [&](const Entry& entry) {
      CHECK(entry.find<event::AcceptFailed>()->text.view() == "text");
      test.journal.tell(event::AcceptFailed{.text = std::string(1'000, 'x')});
      ++looked_at;
    });
    CHECK(looked_at == 100 - first + 1);
    CHECK(next == 101);
    CHECK(test.journal.last_number() == 100 + looked_at);
  }
}

TEST_CASE("a subscriber that holds another subscription may end with the journal") {
  auto test = std::make_unique<JournalUnderTest>();
  Told told;
  auto inner = std::make_shared<broker::Subscription>(test->journal.subscribe(write_to(told)));
  const auto outer = test->journal.subscribe([inner = std::move(inner)](const Entry&) {});
  tell_some(test->journal);
  test.reset();
  CHECK(told.size() == 3);
}

TEST_CASE("events keep their order after a reader has thrown") {
  JournalUnderTest test;
  test.journal.keep_last(Journal::ring_default_bytes);
  test.journal.tell(event::MemoryScarce{});
  CHECK_THROWS_AS(test.journal.read(1, 1,
                                    [&](const Entry&) {
                                      test.journal.tell(event::AcceptFailed{});
                                      throw std::runtime_error{"no more"};
                                    }),
                  std::runtime_error);
  Told told;
  const auto subscription = test.journal.subscribe(write_to(told));
  test.journal.tell(event::MemoryFreed{});
  CHECK(told == Told{"2 broker.accept_failed", "3 memory.freed"});
}

}  // namespace pocketmq::tests
