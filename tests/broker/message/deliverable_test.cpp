// What the broker takes in it can deliver: in the other encoding, and with all that it adds on the way.
#include <algorithm>
#include <set>

#include "protocol/vocabulary/property_sizes.hpp"
#include "tests/protocol/codec/generator.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using Arguments = protocol::FieldTableWriter;
using protocol::FieldArrayWriter;
using protocol::FieldTable;

constexpr auto published_max = protocol::published_properties_max_bytes({});

std::size_t encoded_size(const BasicProperties& properties) {
  std::string encoded;
  encode(properties, encoded);
  return encoded.size();
}

// A header that makes the properties as large as that.
Arguments headers_for(std::size_t properties_size, const BasicProperties& others = {}) {
  auto with_empty = others;
  const auto empty = Arguments{}.string("x", "");
  with_empty.headers = empty.table();
  return Arguments{}.string("x", std::string(properties_size - encoded_size(with_empty), 'y'));
}

// A name of 255 bytes that begins with that one.
std::string long_name(std::string name) {
  name.resize(255, '.');
  return name;
}

// The next message of a queue, which then waits there again.
Received look_at(const Client& client, std::string_view queue, At at = At::current()) {
  auto got = client.sends(basic::Get{.queue = queue}).answer<basic::GetOk>(at);
  client.sends(basic::Reject{.delivery_tag = std::get<basic::GetOk>(got.method).delivery_tag, .requeue = true});
  return got;
}

void reject(const Client& client, std::string_view queue, At at = At::current()) {
  const auto got = client.sends(basic::Get{.queue = queue}).answer<basic::GetOk>(at);
  client.sends(basic::Reject{.delivery_tag = std::get<basic::GetOk>(got.method).delivery_tag, .requeue = false});
}

std::string queue_of_latest_death(const Received& received) {
  const auto headers = received.decoded_properties().headers;
  const auto deaths = headers ? headers->find("x-death") : std::nullopt;
  if (!deaths) return "";
  protocol::FieldReader reader{deaths->bytes, protocol::FieldReader::Of::array};
  return std::string{reader.next()->value.table()->find("queue")->string().value()};
}

// Quorum queues, each with the next one's exchange for its dead letters. Names are as long as they can be.
std::vector<std::string> declare_chain(const Client& client, std::size_t length, bool with_keys) {
  std::vector<std::string> queues;
  for (std::size_t i = 0; i < length; ++i) queues.push_back(long_name(std::to_string(i)));
  for (std::size_t i = 0; i < length; ++i) {
    const auto exchange = long_name("x" + std::to_string(i)), next = long_name("x" + std::to_string(i + 1));
    auto arguments = Arguments{}.string("x-queue-type", "quorum").string("x-dead-letter-exchange", next);
    if (with_keys) arguments.string("x-dead-letter-routing-key", long_name("k" + std::to_string(i)));
    client.declares_exchange(exchange, "fanout");
    client.declares({.queue = queues[i], .durable = true, .arguments = arguments.table()});
    client.binds(queues[i], exchange);
  }
  return queues;
}

// Its headers without those that the broker writes, in the order of their names.
std::vector<std::pair<std::string, protocol::FieldValue>> own_headers(const BasicProperties& properties) {
  static const std::set<std::string_view> written{
      "x-death", "x-delivery-count", "x-first-death-exchange", "x-first-death-queue", "x-first-death-reason", "CC",
      "BCC"};
  std::vector<std::pair<std::string, protocol::FieldValue>> headers;
  auto reader = properties.headers.value_or(FieldTable{}).fields();
  while (const auto field = reader.next())
    if (!written.contains(field->name)) headers.emplace_back(field->name, field->value);
  std::ranges::stable_sort(headers, {}, &std::pair<std::string, protocol::FieldValue>::first);
  return headers;
}

}  // namespace

