#include "protocol/codec/json_codec.hpp"

#include <array>

#include "protocol/base/big_endian.hpp"
#include "tests/protocol/codec/generator.hpp"
#include "tests/protocol/codec/transcript.hpp"
#include "tests/support/catch.hpp"

using namespace pocketmq::protocol;
using namespace pocketmq::tests;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

constexpr auto json = Encoding::json;

std::string length(std::size_t bytes) {
  std::string prefix(4, '\0');
  store_big_endian(prefix.data(), static_cast<std::uint32_t>(bytes));
  return prefix;
}

std::string frame(std::string_view payload) { return length(payload.size()) + std::string{payload}; }

// Decodes one frame and shows its command to `look`.
template <class Look> void receive(std::string_view payload, Look&& look) {
  JsonCodec codec{Limits{}};
  Decoding decoding{codec};
  int commands = 0;
  const bool accepted = decoding.feed(frame(payload), std::string_view::npos, [&](const Command& command) {
    ++commands;
    look(command);
  });
  if (!accepted) FAIL_CHECK(decoding.transcript().back());
  CHECK(commands == 1);
}

template <class M> void check_receives(std::string_view payload, const M& method) {
  receive(payload, [&](const Command& command) { CHECK((std::get<M>(command.method) == method)); });
}

// The violation that ends the decoding of `bytes`, however they are split.
std::string refusal_of_bytes(std::string_view bytes, const Limits& limits = {}) {
  const auto transcript = transcript_of(json, bytes, std::string_view::npos, limits);
  REQUIRE_FALSE(transcript.empty());
  REQUIRE(transcript == transcript_of(json, bytes, 1, limits));
  CHECK(transcript.back().size()
        <= "violation 502 "sv.size() + 240 + " about 60/40"sv.size());  // it fits into reply_text
  return transcript.back();
}

std::string refusal_of_payload(std::string_view payload, const Limits& limits = {}) {
  return refusal_of_bytes(frame(payload), limits);
}

std::string header_of(const Command& command) {
  JsonCodec codec{Limits{}};
  const auto bytes = encoded(codec, command);
  CHECK(load_big_endian<std::uint32_t>(bytes.data()) == bytes.size() - 4);
  return bytes.substr(4);
}

}  // namespace

TEST_CASE("a request has the bytes that a script would write") {
  constexpr auto bytes =
      "\x00\x00\x00\x72"
      R"({"method":"basic.publish","routing_key":"rpc_queue","properties":{"reply_to":"amq.gen-X","correlation_id":"1"}})"
      "\n30"sv;
  JsonCodec codec{Limits{}};
  int commands = 0;
  Decoding decoding{codec};
  decoding.feed(bytes, 1'000, [&](const Command& command) {
    ++commands;
    CHECK(command.channel == 1);
    const auto& publish = std::get<basic::Publish>(command.method);
    CHECK(publish.exchange.empty());
    CHECK(publish.routing_key == "rpc_queue");
    CHECK_FALSE(publish.mandatory);
    const auto properties = command.content->properties.decode();
    CHECK((properties == BasicProperties{.correlation_id = "1", .reply_to = "amq.gen-X"}));
    CHECK(command.content->body == "30");
  });
  CHECK(commands == 1);
}

TEST_CASE("a header is written with every field, in order") {
  CHECK(header_of({.channel = 1, .method = queue::Declare{.queue = "q", .exclusive = true}})
        == R"({"method":"queue.declare","queue":"q","passive":false,"durable":false,"exclusive":true,)"
           R"("auto_delete":false,"no_wait":false,"arguments":{}})");
  CHECK(header_of({.channel = 7, .method = basic::Ack{.delivery_tag = ~0ULL}})
        == R"({"method":"basic.ack","channel":7,"delivery_tag":18446744073709551615,"multiple":false})");
  CHECK(header_of({.channel = 0, .method = channel::OpenOk{}}) == R"({"method":"channel.open-ok","channel":0})");
}

TEST_CASE("connection methods name no channel") {
  CHECK(header_of({.channel = 0, .method = connection::OpenOk{}}) == R"({"method":"connection.open-ok"})");
  CHECK(header_of({.channel = 0, .method = connection::Open{.virtual_host = "v", .heartbeat = 5}})
        == R"({"method":"connection.open","virtual_host":"v","user":"guest","password":"guest","heartbeat":5,)"
           R"("client_properties":{}})");
  receive(R"({"method":"connection.open"})", [](const Command& command) { CHECK(command.channel == 0); });
  receive(R"({"method":"connection.open","channel":0})", [](const Command& command) { CHECK(command.channel == 0); });
  CHECK_THAT(refusal_of_payload(R"({"method":"connection.open","channel":1})"),
             Catch::StartsWith("violation 503 connection.open belongs to channel 0, got channel 1")
                 && Catch::EndsWith(" about 10/40"));
}

