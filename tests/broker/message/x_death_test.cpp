// The record of deaths by itself, with what clients may have put in its place.
#include "broker/message/x_death.hpp"

#include "protocol/vocabulary/property_sizes.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using namespace std::chrono_literals;
using Table = protocol::FieldTableWriter;
using Array = protocol::FieldArrayWriter;
using protocol::FieldTable;

constexpr broker::Death rejected_in_q{.queue = "q", .reason = broker::DeathReason::rejected, .since_epoch = 7s};

broker::Message message_with(const protocol::BasicProperties& properties) {
  std::string encoded;
  encode(properties, encoded);
  return {"x", "key", {.properties = protocol::Properties{encoded}, .body = "body"}, std::nullopt};
}

std::string properties_after(const broker::Death& death, const broker::Message& message, broker::CarbonCopies copies,
                             std::size_t size_max_bytes) {
  broker::Budget budget;
  return broker::properties_after(death, message, copies, size_max_bytes, budget);
}

// The headers after a death with those before.
std::string headers_after(FieldTable before, broker::CarbonCopies copies = broker::CarbonCopies::keep) {
  const auto encoded = properties_after(rejected_in_q, message_with({.headers = before}), copies, 1'000'000);
  return std::string{protocol::Properties{encoded}.decode().headers->encoded()};
}

Table record(std::string_view queue, std::string_view reason, std::int64_t count) {
  return Table{}.int64("count", count).string("queue", queue).string("reason", reason);
}

// Sorted by name, as every record but the first of a message is.
Table sorted_record_of_q() {
  return Table{}
      .int64("count", 1)
      .string("exchange", "x")
      .string("queue", "q")
      .string("reason", "rejected")
      .value("routing-keys", Array{}.string("key").array())
      .timestamp("time", 7);
}

Table first_record_of_q() {
  return Table{}
      .int64("count", 1)
      .string("reason", "rejected")
      .string("queue", "q")
      .timestamp("time", 7)
      .string("exchange", "x")
      .value("routing-keys", Array{}.string("key").array());
}

Table with_x_death(const Array& deaths) { return Table{}.value("x-death", deaths.array()); }

std::string x_death_of(const Array& deaths) { return std::string{with_x_death(deaths).table().encoded()}; }

}  // namespace

TEST_CASE("the first death is told twice") {
  const auto expected = Table{}
                            .value("x-death", Array{}.table(first_record_of_q().table()).array())
                            .string("x-first-death-exchange", "x")
                            .string("x-first-death-queue", "q")
                            .string("x-first-death-reason", "rejected");
  CHECK(headers_after({}) == expected.table().encoded());
  // Whatever a client wrote there.
  CHECK(headers_after(Table{}.int32("x-first-death-queue", 5).table()) == expected.table().encoded());
}

TEST_CASE("another death of the same kind is counted and nothing else") {
  const auto before = Array{}.table(record("q", "rejected", 7).string("time", "then").table());
  const auto after = Array{}.table(record("q", "rejected", 8).string("time", "then").table());
  CHECK(headers_after(with_x_death(before).table()) == x_death_of(after));
}

TEST_CASE("a count of another width or none counts") {
  const auto narrow = Table{}.int32("count", 2).string("queue", "q").string("reason", "rejected");
  const auto none = Table{}.string("queue", "q").string("reason", "rejected");
  CHECK(headers_after(with_x_death(Array{}.table(narrow.table())).table())
        == x_death_of(Array{}.table(record("q", "rejected", 3).table())));
  CHECK(headers_after(with_x_death(Array{}.table(none.table())).table())
        == x_death_of(Array{}.table(record("q", "rejected", 1).table())));
}

TEST_CASE("a death of another kind is put in front and turns the others round") {
  const auto before = Array{}
                          .table(record("q", "expired", 1).table())
                          .table(record("r", "rejected", 2).table())
                          .table(record("s", "rejected", 3).table());
  const auto after = Array{}
                         .table(sorted_record_of_q().table())
                         .table(record("s", "rejected", 3).table())
                         .table(record("r", "rejected", 2).table())
                         .table(record("q", "expired", 1).table());
  CHECK(headers_after(with_x_death(before).table()) == x_death_of(after));
}