TEST_CASE("properties that not every consumer can be sent are refused") {
  World world;
  auto alice = world.connect();
  auto second = alice.opens_channel(2);
  const auto mode = GENERATE("plain", "confirms", "tx");
  if (mode == std::string_view{"confirms"}) alice.selects_confirms();
  if (mode == std::string_view{"tx"}) alice.selects_tx();
  const auto headers = headers_for(published_max + 1);
  second.declares("q");
  alice.publishes("q", {.body = "m", .properties = {.headers = headers.table()}});
  alice.channel_is_closed(ReplyCode::precondition_failed,
                          "PRECONDITION_FAILED - message properties of 129005 bytes are larger than the 129004 that "
                          "every consumer can be sent; put into the body what is large in the headers");
  second.is_fine().gets_nothing("q");
}

TEST_CASE("headers beyond any frame of AMQP's are refused from JSON") {
  World world{Encoding::json};
  const auto headers = Arguments{}.string("x", std::string(1'200'000, 'y'));
  auto alice = world.connect();
  alice.publishes("q", {.properties = {.headers = headers.table()}});
  alice.channel_is_closed(ReplyCode::precondition_failed,
                          "PRECONDITION_FAILED - message properties of 1200013 bytes are larger than the 129004 that "
                          "every consumer can be sent; put into the body what is large in the headers");
}

TEST_CASE("the largest properties arrive in both encodings") {
  World world;
  auto alice = world.connect();
  auto in_json = world.connect({.encoding = Encoding::json}), in_amqp = world.connect({.encoding = Encoding::amqp});
  const auto headers = headers_for(published_max);
  const BasicProperties properties{.headers = headers.table()};
  REQUIRE(encoded_size(properties) == published_max);
  alice.declares("a").declares("b");
  in_json.consumes("a");
  in_amqp.consumes("b");
  alice.publishes("a", {.body = "m", .properties = properties}).publishes("b", {.body = "m", .properties = properties});
  in_json.receives(message("m").with(properties));
  in_amqp.receives(message("m").with(properties));
  alice.publishes("nowhere", {.body = "m", .properties = properties, .mandatory = true});
  alice.is_returned(message("m").with(properties));
}

TEST_CASE("more fields than a JSON client may send are delivered to it all the same") {
  World world{Encoding::json};
  auto alice = world.connect({.encoding = Encoding::amqp}), bob = world.connect();
  Arguments headers;
  constexpr std::uint32_t fields = 2 * protocol::Limits{}.json_values_max;
  for (std::uint32_t i = 0; i < fields; ++i) headers.value(std::to_string(i % 10), {'V', {}});
  const BasicProperties properties{.headers = headers.table()};
  REQUIRE(encoded_size(properties) <= published_max);
  alice.declares("q").publishes("q", {.body = "m", .properties = properties});
  bob.consumes("q").receives(message("m").with(properties));
}

TEST_CASE("a request with the largest properties that its reply address leaves room for arrives") {
  World world;
  auto alice = world.connect(), server = world.connect();
  alice.consumes({.queue = "amq.rabbitmq.reply-to", .consumer_tag = "r", .no_ack = true});
  server.declares("q").consumes("q");
  const BasicProperties others{.reply_to = "amq.rabbitmq.reply-to"};
  const auto too_large = headers_for(published_max, others), small = headers_for(published_max - 100, others);
  alice.publishes("q", {.body = "m", .properties = {.headers = small.table(), .reply_to = others.reply_to}});
  server.receives("m");
  alice.publishes("q", {.body = "m", .properties = {.headers = too_large.table(), .reply_to = others.reply_to}});
  CHECK(std::get<channel::Close>(alice.answer<channel::Close>().method).reply_code
        == number_of(ReplyCode::precondition_failed));
  server.receives_nothing();
}