TEST_CASE("a content is written with the properties that it has, and its body after one LF") {
  std::string properties;
  encode({.headers = FieldTable{"\x01nt\x01"sv}, .priority = 9, .expiration = "60000", .timestamp = 1'700'000'000},
         properties);
  const Command command{.channel = 1,
                        .method = basic::GetOk{.delivery_tag = 2, .routing_key = "k", .message_count = 3},
                        .content = Content{.properties = Properties{properties}, .body = "a\nb"}};
  CHECK(header_of(command)
        == R"({"method":"basic.get-ok","delivery_tag":2,"redelivered":false,"exchange":"","routing_key":"k",)"
           R"("message_count":3,"properties":{"headers":{"n":true},"priority":9,"expiration":"60000",)"
           R"("timestamp":1700000000}})"
           "\na\nb");
}

TEST_CASE("an empty body has no LF, and an LF may stand before an empty body") {
  CHECK(header_of({.channel = 1, .method = basic::Publish{.routing_key = "q"}, .content = Content{}})
        == R"({"method":"basic.publish","exchange":"","routing_key":"q","mandatory":false,"immediate":false,)"
           R"("properties":{}})");
  for (const auto* payload :
       {R"({"method":"basic.publish","routing_key":"q"})", "{\"method\":\"basic.publish\",\"routing_key\":\"q\"}\n"})
    receive(payload, [](const Command& command) {
      REQUIRE(command.content);
      CHECK(command.content->body.empty());
      CHECK(command.content->properties == Properties{});
    });
}

TEST_CASE("what is left out is AMQP's zero") {
  check_receives(R"({"method":"queue.declare"})", queue::Declare{});
  check_receives(R"({ "no_ack" : true , "method" : "basic.consume" })", basic::Consume{.no_ack = true});
  check_receives(R"({"method":"connection.open"})",
                 connection::Open{.virtual_host = "/", .user = "guest", .password = "guest"});
  receive(R"({"method":"tx.select"})", [](const Command& command) { CHECK(command.channel == 1); });
  receive(R"({"method":"tx.select","channel":65535})", [](const Command& command) { CHECK(command.channel == 65535); });
  receive(R"({"channel":0,"method":"tx.select"})", [](const Command& command) { CHECK(command.channel == 0); });
}

TEST_CASE("strings that are not UTF-8 travel in base64") {
  CHECK_THAT(header_of({.channel = 0, .method = connection::SecureOk{.response = LongString{"\0\xff"sv}}}),
             Catch::Contains(R"("response":{"$string":"AP8="})"));
  receive(R"({"method":"connection.secure-ok","response":{"$string":"AP8="}})",
          [](const Command& command) { CHECK(std::get<connection::SecureOk>(command.method).response == "\0\xff"sv); });
  receive(R"({"method":"basic.publish","routing_key":{"$string":"/w=="},"properties":{"reply_to":{"$string":"/g=="}}})",
          [](const Command& command) {
            CHECK(std::get<basic::Publish>(command.method).routing_key == "\xff");
            CHECK(command.content->properties.decode().reply_to == ShortString{"\xfe"});
          });
  receive(R"({"method":"queue.declare","queue":"\u0000é\ud83d\ude00"})",
          [](const Command& command) { CHECK(std::get<queue::Declare>(command.method).queue == "\0é😀"sv); });
}

TEST_CASE("a heartbeat is a length of zero") {
  JsonCodec codec{Limits{}};
  Output output;
  codec.encode_heartbeat(output);
  CHECK(bytes_of(output) == "\0\0\0\0"sv);
  CHECK(transcript_of(json, "\0\0\0\0\0\0\0\0"sv, 1) == std::vector{"heartbeat"s, "heartbeat"s});
}

TEST_CASE("any split of JSON frames gives the same commands") {
  Generator any{30};
  JsonCodec codec{Limits{}};
  std::string bytes;
  std::vector<std::string> sent;
  for_each_method([&]<class M>() {
    constexpr bool on_connection = M::id.class_id == 10;
    Command command{.channel = on_connection ? std::uint16_t{0} : std::uint16_t{3}, .method = any.method<M>(json)};
    if (has_content<M>) command.content = any.content(60'000);
    sent.push_back(written_down(command));
    bytes += encoded(codec, command);
    bytes += "\0\0\0\0"sv;
    sent.emplace_back("heartbeat");
  });
  for (const std::size_t piece : {1UL, 2UL, 3UL, 5UL, 100UL, 4'096UL, 20'000UL, bytes.size()})
    REQUIRE(transcript_of(json, bytes, piece) == sent);
}

TEST_CASE("a large body behind a JSON header is read straight into a block of its own") {
  Generator any{31};
  const auto body = any.bytes(1'000'000);
  JsonCodec writer{Limits{}};
  const auto bytes =
      encoded(writer, {.channel = 1, .method = basic::Publish{.routing_key = "q"}, .content = Content{.body = body}});

  JsonCodec codec{Limits{}};
  InputBuffer input;
  Command command;
  std::size_t read_directly = 0;
  Decoded result = Decoded::need_more;
  for (std::string_view rest = bytes; !rest.empty();) {
    REQUIRE(result == Decoded::need_more);
    const auto unread_before = input.unread().size();
    const auto room = codec.prepare(input);
    REQUIRE_FALSE(room.empty());
    REQUIRE(room.size() <= 300'000);
    const auto piece = rest.substr(0, std::min<std::size_t>(room.size(), 30'000));
    std::memcpy(room.data(), piece.data(), piece.size());
    codec.commit(input, piece.size());
    if (input.unread().size() == unread_before) read_directly += piece.size();
    rest.remove_prefix(piece.size());
    result = codec.decode(input, command);
  }
  REQUIRE(result == Decoded::command);
  CHECK(read_directly > 900'000);
  REQUIRE(command.content->storage);
  CHECK(std::get<basic::Publish>(command.method).routing_key == "q");
  CHECK(command.content->body == body);
  const auto room_in_front = command.content->body.data() - command.content->storage->data();
  CHECK(room_in_front >= static_cast<std::ptrdiff_t>(1 + command.content->properties.encoded().size()));
  CHECK(command.content->storage->capacity() == static_cast<std::size_t>(room_in_front) + body.size());
}

TEST_CASE("a large body is sent from its block, a small one is copied") {
  for (const auto size : {borrow_min_bytes - 1, borrow_min_bytes}) {
    auto block = Block::allocate(size);
    std::memset(block->data(), 'x', size);
    Output output;
    JsonCodec codec{Limits{}};
    codec.encode(
        {.channel = 1, .method = basic::Publish{}, .content = Content{.body = {block->data(), size}, .storage = block}},
        output);
    std::array<std::string_view, 3> buffers;
    const bool borrowed = output.gather(buffers) == 2;
    CHECK(borrowed == (size >= borrow_min_bytes));
    CHECK(block.unique() != borrowed);
    if (borrowed) CHECK(buffers[1].data() == block->data());
    CHECK(bytes_of(output).ends_with("\n" + std::string(size, 'x')));
  }
}

TEST_CASE("a length that no frame has is refused by its four bytes") {
  const Limits limits{.body_max_bytes = 100, .json_header_max_bytes = 50};
  CHECK_THAT(refusal_of_bytes(length(152), limits), Catch::StartsWith("violation 501 a frame of 152 bytes"));
  CHECK(transcript_of(json, length(151), 1, limits).empty());
  CHECK_THAT(refusal_of_bytes("AMQP"), Catch::StartsWith("violation 501 a frame of 1095586128 bytes"));
  CHECK_THAT(refusal_of_bytes("GET "), Catch::StartsWith("violation 501 "));
}

TEST_CASE("a header that is too long is refused before it has come") {
  const Limits limits{.json_header_max_bytes = 100};
  const auto header = R"({"method":"basic.publish","routing_key":")"s;
  const auto padded = [&](std::size_t size) { return header + std::string(size - header.size() - 2, 'k') + "\"}"; };
  CHECK_THAT(refusal_of_payload(padded(101), limits),
             Catch::StartsWith("violation 501 a header is longer than the 100 bytes"));
  CHECK_THAT(refusal_of_payload(padded(101) + "\nbody", limits), Catch::StartsWith("violation 501 a header is longer"));
  CHECK_THAT(refusal_of_bytes(length(1'000) + padded(101), limits),
             Catch::StartsWith("violation 501 a header is longer"));
  CHECK(transcript_of(json, frame(padded(100)), 1, limits).size() == 1);
  CHECK(transcript_of(json, frame(padded(100) + "\nbody"), 1, limits).size() == 1);
  CHECK(transcript_of(json, length(1'000) + padded(100), 1, limits).empty());
}

TEST_CASE("a header of too many JSON values is refused, unless the reader sets no limit") {
  constexpr std::size_t other_values = 4;  // the header, the method's name, the queue's name, the table
  const auto declares_with = [](std::size_t fields) {
    auto header = R"({"method":"queue.declare","queue":"q","arguments":{"0":0)"s;
    for (std::size_t i = 1; i < fields; ++i) header.append(",\"").append(std::to_string(i)).append("\":0");
    return header + "}}";
  };
  const auto fields_max = Limits{}.json_values_max - other_values;
  CHECK(Limits{}.json_values_max == 10'000);
  CHECK(transcript_of(json, frame(declares_with(fields_max)), 1'000).at(0).starts_with("channel 1 "));
  CHECK_THAT(refusal_of_payload(declares_with(fields_max + 1)),
             Catch::StartsWith("violation 502 the header is refused: it has more than the 10000 JSON values that are "
                               "accepted; send fewer, or put them into a message's body"));
  CHECK_THAT(refusal_of_payload(declares_with(70'000)), Catch::Contains("more than the 10000 JSON values"));
  const auto read = transcript_of(json, frame(declares_with(70'000)), 1'000'000, {.json_values_max = 0});
  CHECK(read.at(0).starts_with("channel 1 "));
}

TEST_CASE("a body that is too large is refused by its announcement, and dropped") {
  const Limits limits{.body_max_bytes = 10};
  const auto publish = R"({"method":"basic.publish","routing_key":"q","properties":{"correlation_id":"7"}})"s;
  const auto bytes = frame(publish + "\n0123456789A") + frame("") + frame(publish + "\n0123456789");
  for (const std::size_t piece : {1UL, 50UL, 1'000UL}) {
    const auto transcript = transcript_of(json, bytes, piece, limits);
    REQUIRE(transcript.size() == 3);
    CHECK_THAT(transcript[0], Catch::Contains(" body:  refused: 11 ") && Catch::Contains(R"("correlation_id":"7")"));
    CHECK(transcript[1] == "heartbeat");
    CHECK_THAT(transcript[2], Catch::Contains(" body: 0123456789 "));
  }
}

TEST_CASE("an LF behind a method without content is refused") {
  CHECK_THAT(refusal_of_payload("{\"method\":\"queue.declare\"}\n"),
             Catch::StartsWith("violation 501 queue.declare carries no content") && Catch::EndsWith(" about 50/10"));
  CHECK_THAT(refusal_of_payload("{\"method\":\"queue.declare\"}\nbody"), Catch::StartsWith("violation 501 "));
}

TEST_CASE("headers that are no JSON object are refused") {
  CHECK_THAT(refusal_of_payload("{"),
             Catch::StartsWith("violation 502 the header is refused: malformed JSON at byte 2: "));
  CHECK_THAT(refusal_of_payload("{\n\"method\":\"tx.select\"}"),
             Catch::StartsWith("violation 502 the header is refused: malformed"));
  CHECK_THAT(refusal_of_payload("\nbody"), Catch::StartsWith("violation 502 the header is refused: malformed"));
  CHECK_THAT(refusal_of_payload("{\"method\":\"tx.select\",\"x\":\"\xff\"}"),
             Catch::StartsWith("violation 502 the header is refused: malformed JSON at byte 28: "));
  CHECK_THAT(refusal_of_payload(R"({"method":"tx.select","method":"tx.commit"})"),
             Catch::StartsWith("violation 502 the header is refused: key 'method' appears twice"));
  CHECK_THAT(refusal_of_payload("[]"), Catch::StartsWith("violation 502 a header is a JSON object, got an array"));
  CHECK_THAT(refusal_of_payload("{}"), Catch::StartsWith("violation 502 the header has no 'method'"));
  CHECK_THAT(refusal_of_payload(R"({"method":7})"),
             Catch::StartsWith("violation 502 'method' wants a method's name, got the integer 7"));
}

TEST_CASE("an unknown method is refused by its name") {
  CHECK_THAT(refusal_of_payload(R"({"method":"queue.declair"})"),
             Catch::StartsWith("violation 540 no method 'queue.declair' is known"));
  CHECK_THAT(refusal_of_payload(R"({"method":")" + std::string(1'000, 'm') + "\"}"),
             Catch::StartsWith("violation 540 no method 'mmm"));
}

TEST_CASE("an unknown field is refused, and the method's fields are named") {
  CHECK(refusal_of_payload(R"({"method":"queue.purge","quene":"q"})")
        == "violation 502 queue.purge: unknown field 'quene'; its fields are queue, no_wait about 50/30");
  CHECK(refusal_of_payload(R"({"method":"basic.publish","routing_key":"q","body":"30"})")
        == "violation 502 basic.publish: unknown field 'body'; its fields are exchange, routing_key, mandatory, immediate, "
           "properties about 60/40");
  CHECK(refusal_of_payload(R"({"method":"tx.select","properties":{}})")
        == "violation 502 tx.select: unknown field 'properties'; it has no fields about 90/10");
  CHECK_THAT(refusal_of_payload(R"({"method":"queue.declare","reserved_1":0})"), Catch::StartsWith("violation 502 "));
  CHECK_THAT(refusal_of_payload(R"({"method":"queue.declare","":0})"), Catch::StartsWith("violation 502 "));
  CHECK_THAT(refusal_of_payload(R"({"method":"queue.declare",")" + std::string(500, 'x') + R"(":0})"),
             Catch::StartsWith("violation 502 queue.declare: unknown field 'xxx"));
}

TEST_CASE("an unknown property is refused, and the properties are named") {
  const auto refusal =
      refusal_of_payload(R"({"method":"basic.publish","routing_key":"q","properties":{"replyto":"q"}})");
  CHECK_THAT(refusal, Catch::StartsWith("violation 502 basic.publish: unknown property 'replyto'; there are "
                                        "content_type, content_encoding, headers, ")
                          && Catch::EndsWith(", app_id, cluster_id about 60/40"));
  CHECK_THAT(refusal_of_payload(R"({"method":"basic.publish","routing_key":"q","properties":{")" + std::string(500, 'x')
                                + R"(":0}})"),
             Catch::StartsWith("violation 502 basic.publish: unknown property 'xxx"));
}

TEST_CASE("a mistyped field is refused with what it wants") {
  const auto refusal = [](const std::string& method, const std::string& field) {
    return refusal_of_payload("{\"method\":\"" + method + "\"," + field + "}");
  };
  CHECK(refusal("queue.purge", R"("no_wait":"yes")")
        == "violation 502 queue.purge: field 'no_wait' wants true or false, got a string; its fields are queue, no_wait "
           "about 50/30");
  CHECK_THAT(refusal("queue.purge", R"("no_wait":1)"), Catch::Contains("wants true or false, got the integer 1"));
  CHECK_THAT(refusal("queue.purge", R"("queue":null)"),
             Catch::Contains(R"(field 'queue' wants a string or {"$string": base64}, got null)"));
  CHECK_THAT(refusal("queue.purge", R"("queue":{"$string":"*"})"), Catch::Contains("got an object"));
  CHECK_THAT(refusal("queue.purge", R"("queue":{"$bytes":"Zg=="})"), Catch::Contains("got an object"));
  CHECK_THAT(refusal("queue.purge", "\"queue\":\"" + std::string(256, 'q') + '"'),
             Catch::Contains("field 'queue' wants at most 255 bytes, got 256"));
  CHECK_THAT(refusal("queue.purge", R"("channel":"1")"),
             Catch::Contains("field 'channel' wants an integer from 0 to 65535"));
  CHECK_THAT(refusal("queue.purge", R"("channel":65536)"),
             Catch::Contains("field 'channel' wants an integer from 0 to 65535"));
  CHECK_THAT(refusal("queue.declare", R"("arguments":[])"),
             Catch::Contains("field 'arguments' wants a JSON object, got an array"));
  CHECK_THAT(refusal("queue.declare", R"("arguments":{"x-a":{"$int8":200}})"),
             Catch::Contains("field 'arguments' 'x-a': '$int8' wants an integer from -128 to 127"));
  CHECK_THAT(refusal("basic.publish", R"("routing_key":"q","properties":7)"),
             Catch::Contains("field 'properties' wants an object, got the integer 7"));
  CHECK_THAT(refusal("basic.publish", R"("routing_key":"q","properties":{"expiration":60000})"),
             Catch::Contains("property 'expiration' wants a string"));
  CHECK_THAT(refusal("basic.publish", R"("routing_key":"q","properties":{"timestamp":"now"})"),
             Catch::Contains("property 'timestamp' wants an integer from 0 to 18446744073709551615, got a string"));
}

TEST_CASE("integers have to fit") {
  const auto fits = [](const std::string& header) {
    return transcript_of(json, frame(header)).back().starts_with("channel");
  };
  CHECK(fits(R"({"method":"basic.qos","prefetch_count":65535,"prefetch_size":4294967295})"));
  CHECK_FALSE(fits(R"({"method":"basic.qos","prefetch_count":65536})"));
  CHECK_FALSE(fits(R"({"method":"basic.qos","prefetch_count":-1})"));
  CHECK_FALSE(fits(R"({"method":"basic.qos","prefetch_count":1.0})"));
  CHECK_FALSE(fits(R"({"method":"basic.qos","prefetch_count":1e2})"));
  CHECK_FALSE(fits(R"({"method":"basic.qos","prefetch_count":true})"));
  CHECK_FALSE(fits(R"({"method":"basic.qos","prefetch_size":4294967296})"));
  CHECK(fits(R"({"method":"basic.ack","delivery_tag":18446744073709551615})"));
  CHECK_FALSE(fits(R"({"method":"basic.ack","delivery_tag":18446744073709551616})"));
  CHECK(fits(R"({"method":"basic.publish","routing_key":"","properties":{"priority":255}})"));
  CHECK_FALSE(fits(R"({"method":"basic.publish","routing_key":"","properties":{"priority":256}})"));
}

TEST_CASE("a field that is required has to be there") {
  CHECK(
      refusal_of_payload(R"({"method":"basic.ack","multiple":true})")
      == "violation 502 basic.ack: field 'delivery_tag' is required; its fields are delivery_tag, multiple about "
         "60/80");
  CHECK_THAT(refusal_of_payload(R"({"method":"basic.publish"})"),
             Catch::StartsWith("violation 502 basic.publish: field 'routing_key' is required"));
  CHECK_THAT(refusal_of_payload(R"({"method":"basic.nack"})"), Catch::Contains("field 'delivery_tag' is required"));
  CHECK_THAT(refusal_of_payload(R"({"method":"basic.reject"})"), Catch::Contains("field 'delivery_tag' is required"));
}

TEST_CASE("tables nested too deeply are refused in a header") {
  const auto nested = [](int depth) {
    std::string table = "{}";
    for (; depth > 0; --depth) table = R"({"$table":[["k",)" + table + "]]}";
    return R"({"method":"basic.publish","routing_key":"","properties":{"headers":)" + table + "}}";
  };
  CHECK(transcript_of(json, frame(nested(64)), 1)[0].starts_with("channel 1 "));
  CHECK_THAT(refusal_of_payload(nested(65)), Catch::Contains("tables are nested too deeply"));
  CHECK_THAT(refusal_of_payload(nested(10'000)), Catch::Contains("objects and arrays are nested more than 199 deep"));
}

TEST_CASE("any table of an AMQP peer passes through a JSON header") {
  Generator any{32};
  JsonCodec codec{Limits{}};
  for (int i = 0; i < 300; ++i) {
    std::string properties;
    encode({.headers = any.table()}, properties);
    const Command sent{
        .channel = 1, .method = basic::Publish{}, .content = Content{.properties = Properties{properties}}};
    Decoding decoding{codec};
    const bool accepted = decoding.feed(encoded(codec, sent), 100, [&](const Command& command) {
      CHECK(command.content->properties == sent.content->properties);
    });
    REQUIRE(accepted);
    REQUIRE(decoding.transcript().size() == 1);
  }
}

TEST_CASE("random changes to JSON frames never do more than be refused, however they are split") {
  Generator any{33};
  JsonCodec codec{Limits{}};
  for (int round = 0; round < 2'000; ++round) {
    auto bytes =
        encoded(codec, {.channel = 1, .method = any.method<queue::Declare>(json)})
        + encoded(codec, {.channel = 1, .method = any.method<basic::Publish>(json), .content = any.content(50)});
    for (auto changes = any.up_to(3); changes > 0; --changes)
      bytes[any.up_to(bytes.size() - 1)] = static_cast<char>(any.up_to(255));
    REQUIRE(transcript_of(json, bytes, 1) == transcript_of(json, bytes));
  }
}
