// AMQP clients that break the protocol: each is told how and loses its connection, and all others go on.
#include "broker/queue/queue.hpp"
#include "protocol/codec/amqp_codec.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using namespace std::string_literals;

enum Type : char { method_frame = 1, header_frame = 2, body_frame = 3, heartbeat_frame = 8 };

// Big-endian.
std::string number(std::size_t bytes, std::uint64_t value) {
  std::string text(bytes, '\0');
  for (auto octet = text.rbegin(); octet != text.rend(); ++octet, value >>= 8U) *octet = static_cast<char>(value);
  return text;
}

std::string frame(char type, std::uint64_t channel, const std::string& payload) {
  return std::string{type} + number(2, channel) + number(4, payload.size()) + payload + '\xCE';
}

std::string method(std::uint64_t class_id, std::uint64_t method_id, const std::string& arguments) {
  return frame(method_frame, 1, number(2, class_id) + number(2, method_id) + arguments);
}

std::string short_string(const std::string& text) { return number(1, text.size()) + text; }

std::string table_of(const std::string& encoded) { return number(4, encoded.size()) + encoded; }

// basic.publish to the queue q.
std::string publish() { return method(60, 40, number(2, 0) + short_string("") + short_string("q") + number(1, 0)); }

std::string header(std::uint64_t body_size, const std::string& properties = number(2, 0)) {
  return frame(header_frame, 1, number(2, 60) + number(2, 0) + number(8, body_size) + properties);
}

std::string body(const std::string& bytes) { return frame(body_frame, 1, bytes); }

std::string declare(const std::string& queue, const std::string& arguments) {
  return method(50, 10, number(2, 0) + short_string(queue) + number(1, 0) + arguments);
}

std::string qos() { return method(60, 10, number(7, 0)); }

// One client breaks the protocol and another one does not notice.
void amqp_is_refused(World& world, const std::string& bytes, ReplyCode code, const std::string& text,
                     At at = At::current()) {
  auto alice = world.connect(), bob = world.connect();
  bob.declares("others").consumes({.queue = "others", .no_ack = true});
  alice.declares("q").sends_bytes(bytes).connection_is_closed(code, text, at);
  bob.publishes("others", "m").receives(Expected{"m", at}).is_fine(at).closes(at);
  CHECK(world.queue("q").ready() == 0);
}

using ReplyCode::frame_error;
constexpr auto unexpected_frame = ReplyCode::unexpected_frame;

}  // namespace

