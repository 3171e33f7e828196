// An event that is stored and looked at again is the same.
#include "broker/events/stored_event.hpp"

#include "broker/journal/ndjson.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"

namespace pocketmq::tests {
namespace {

namespace event = broker::event;
using broker::Entry;
using broker::StoredEvent;

std::string ndjson(const Entry& entry) {
  std::string line;
  broker::append_ndjson(entry, line);
  return line;
}

std::string ndjson(const StoredEvent& stored) {
  std::string line;
  stored.look([&](const Entry& entry) { line = ndjson(entry); });
  return line;
}

constexpr event::Time some_time{.shown = std::chrono::system_clock::time_point{std::chrono::hours{1}},
                                .ahead = std::chrono::milliseconds{-3}};

}  // namespace

TEST_CASE("an event of each kind is stored and looked at again") {
  SampleEvents samples;
  event::for_each_kind([&]<class E>() {
    const auto sample = samples.make<E>();
    const Entry entry{12, some_time, &sample};
    INFO(E::kind.name);
    bool was_looked_at = false;
    StoredEvent{entry}.look([&](const Entry& read) {
      was_looked_at = true;
      CHECK(read.number() == 12);
      CHECK(read.time() == some_time);
      CHECK(read.find<E>() != nullptr);
      CHECK(ndjson(read) == ndjson(entry));
    });
    CHECK(was_looked_at);
  });
}

TEST_CASE("numbers of any size are stored") {
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, ~std::uint64_t{0}}) {
    const event::ConsumerStarted sample{.connection = number, .priority = static_cast<std::int64_t>(number >> 1U)};
    const event::ConsumerStarted least{.priority = std::numeric_limits<std::int64_t>::min()};
    StoredEvent{1, {}, &sample}.look([&](const Entry& read) {
      REQUIRE(read.find<event::ConsumerStarted>() != nullptr);
      CHECK(read.find<event::ConsumerStarted>()->connection == number);
      CHECK(read.find<event::ConsumerStarted>()->priority == sample.priority);
    });
    StoredEvent{1, {}, &least}.look(
        [&](const Entry& read) { CHECK(read.find<event::ConsumerStarted>()->priority == least.priority); });
  }
}

TEST_CASE("what is long is clipped before it is told and stored alike") {
  const std::string long_text(event::Bounds::text_bytes + 1, 't');
  const std::string long_body(event::Bounds::body_bytes * 1'000, 'b');
  protocol::FieldTableWriter long_table;
  long_table.string("key", std::string(event::Bounds::table_bytes, 'v'));
  std::string encoded, storage;
  protocol::encode({.headers = long_table.table(), .correlation_id = "c-1"}, encoded);
  const std::vector<event::Text> queues(event::Bounds::list_elements + 1, event::Text{"q"});

  const event::CommandRefused refused{.text = long_text};
  CHECK(refused.text.view().size() == event::Bounds::text_bytes);
  CHECK(ndjson(StoredEvent{1, {}, &refused}) == ndjson(Entry{1, {}, &refused}));

  const event::QueueDeclared declared{.arguments = {long_table.table()}};
  CHECK(declared.arguments.table.empty());
  CHECK(declared.arguments.left_out_bytes == long_table.table().encoded().size());
  CHECK(ndjson(StoredEvent{1, {}, &declared}) == ndjson(Entry{1, {}, &declared}));

  const event::MessagePublished published{.properties = {protocol::Properties{encoded}, storage}, .body = {long_body}};
  CHECK(published.body.shown.size() == event::Bounds::body_bytes);
  CHECK(published.body.size_bytes == long_body.size());
  CHECK_FALSE(published.properties.properties.headers());
  CHECK(published.properties.properties.decode().correlation_id == protocol::ShortString{"c-1"});
  CHECK(published.properties.headers_left_out_bytes == long_table.table().encoded().size());
  CHECK(ndjson(StoredEvent{1, {}, &published}) == ndjson(Entry{1, {}, &published}));

  const event::MessageRouted routed{.queue_count = queues.size(), .queues = {std::span{queues}}};
  CHECK(routed.queues.size() == event::Bounds::list_elements);
  CHECK(ndjson(StoredEvent{1, {}, &routed}) == ndjson(Entry{1, {}, &routed}));
}

TEST_CASE("a whole body is there while the event happens and is not stored") {
  const std::string body(event::Bounds::body_bytes + 1, 'b');
  const event::MessagePublished published{.body = {body}};
  CHECK(published.body.whole == body);
  StoredEvent{1, {}, &published}.look([&](const Entry& entry) {
    const auto& stored = entry.find<event::MessagePublished>()->body;
    CHECK(stored.whole.empty());
    CHECK(stored == published.body);
  });
}

TEST_CASE("a text is not clipped within a character") {
  using namespace std::string_view_literals;
  CHECK(event::clip("abc", 3) == "abc");
  CHECK(event::clip("abcd", 3) == "abc");
  CHECK(event::clip("ab\u00e9", 3) == "ab");
  CHECK(event::clip("a\u20ac", 3) == "a");
  CHECK(event::clip("\U0001F600x", 4) == "\U0001F600");
  CHECK(event::clip("\U0001F600x", 3) == "");
  // What is not UTF-8 is cut anywhere near.
  CHECK(event::clip("\x80\x80\x80\x80\x80\x80\x80\x80"sv, 7).size() == 4);
}

}  // namespace pocketmq::tests