TEST_CASE("an x-death of a client's own is made one of ours") {
  SECTION("an empty one") {
    CHECK(headers_after(with_x_death({}).table()) == x_death_of(Array{}.table(sorted_record_of_q().table())));
  }
  SECTION("no array") {
    CHECK(headers_after(Table{}.string("x-death", "text").table())
          == x_death_of(Array{}.table(first_record_of_q().table())));
  }
  SECTION("elements that are no tables") {
    CHECK(headers_after(with_x_death(Array{}.string("text")).table())
          == x_death_of(Array{}.table(sorted_record_of_q().table())));
  }
  SECTION("the same twice") {
    const auto twice = Array{}.table(record("r", "expired", 1).table()).table(record("r", "expired", 5).table());
    CHECK(headers_after(with_x_death(twice).table())
          == x_death_of(Array{}.table(sorted_record_of_q().table()).table(record("r", "expired", 1).table())));
  }
}

TEST_CASE("further routing keys are recorded and go on where they are to") {
  const auto copies = Array{}.string("key2").string("key3");
  const auto before = Table{}.value("CC", copies.array());
  const auto keys = Array{}.string("key").string("key2").string("key3");
  const auto first = Table{}
                         .int64("count", 1)
                         .string("reason", "rejected")
                         .string("queue", "q")
                         .timestamp("time", 7)
                         .string("exchange", "x")
                         .value("routing-keys", keys.array());
  const auto kept = headers_after(before.table(), broker::CarbonCopies::keep);
  const auto removed = headers_after(before.table(), broker::CarbonCopies::remove);
  CHECK(FieldTable{kept}.find("CC") == before.table().find("CC"));
  CHECK_FALSE(FieldTable{removed}.find("CC"));
  CHECK(FieldTable{removed}.find("x-death")->bytes == Array{}.table(first.table()).array().bytes);
}

TEST_CASE("a message comes round again where it has died and was not rejected since") {
  const auto comes_to = [](std::string_view queue, const Array& deaths) {
    const auto headers = with_x_death(deaths);
    std::string encoded;
    protocol::encode({.headers = headers.table()}, encoded);
    broker::Budget budget;
    return broker::Cycle{protocol::Properties{encoded}, budget}.contains(queue);
  };
  const auto expired = record("a", "expired", 1), rejected = record("b", "rejected", 1),
             full = record("c", "maxlen", 1);
  CHECK_FALSE(comes_to("a", {}));
  CHECK(comes_to("a", Array{}.table(expired.table())));
  CHECK_FALSE(comes_to("b", Array{}.table(expired.table())));
  CHECK_FALSE(comes_to("b", Array{}.table(rejected.table())));
  CHECK(comes_to("a", Array{}.table(full.table()).table(expired.table())));
  CHECK_FALSE(comes_to("a", Array{}.table(full.table()).table(rejected.table()).table(expired.table())));
  CHECK(comes_to("c", Array{}.table(full.table()).table(rejected.table())));
}

TEST_CASE("only an array of deaths says that a message comes round again") {
  const auto deaths = Array{}.table(record("q", "expired", 1).table());
  const auto comes_to_q = [](const Table& headers) {
    std::string encoded;
    protocol::encode({.headers = headers.table()}, encoded);
    broker::Budget budget;
    return broker::Cycle{protocol::Properties{encoded}, budget}.contains("q");
  };
  CHECK(comes_to_q(Table{}.value("x-death", deaths.array())));
  for (const char type : {'S', 'x'})  // the same bytes, as a string and as a byte array
    CHECK_FALSE(comes_to_q(Table{}.value("x-death", {type, deaths.array().bytes})));
  CHECK_FALSE(comes_to_q(Table{}.value("other", deaths.array())));
  CHECK_FALSE(comes_to_q({}));
}

