// JSON clients that break the protocol: each is told how and loses its connection, and all others go on.
#include "broker/queue/queue.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using namespace std::string_literals;

std::string frame(const std::string& payload) {
  std::string bytes(4, '\0');
  for (std::size_t i = 0; i < 4; ++i) bytes[3 - i] = static_cast<char>(payload.size() >> (8 * i));
  return bytes + payload;
}

// One client breaks the protocol and another one does not notice.
void json_is_refused(World& world, const std::string& bytes, ReplyCode code, const std::string& text,
                     At at = At::current()) {
  auto alice = world.connect(), bob = world.connect();
  bob.declares("others").consumes({.queue = "others", .no_ack = true});
  const auto close = alice.declares("q").sends_bytes(bytes).answer<connection::Close>(at);
  const auto& method = std::get<connection::Close>(close.method);
  CHECK(method.reply_code == number_of(code));
  CHECK_THAT(std::string{method.reply_text}, Catch::Contains(text));
  CHECK_FALSE(alice.end().is_open());
  bob.publishes("others", "m").receives(Expected{"m", at}).is_fine(at).closes(at);
  CHECK(world.queue("q").ready() == 0);
}

using ReplyCode::frame_error;
constexpr auto syntax_error = ReplyCode::syntax_error;

}  // namespace

TEST_CASE("headers that are no JSON object end a JSON connection") {
  World world{Encoding::json};
  const auto header = GENERATE(values<std::string>({
      "garbage",
      "{",
      "{\"method\":\"queue.declare\"",
      "{\"method\":\"queue.declare\"} trailing",
      "[]",
      "null",
      "\"queue.declare\"",
      "{\"method\":\"queue.declare\",\"queue\":\"\xff\"}",
      "{'method':'queue.declare'}",
      "\n",
      "\nbody",
  }));
  json_is_refused(world, frame(header), syntax_error, "SYNTAX_ERROR - ");
}

TEST_CASE("a method that is none ends a JSON connection") {
  World world{Encoding::json};
  const auto [header, text] = GENERATE(table<std::string, std::string>({
      {R"({})", "method"},
      {R"({"queue":"q"})", "method"},
      {R"({"method":5})", "method"},
      {R"({"method":"queue.destroy"})", "queue.destroy"},
      {R"({"method":""})", "method"},
  }));
  auto alice = world.connect(), bob = world.connect();
  const auto close = alice.sends_bytes(frame(header)).answer<connection::Close>();
  CHECK_THAT(std::string{std::get<connection::Close>(close.method).reply_text}, Catch::Contains(text));
  CHECK_FALSE(alice.end().is_open());
  bob.is_fine();
}

TEST_CASE("fields that a method does not have or are mistyped are named") {
  World world{Encoding::json};
  const auto [header, field] = GENERATE(table<std::string, std::string>({
      {R"({"method":"queue.declare","name":"q"})", "unknown field 'name'"},
      {R"({"method":"queue.declare","queue":5})", "field 'queue'"},
      {R"({"method":"queue.declare","queue":null})", "field 'queue'"},
      {R"({"method":"queue.declare","durable":"yes"})", "field 'durable'"},
      {R"({"method":"queue.declare","durable":1})", "field 'durable'"},
      {R"({"method":"queue.declare","arguments":[]})", "field 'arguments'"},
      {R"({"method":"basic.qos","prefetch_count":65536})", "field 'prefetch_count'"},
      {R"({"method":"basic.qos","prefetch_count":-1})", "field 'prefetch_count'"},
      {R"({"method":"basic.qos","prefetch_count":1.5})", "field 'prefetch_count'"},
      {R"({"method":"basic.qos","channel":65536})", "field 'channel'"},
      {R"({"method":"basic.qos","channel":"1"})", "field 'channel'"},
      {R"({"method":"basic.publish"})", "field 'routing_key' is required"},
      {R"({"method":"basic.ack"})", "field 'delivery_tag' is required"},
      {R"({"method":"basic.nack","requeue":true})", "field 'delivery_tag' is required"},
      {R"({"method":"basic.reject"})", "field 'delivery_tag' is required"},
      {R"({"method":"basic.publish","routing_key":"q","properties":[]})", "field 'properties'"},
      {R"({"method":"basic.publish","routing_key":"q","properties":{"reply-to":"q"}})", "unknown property 'reply-to'"},
      {R"({"method":"basic.publish","routing_key":"q","properties":{"expiration":100}})", "property 'expiration'"},
      {R"({"method":"basic.publish","routing_key":"q","properties":{"priority":256}})", "property 'priority'"},
      {R"({"method":"queue.declare","properties":{}})", "unknown field 'properties'"},
  }));
  json_is_refused(world, frame(header), syntax_error, field);
}

