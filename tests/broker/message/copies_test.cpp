// CC and BCC: further routing keys in a message's headers.
#include "broker/message/copies.hpp"

#include "protocol/base/big_endian.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using protocol::FieldTableWriter;
using Texts = std::initializer_list<std::string_view>;

std::string encoded_array(Texts texts) {
  std::string bytes;
  for (const auto text : texts) {
    char length[4];
    protocol::store_big_endian(length, static_cast<std::uint32_t>(text.size()));
    bytes.append("S").append(length, sizeof length).append(text);
  }
  return bytes;
}

FieldTableWriter& with(FieldTableWriter& headers, std::string_view name, Texts texts) {
  return headers.value(name, {'A', encoded_array(texts)});
}

}  // namespace

TEST_CASE("a message goes by the keys in CC and BCC too") {
  World world;
  auto alice = world.connect();
  for (const auto* queue : {"to", "cc1", "cc2", "bcc"}) alice.declares(queue);
  FieldTableWriter headers;
  with(with(headers, "CC", {"cc1", "cc2", "nowhere"}), "BCC", {"bcc"});
  alice.publishes("to", {.body = "m", .properties = {.headers = headers.table()}});
  for (const auto* queue : {"to", "cc1", "cc2", "bcc"}) alice.gets(queue, message("m").leaving(0));
}

TEST_CASE("a queue that is named more than once gets a message once") {
  World world;
  auto alice = world.connect();
  FieldTableWriter headers;
  with(with(headers, "CC", {"q", "q"}), "BCC", {"q"});
  alice.declares("q").publishes("q", {.body = "m", .properties = {.headers = headers.table()}});
  alice.gets("q", message("m").leaving(0)).gets_nothing("q");
}

TEST_CASE("CC is delivered and BCC is not") {
  World world;
  auto alice = world.connect();
  FieldTableWriter headers, visible;
  with(with(headers.int32("a", 1), "BCC", {"r"}), "CC", {"elsewhere"}).string("b", "x");
  with(visible.int32("a", 1), "CC", {"elsewhere"}).string("b", "x");
  alice.declares("q").declares("r").publishes(
      "q", {.body = "m", .properties = {.headers = headers.table(), .correlation_id = "7"}});
  const BasicProperties seen{.headers = visible.table(), .correlation_id = "7"};
  alice.gets("q", message("m").with(seen)).gets("r", message("m").with(seen));
}

TEST_CASE("a message with nothing but BCC in its headers has empty ones") {
  World world;
  auto alice = world.connect();
  FieldTableWriter headers;
  with(headers, "BCC", {"q"});
  alice.declares("q").publishes("nowhere", {.body = "m", .properties = {.headers = headers.table()}});
  alice.gets("q", message("m").with({.headers = protocol::FieldTable{}}));
}

TEST_CASE("a returned message does not show BCC either") {
  World world;
  auto alice = world.connect();
  FieldTableWriter headers, visible;
  with(with(headers, "BCC", {"nowhere"}), "CC", {"nowhere"});
  with(visible, "CC", {"nowhere"});
  alice.publishes("nowhere", {.body = "m", .properties = {.headers = headers.table()}, .mandatory = true});
  alice.is_returned(message("m").with({.headers = visible.table()}));
}

TEST_CASE("copies go through every type of exchange") {
  World world;
  auto alice = world.connect();
  FieldTableWriter headers;
  with(with(headers, "CC", {"b.1", "c"}), "BCC", {"d"});
  alice.declares("q").declares("r").declares("s").declares_exchange("fan", "fanout");
  alice.binds("q", "amq.topic", "b.*").binds("r", "amq.direct", "c").binds_exchange("amq.topic", "fan");
  alice.binds_exchange("amq.direct", "fan").binds("s", "amq.topic", "d");
  alice.publishes("a", {.body = "m", .properties = {.headers = headers.table()}, .exchange = "fan"});
  for (const auto* queue : {"q", "r", "s"}) alice.gets(queue, message("m").leaving(0));
}

TEST_CASE("a headers exchange sees CC and does not see BCC") {
  World world;
  auto alice = world.connect();
  FieldTableWriter any_cc, any_bcc, headers;
  any_cc.value("CC", {'V', {}});
  any_bcc.value("BCC", {'V', {}});
  with(with(headers, "CC", {"x"}), "BCC", {"y"});
  alice.declares("cc").binds({.queue = "cc", .exchange = "amq.headers", .arguments = any_cc.table()});
  alice.declares("bcc").binds({.queue = "bcc", .exchange = "amq.headers", .arguments = any_bcc.table()});
  alice.publishes("", {.body = "m", .properties = {.headers = headers.table()}, .exchange = "amq.headers"});
  alice.gets("cc", "m").gets_nothing("bcc");
}

TEST_CASE("a dead letter goes by the keys of its copies too unless it is given another key") {
  World world;
  auto alice = world.connect();
  FieldTableWriter arguments, headers;
  with(with(headers, "CC", {"cc"}), "BCC", {"bcc"});
  arguments.string("x-dead-letter-exchange", "amq.direct");
  const bool with_another_key = GENERATE(false, true);
  if (with_another_key) arguments.string("x-dead-letter-routing-key", "dead");
  for (const auto* queue : {"q", "cc", "bcc", "dead"})
    alice.declares("dead " + std::string{queue}).binds("dead " + std::string{queue}, "amq.direct", queue);
  alice.declares({.queue = "q", .arguments = arguments.table()});
  alice.publishes("q", {.body = "m", .properties = {.headers = headers.table()}}).gets("q", "m").rejects("m");
  for (const auto* queue : {"q", "cc", "bcc", "dead"}) {
    const bool is_the_other = std::string_view{queue} == "dead";
    alice.finds("dead " + std::string{queue}, {.messages = is_the_other == with_another_key ? 1U : 0U});
  }
}

TEST_CASE("what is no text in CC and BCC is passed over") {
  World world;
  auto alice = world.connect();
  FieldTableWriter headers;
  headers.value("CC", {'A', "t\1V" + encoded_array({"r"}) + "t" + std::string(1, '\0')});
  alice.declares("r").publishes("q", {.body = "m", .properties = {.headers = headers.table()}}).gets("r", "m");
}

TEST_CASE("CC and BCC are arrays") {
  World world;
  auto alice = world.connect();
  const std::string name = GENERATE(as<std::string>{}, "CC", "BCC");
  FieldTableWriter headers;
  headers.string(name, "q");
  alice.declares("q").publishes("q", {.body = "m", .properties = {.headers = headers.table(), .delivery_mode = 3}});
  alice.channel_is_closed(ReplyCode::precondition_failed, "PRECONDITION_FAILED - invalid message: header '" + name
                                                              + "' is a longstr; an array of routing keys is wanted");
  alice.opens_channel(1).gets_nothing("q");
}

TEST_CASE("what is called cc is a header like any other") {
  World world;
  auto alice = world.connect();
  FieldTableWriter headers;
  headers.string("cc", "q").string("Bcc", "q");
  alice.declares("q").publishes("q", {.body = "m", .properties = {.headers = headers.table()}});
  alice.gets("q", message("m").with({.headers = headers.table()}));
}

}  // namespace pocketmq::tests