TEST_CASE("an x-death of ten thousand records costs no more than that") {
  Array many;
  for (int i = 0; i < 10'000; ++i) many.table(record(std::to_string(i), "expired", 1).table());
  const auto after = headers_after(with_x_death(many).table());
  CHECK(after.size() / 10'000 >= 40);
}

TEST_CASE("only those of the copies are recorded as routing keys that are texts") {
  const auto copies = Array{}.string("key2").value({'V', {}}).table(Table{}.string("a", "b").table()).string("key3");
  const auto before = Table{}.value("CC", copies.array());
  const auto after = headers_after(before.table());
  protocol::FieldReader deaths{FieldTable{after}.find("x-death")->bytes, protocol::FieldReader::Of::array};
  const auto record = deaths.next()->value.table();
  CHECK(record->find("routing-keys") == Array{}.string("key").string("key2").string("key3").array());
}

TEST_CASE("where the record is too long the oldest deaths are left out") {
  const auto at = [](std::string_view queue, std::uint64_t time) {
    return Table{}.string("queue", queue).string("reason", "expired").timestamp("time", time);
  };
  const auto before = Array{}
                          .table(at("a", 30).table())
                          .table(at("b", 10).table())
                          .table(at("c", 20).table())
                          .table(at("d", 40).table());
  const auto after = [&](std::size_t room_bytes) {
    const auto headers = with_x_death(before);
    const auto all = properties_after(rejected_in_q, message_with({.headers = headers.table()}),
                                      broker::CarbonCopies::keep, 1'000'000);
    const auto encoded = properties_after(rejected_in_q, message_with({.headers = headers.table()}),
                                          broker::CarbonCopies::keep, all.size() - room_bytes);
    CHECK(encoded.size() <= all.size() - room_bytes);
    std::string queues;
    protocol::FieldReader deaths{protocol::Properties{encoded}.headers()->find("x-death")->bytes,
                                 protocol::FieldReader::Of::array};
    while (const auto death = deaths.next()) queues += *death->value.table()->find("queue")->string();
    return queues;
  };
  CHECK(after(0) == "qdcba");
  CHECK(after(1) == "qdca");
  CHECK(after(60) == "qda");
  CHECK(after(130) == "qd");
  CHECK(after(170) == "q");
}

TEST_CASE("where the record is too long without earlier deaths the copies are left out of it") {
  Array copies;
  for (int i = 0; i < 1'000; ++i) copies.string("copy");
  const auto before = Table{}.value("CC", copies.array());
  const auto message = message_with({.headers = before.table()});
  const auto encoded = properties_after(rejected_in_q, message, broker::CarbonCopies::keep,
                                        message.properties().encoded().size() + 2'000);
  const auto headers = protocol::Properties{encoded}.headers();
  CHECK(headers->find("CC") == before.table().find("CC"));
  CHECK(headers->find("x-death")->bytes == Array{}.table(first_record_of_q().table()).array().bytes);
}

TEST_CASE("deaths and headers are charged to the budget each by itself") {
  constexpr std::int64_t many = 1'000;
  const auto steps_for = [](FieldTable headers) {
    broker::Budget budget;
    const auto message = message_with({.headers = headers});
    (void)broker::properties_after(rejected_in_q, message, broker::CarbonCopies::keep, 1'000'000, budget);
    const broker::Cycle cycle{message.properties(), budget};
    return -budget.left();
  };
  Array deaths;
  Table headers;
  for (std::int64_t i = 0; i < many; ++i) {
    deaths.table(record(std::to_string(i), "expired", 1).table());
    headers.int32(std::to_string(i), 0);
  }
  CHECK(steps_for({}) < 20);
  CHECK(steps_for(with_x_death(deaths).table()) > 15 * many);
  CHECK(steps_for(headers.table()) > 5 * many);
}

TEST_CASE("a death adds no more than there is room for") {
  const std::string name(255, 'n');
  const auto headers = Table{}.int32("h", 1);
  std::string before;
  protocol::encode({.headers = headers.table(), .expiration = protocol::ShortString{name}}, before);
  const broker::Message message{name, name, {.properties = protocol::Properties{before}}, std::nullopt};
  const auto after = properties_after({.queue = name, .reason = broker::DeathReason::delivery_limit, .since_epoch = 7s},
                                      message, broker::CarbonCopies::keep, before.size());
  CHECK(after.size() <= before.size() + protocol::added_properties_max_bytes - protocol::delivery_count_max_bytes);
}

}  // namespace pocketmq::tests