TEST_CASE("an unknown field is answered with the fields that there are") {
  World world{Encoding::json};
  json_is_refused(world, frame(R"({"method":"basic.qos","prefetch":1})"), syntax_error,
                  "prefetch_size, prefetch_count, global");
}

TEST_CASE("a name that is too long is refused by field") {
  World world{Encoding::json};
  json_is_refused(world, frame(R"({"method":"queue.declare","queue":")" + std::string(256, 'q') + "\"}"), syntax_error,
                  "field 'queue'");
}

TEST_CASE("a body behind a method without content ends a JSON connection") {
  World world{Encoding::json};
  json_is_refused(world, frame("{\"method\":\"queue.purge\",\"queue\":\"q\"}\nbody"), frame_error,
                  "FRAME_ERROR - queue.purge carries no content, got an LF after its header");
}

TEST_CASE("a frame that is too long ends a JSON connection") {
  World world{Encoding::json};
  json_is_refused(world, "\xff\xff\xff\xff", frame_error,
                  "FRAME_ERROR - a frame of 4294967295 bytes is longer than the ");
}

TEST_CASE("a header that is too long ends a JSON connection") {
  World world{{.encoding = Encoding::json, .options = {.limits = {.json_header_max_bytes = 1'000}}}};
  json_is_refused(world, frame(R"({"method":"queue.declare","queue":"q")" + std::string(1'000, ' ') + "}"), frame_error,
                  "FRAME_ERROR - a header is longer than the 1000 bytes that are accepted");
}

TEST_CASE("objects that are too deep end a JSON connection") {
  World world{Encoding::json};
  std::string deep = "{}";
  for (int i = 0; i < 5'000; ++i) deep = R"({"a":)" + deep + "}";
  std::string deeper(100'000, '[');
  json_is_refused(world, frame(R"({"method":"queue.declare","arguments":)" + deep + "}"), syntax_error, "deep");
  json_is_refused(world, frame(R"({"method":"queue.declare","arguments":)" + deeper), syntax_error, "deep");
}

TEST_CASE("a header of too many JSON values ends a JSON connection") {
  World world{Encoding::json};
  std::string many = "0";
  for (int i = 0; i < 70'000; ++i) many += ",0";
  json_is_refused(
      world, frame(R"({"method":"queue.declare","arguments":{"a":[)" + many + "]}}"), syntax_error,
      "SYNTAX_ERROR - the header is refused: it has more than the 10000 JSON values that are accepted; send "
      "fewer, or put them into a message's body");
}

TEST_CASE("a JSON connection method belongs to channel 0") {
  World world{Encoding::json};
  json_is_refused(world, frame(R"({"method":"connection.close","channel":1})"), ReplyCode::command_invalid,
                  "COMMAND_INVALID - connection.close belongs to channel 0, got channel 1");
}

TEST_CASE("half a JSON frame is waited for") {
  World world{Encoding::json};
  auto alice = world.connect(), bob = world.connect();
  const auto bytes = frame(R"({"method":"queue.declare","queue":"q"})");
  alice.sends_bytes(bytes.substr(0, bytes.size() - 1)).receives_nothing();
  world.advance(1h);
  bob.is_fine();
  CHECK_FALSE(world.has_queue("q"));
  alice.sends_bytes(bytes.substr(bytes.size() - 1)).is_answered(queue::DeclareOk{.queue = "q"});
}

TEST_CASE("a first frame that is broken is refused like any other") {
  World world{Encoding::json};
  auto alice = world.arrive();
  const auto close = alice.sends_bytes(frame("garbage")).answer<connection::Close>();
  CHECK(std::get<connection::Close>(close.method).reply_code == number_of(syntax_error));
  CHECK_FALSE(alice.end().is_open());
}

TEST_CASE("what comes behind a broken frame is not carried out") {
  World world{Encoding::json};
  world.connect().sends_bytes(frame("garbage") + frame(R"({"method":"queue.declare","queue":"q"})"));
  CHECK_FALSE(world.has_queue("q"));
}

TEST_CASE("a JSON client gets by with a method and what it means") {
  World world{Encoding::json};
  auto alice = world.arrive();
  alice.sends_bytes(frame(R"({"method":"queue.declare","queue":"q"})")).is_answered(queue::DeclareOk{.queue = "q"});
  alice.sends_bytes(frame("{\"method\":\"basic.publish\",\"routing_key\":\"q\"}\nwith\nlines"));
  alice.sends_bytes(frame(R"({"method":"basic.publish","routing_key":"q"})")).sends_bytes("\0\0\0\0"s);
  alice.gets("q", "with\nlines").gets("q", "");
}

}  // namespace pocketmq::tests