TEST_CASE("frames that are none end an AMQP connection") {
  World world{Encoding::amqp};
  const auto [bytes, text] = GENERATE(table<std::string, std::string>({
      {frame(0, 1, ""), "frame type 0 is unknown; 1 (method), 2 (header), 3 (body) and 8 (heartbeat) exist"},
      {frame(4, 1, "abc"), "frame type 4 is unknown; 1 (method), 2 (header), 3 (body) and 8 (heartbeat) exist"},
      {std::string(8, '\x63'), "frame type 99 is unknown; 1 (method), 2 (header), 3 (body) and 8 (heartbeat) exist"},
      {"\1\0\1\0\0\0\4\0\x3c\0\x0a\0"s, "a frame of type 1 and 4 payload bytes does not end with the octet 0xCE"},
      {"\x08\0\0\0\0\0\0\xCF"s, "a frame of type 8 and 0 payload bytes does not end with the octet 0xCE"},
      {publish() + header(3) + "\3\0\1\0\0\0\3abc\xCF"s, "a body frame does not end with the octet 0xCE"},
      {"\1\0\1\xFF\xFF\xFF\xFF"s,
       "a frame with 4294967295 payload bytes is larger than the negotiated maximum of 131072"},
      {publish() + header(200'000) + "\3\0\1\0\2\0\1"s,
       "a frame with 131073 payload bytes is larger than the negotiated maximum of 131072"},
      {frame(heartbeat_frame, 0, "abc"), "a heartbeat came with a payload; it has none"},
      {frame(method_frame, 1, ""), "a method frame is too short for a class and a method number"},
      {frame(method_frame, 1, number(2, 50)), "a method frame is too short for a class and a method number"},
      {publish() + frame(header_frame, 1, number(8, 60)),
       "a content header is too short for class, weight and body size"},
      {publish() + header(3) + body("abcde"),
       "the body on channel 1 is longer than the 3 bytes that its content header announced"},
  }));
  amqp_is_refused(world, bytes, frame_error, "FRAME_ERROR - " + text);
}

TEST_CASE("frames out of their order end an AMQP connection") {
  World world{Encoding::amqp};
  const auto no_method = "expected method frame, got non method frame instead";
  const auto no_header = "expected content header for class 60, got non content header frame instead";
  const auto no_body = "expected content body, got non content body frame instead";
  const auto [bytes, text] = GENERATE_REF(table<std::string, std::string>({
      {body("x"), no_method},
      {header(1), no_method},
      {publish() + body("x"), no_header},
      {publish() + header(1) + header(1), no_body},
      {publish() + qos(), no_header},
      {publish() + header(1) + qos(), no_body},
      {publish() + publish(), no_header},
      {frame(heartbeat_frame, 1, ""), "a heartbeat came on channel 1; heartbeats go on channel 0"},
      {publish() + frame(header_frame, 1, number(2, 50) + number(12, 0)),
       "expected content header for class 60, got one for class 50 instead"},
  }));
  amqp_is_refused(world, bytes, unexpected_frame, "UNEXPECTED_FRAME - " + text);
}

TEST_CASE("methods that are none end an AMQP connection") {
  World world{Encoding::amqp};
  const auto [class_id, method_id] = GENERATE(table<int, int>({{50, 99}, {99, 10}, {10, 99}, {0, 0}, {65535, 65535}}));
  amqp_is_refused(world, method(static_cast<std::uint64_t>(class_id), static_cast<std::uint64_t>(method_id), ""),
                  ReplyCode::not_implemented,
                  "NOT_IMPLEMENTED - no method " + std::to_string(method_id) + " in class " + std::to_string(class_id)
                      + " is known");
}

TEST_CASE("arguments that do not fit their method end an AMQP connection and the close names it") {
  World world{Encoding::amqp};
  const auto bytes = GENERATE(values<std::string>({
      method(50, 10,
             number(2, 0)
                 + "\x0a"
                   "ab"),                   // a string that is cut
      declare("q", table_of("") + "junk"),  // more than the arguments
      declare("q", number(4, 100)
                       + "\x01"
                         "aS"),  // a table longer than its frame
      declare("q", table_of("\x01"
                            "az")),  // a type that is none
      declare("q", table_of("\x01"
                            "aS"
                            + number(4, 100) + "x")),  // a string longer than its table
      declare("q", table_of("\x01"
                            "aI\0\0"s)),  // a number that is cut
      declare("q", table_of("\x64"
                            "a")),  // a name longer than its table
      declare("q", table_of("\x01"
                            "aA"
                            + number(4, 100))),  // an array longer than its table
  }));
  auto alice = world.connect(), bob = world.connect();
  const auto close = alice.sends_bytes(bytes).answer<connection::Close>();
  const auto& method = std::get<connection::Close>(close.method);
  CHECK(method.reply_code == number_of(frame_error));
  CHECK_THAT(std::string{method.reply_text}, Catch::StartsWith("FRAME_ERROR - queue.declare: "));
  CHECK(method.class_id == 50);
  CHECK(method.method_id == 10);
  CHECK_FALSE(alice.end().is_open());
  bob.is_fine();
}

TEST_CASE("tables that are too deep end an AMQP connection") {
  World world{Encoding::amqp};
  std::string deep;
  for (int i = 0; i < 2'000; ++i)
    deep =
        "\x01"
        "aF"
        + table_of(deep);
  auto alice = world.connect(), bob = world.connect();
  SECTION("in arguments") {
    const auto close = alice.sends_bytes(declare("q", table_of(deep))).answer<connection::Close>();
    CHECK(std::get<connection::Close>(close.method).reply_code == number_of(frame_error));
  }
  SECTION("in properties") {
    const auto close =
        alice.sends_bytes(publish() + header(0, number(2, 0x2000) + table_of(deep))).answer<connection::Close>();
    CHECK(std::get<connection::Close>(close.method).reply_code == number_of(ReplyCode::internal_error));
  }
  CHECK_FALSE(alice.end().is_open());
  bob.is_fine();
}

TEST_CASE("properties that are broken end their publisher's connection and reach nobody") {
  World world{Encoding::amqp};
  const auto properties = GENERATE(values<std::string>({
      "",                 // no flags
      number(2, 0x8000),  // content_type announced and not there
      number(2, 0x8000)
          + "\x0a"
            "ab",                                      // longer than the header
      number(2, 0x1000),                               // delivery_mode announced and not there
      number(2, 0x8000) + short_string("a") + "junk",  // more than was announced
      number(2, 0) + "junk",
      number(2, 0x2000)
          + table_of("\x01"
                     "az"),  // headers of an unknown type
      number(2, 0x2000) + number(4, 100)
          + "\x01"
            "aI",
  }));
  auto alice = world.connect(), bob = world.connect();
  bob.declares("q").consumes("q");
  const auto close = alice.sends_bytes(publish() + header(0, properties)).answer<connection::Close>();
  const auto& method = std::get<connection::Close>(close.method);
  CHECK(method.reply_code == number_of(ReplyCode::internal_error));
  CHECK_THAT(std::string{method.reply_text}, Catch::StartsWith("INTERNAL_ERROR - malformed properties: "));
  CHECK_FALSE(alice.end().is_open());
  bob.receives_nothing().publishes("q", "m").receives("m");
}

TEST_CASE("a framing error ends the connection without waiting for close-ok") {
  World world{Encoding::amqp};
  auto alice = world.connect().sends_bytes(std::string(8, '\x63'));
  (void)alice.answer<connection::Close>();
  CHECK_FALSE(alice.end().is_open());
}

TEST_CASE("what comes behind a framing error is not carried out") {
  World world{Encoding::amqp};
  world.connect().sends_bytes(std::string(8, '\x63') + declare("q", table_of("")));
  CHECK_FALSE(world.has_queue("q"));
}

TEST_CASE("half a frame is waited for") {
  World world{Encoding::amqp};
  auto alice = world.connect(), bob = world.connect();
  const auto bytes = declare("q", table_of(""));
  alice.sends_bytes(bytes.substr(0, bytes.size() - 1)).receives_nothing();
  world.advance(1h);
  bob.is_fine();
  CHECK_FALSE(world.has_queue("q"));
  alice.sends_bytes(bytes.substr(bytes.size() - 1)).is_answered(queue::DeclareOk{.queue = "q"});
}

TEST_CASE("a client that leaves in the middle of a publish leaves nothing") {
  World world{Encoding::amqp};
  auto alice = world.connect(), bob = world.connect();
  bob.declares("q");
  alice.sends_bytes(publish() + header(100'000) + body(std::string(60'000, 'x')));
  alice.vanishes();
  bob.gets_nothing("q");
}

TEST_CASE("contents of two channels may alternate frame by frame") {
  World world{Encoding::amqp};
  auto alice = world.connect();
  alice.opens_channel(2);
  alice.declares("q");
  const auto on_2 = [](std::string bytes) {
    bytes[2] = '\2';
    return bytes;
  };
  alice.sends_bytes(publish() + on_2(publish()) + header(6) + on_2(header(6)) + body("one") + on_2(body("two"))
                    + body("ONE") + frame(heartbeat_frame, 0, "") + on_2(body("TWO")));
  alice.gets("q", "oneONE").gets("q", "twoTWO");
}

TEST_CASE("empty body frames are nothing") {
  World world{Encoding::amqp};
  auto alice = world.connect();
  alice.declares("q").sends_bytes(publish() + header(3) + body("") + body("abc")).gets("q", "abc");
}

TEST_CASE("a body announced beyond every limit is refused and may be given up") {
  World world{Encoding::amqp};
  const auto size = GENERATE(as<std::uint64_t>{}, 134'217'729, 1ULL << 63U, ~0ULL);
  auto alice = world.connect();
  alice.sends_bytes(publish() + header(size));
  alice.channel_is_closed(ReplyCode::precondition_failed, "PRECONDITION_FAILED - message size " + std::to_string(size)
                                                              + " is larger than configured max size 134217728");
  alice.opens_channel(1).is_fine();
}

}  // namespace pocketmq::tests