TEST_CASE("the largest properties arrive with all that the broker adds to them") {
  World world;
  auto alice = world.connect();
  auto in_json = world.connect({.encoding = Encoding::json}), in_amqp = world.connect({.encoding = Encoding::amqp});
  const bool with_keys = GENERATE(true, false);
  const bool has_copies = GENERATE(false, true);
  const auto queues = declare_chain(alice, 6, with_keys);
  const auto key = long_name("k");
  const BasicProperties others{.expiration = "600000"};
  auto headers = headers_for(published_max, others);
  if (has_copies) {
    FieldArrayWriter copies;
    while (copies.array().bytes.size() < published_max - 2'000) copies.string("copy");
    headers = Arguments{}.value("CC", copies.array());
  }
  // A header in JSON may not have as many values as these copies.
  (has_copies ? in_amqp : alice)
      .publishes(key, {.body = "m",
                       .properties = {.headers = headers.table(), .expiration = others.expiration},
                       .exchange = long_name("x0")});
  for (std::size_t i = 0; i < queues.size(); ++i) {
    for (const auto* client : {&in_json, &in_amqp}) {
      const auto got = look_at(*client, queues[i]);
      CHECK(got.body == "m");
      CHECK(got.properties.size() <= protocol::Limits{}.properties_max_bytes());
      CHECK(queue_of_latest_death(got) == (i == 0 ? "" : queues[i - 1]));
    }
    reject(alice, queues[i]);
  }
}

TEST_CASE("whatever is published arrives in both encodings, and again as a dead letter") {
  const auto seed = GENERATE(range(0U, 100U));
  INFO("seed " << seed);
  World world;
  Generator any{seed};
  auto alice = world.connect(), dora = world.connect();
  auto in_json = world.connect({.encoding = Encoding::json}), in_amqp = world.connect({.encoding = Encoding::amqp});
  const auto queues = declare_chain(dora, 3, any.chance(2));

  auto properties = any.properties();
  properties.user_id.reset();
  properties.expiration.reset();
  properties.delivery_mode = 2;
  Arguments headers{properties.headers.value_or(FieldTable{})};
  FieldArrayWriter deaths, copies;
  for (auto left = any.up_to(4); left > 0; --left) {
    Arguments record{any.table()};
    if (any.chance(2)) record.string("queue", queues[any.up_to(2)]);
    if (any.chance(2)) record.string("reason", any.chance(2) ? "rejected" : "expired");
    if (any.chance(2)) record.value("count", {'S', "many"});
    if (any.chance(2)) record.value("time", {'T', "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"});
    deaths.table(record.table());
    copies.string("copy").table(any.table(broker::Options{}.limits.table_depth_max / 10));
  }
  if (any.chance(2)) headers.value("x-death", deaths.array());
  if (any.chance(2)) headers.value(any.chance(2) ? "CC" : "BCC", copies.array());
  if (any.chance(2)) headers.value("x-delivery-count", {'S', "often"});
  if (any.chance(8)) headers.string("large", any.text(100'000));
  properties.headers = headers.table();
  const auto key = any.text(255), body = any.bytes(any.up_to(100));
  const auto exchange = long_name("x0");

  alice.publishes(key, {.body = body, .properties = properties, .exchange = exchange});
  for (const auto& queue : queues) {
    for (const auto* client : {&in_json, &in_amqp}) {
      const auto got = look_at(*client, queue);
      auto arrived = got.decoded_properties();
      CHECK(got.body == body);
      CHECK(own_headers(arrived) == own_headers(properties));
      arrived.headers = properties.headers;
      CHECK(arrived == properties);
    }
    reject(dora, queue);
  }
  alice.is_fine();
  dora.is_fine();
}

TEST_CASE("a consumer that agreed on small frames is sent large properties in one") {
  World world{Encoding::amqp};
  auto alice = world.connect(), bob = world.connect({.frame_max_bytes = 4'096});
  alice.declares("q");
  bob.consumes("q");
  bob.end().tune_frame_max(131'072);  // what it reads
  const auto headers = headers_for(100'000);
  alice.publishes("q", {.body = "m", .properties = {.headers = headers.table()}});
  bob.receives(message("m").with({.headers = headers.table()}));
}

}  // namespace pocketmq::tests
