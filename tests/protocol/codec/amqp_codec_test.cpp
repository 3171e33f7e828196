#include "protocol/codec/amqp_codec.hpp"

#include "protocol/vocabulary/amqp_wire.hpp"
#include "tests/protocol/codec/generator.hpp"
#include "tests/protocol/codec/transcript.hpp"
#include "tests/support/catch.hpp"

using namespace pocketmq::protocol;
using namespace pocketmq::tests;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

constexpr auto amqp = Encoding::amqp;

template <class Integer> std::string big_endian(Integer value) {
  std::string bytes(sizeof value, '\0');
  store_big_endian(bytes.data(), value);
  return bytes;
}

std::string frame(int type, std::uint16_t channel, std::string_view payload) {
  return std::string(1, static_cast<char>(type)) + big_endian(channel)
         + big_endian(static_cast<std::uint32_t>(payload.size())) + std::string{payload} + '\xCE';
}

template <class M> std::string method_frame(std::uint16_t channel, const M& method) {
  AmqpCodec codec{Limits{}};
  return encoded(codec, {.channel = channel, .method = method});
}

std::string header_frame(std::uint16_t channel, std::uint64_t body_size, std::string_view properties = "\0\0"sv) {
  return frame(2, channel, "\0\x3c\0\0"s + big_endian(body_size) + std::string{properties});
}

// The last line of what a codec makes of `bytes`, which ends with them.
std::string refusal_of(std::string_view bytes, const Limits& limits = {}) {
  const auto transcript = transcript_of(amqp, bytes, std::string_view::npos, limits);
  REQUIRE_FALSE(transcript.empty());
  REQUIRE(transcript == transcript_of(amqp, bytes, 1, limits));
  return transcript.back();
}

const auto publish = method_frame(1, basic::Publish{.routing_key = "q"});

}  // namespace

TEST_CASE("queue.declare has the bytes that the specification gives it") {
  constexpr auto bytes =
      "\x01\x00\x07\x00\x00\x00\x15"
      "\x00\x32\x00\x0a\x00\x00\x09rpc_queue\x12\x00\x00\x00\x00\xce"sv;
  AmqpCodec codec{Limits{}};
  const queue::Declare declare{.queue = "rpc_queue", .durable = true, .no_wait = true};
  CHECK(encoded(codec, {.channel = 7, .method = declare}) == bytes);

  int commands = 0;
  Decoding decoding{codec};
  decoding.feed(bytes, 1'000, [&](const Command& command) {
    ++commands;
    CHECK(command.channel == 7);
    CHECK((std::get<queue::Declare>(command.method) == declare));
    CHECK_FALSE(command.content);
  });
  CHECK(commands == 1);
}

TEST_CASE("basic.publish has a method, a header and a body frame") {
  constexpr auto bytes =
      "\x01\x00\x01\x00\x00\x00\x12\x00\x3c\x00\x28\x00\x00\x00\x09rpc_queue\x01\xce"
      "\x02\x00\x01\x00\x00\x00\x12\x00\x3c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x06\x00\x01"
      "1\x01r\xce"
      "\x03\x00\x01\x00\x00\x00\x02"
      "30\xce"sv;
  std::string properties;
  encode({.correlation_id = "1", .reply_to = "r"}, properties);
  AmqpCodec codec{Limits{}};
  CHECK(encoded(codec, {.channel = 1,
                        .method = basic::Publish{.routing_key = "rpc_queue", .mandatory = true},
                        .content = Content{.properties = Properties{properties}, .body = "30"}})
        == bytes);
  int commands = 0;
  Decoding decoding{codec};
  decoding.feed(bytes, 1'000, [&](const Command& command) {
    ++commands;
    CHECK(std::get<basic::Publish>(command.method).routing_key == "rpc_queue");
    CHECK(std::get<basic::Publish>(command.method).mandatory);
    CHECK(command.content->properties.decode().reply_to == ShortString{"r"});
    CHECK(command.content->properties.decode().correlation_id == ShortString{"1"});
    CHECK(command.content->body == "30");
  });
  CHECK(commands == 1);
}

TEST_CASE("an empty body has no body frame") {
  const auto bytes = publish + header_frame(1, 0);
  AmqpCodec codec{Limits{}};
  CHECK(encoded(codec, {.channel = 1, .method = basic::Publish{.routing_key = "q"}, .content = Content{}}) == bytes);
  CHECK(transcript_of(amqp, bytes).size() == 1);
}

TEST_CASE("more than eight bits take more than one octet") {
  // No method has so many; the packing is one rule for all.
  WireMeasure measure;
  for (int i = 0; i < 9; ++i) measure.add(true);
  measure.add(std::uint8_t{7});
  measure.add(true);
  REQUIRE(measure.size() == 4);
  std::string bytes(4, '\xff');
  WireWriter writer{bytes.data()};
  for (int i = 0; i < 9; ++i) writer.write(i == 8 || i == 1);
  writer.write(std::uint8_t{7});
  writer.write(true);
  CHECK(bytes == "\x02\x01\x07\x01"sv);
  WireReader reader{bytes, 0};
  for (int i = 0; i < 9; ++i) {
    bool bit = false;
    reader.read(bit);
    CHECK(bit == (i == 8 || i == 1));
  }
  std::uint8_t octet = 0;
  bool bit = false;
  reader.read(octet);
  reader.read(bit);
  CHECK(octet == 7);
  CHECK(bit);
  CHECK(reader.fault() == std::nullopt);
}

TEST_CASE("a heartbeat is eight bytes") {
  AmqpCodec codec{Limits{}};
  Output output;
  codec.encode_heartbeat(output);
  CHECK(bytes_of(output) == "\x08\x00\x00\x00\x00\x00\x00\xce"sv);
  CHECK(transcript_of(amqp, bytes_of(output)) == std::vector{"heartbeat"s});
}

TEST_CASE("any split of the bytes gives the same commands") {
  Generator any{10};
  AmqpCodec codec{Limits{.frame_max_bytes = 4'096}};
  std::string bytes;
  std::vector<std::string> sent;
  for_each_method([&]<class M>() {
    Command command{.channel = 3, .method = any.method<M>(amqp)};
    if (has_content<M>) command.content = any.content(20'000);
    sent.push_back(written_down(command));
    bytes += encoded(codec, command);
  });
  for (const std::size_t piece : {1UL, 2UL, 3UL, 7UL, 8UL, 100UL, 4'096UL, 4'103UL, bytes.size()})
    REQUIRE(transcript_of(amqp, bytes, piece) == sent);

  const auto one = publish + header_frame(1, 5) + frame(3, 1, "he") + frame(3, 1, "") + frame(3, 1, "llo");
  const auto whole = transcript_of(amqp, one);
  REQUIRE(whole.size() == 1);
  CHECK_THAT(whole[0], Catch::Contains(" body: hello "));
  for (std::size_t cut = 1; cut < one.size(); ++cut) {
    AmqpCodec cut_codec{Limits{}};
    Decoding decoding{cut_codec};
    decoding.feed(one.substr(0, cut));
    decoding.feed(one.substr(cut));
    REQUIRE(decoding.transcript() == whole);
  }
}

TEST_CASE("contents on several channels come between each other") {
  const auto a = method_frame(1, basic::Publish{.routing_key = "a"});
  const auto b = method_frame(2, basic::Publish{.routing_key = "b"});
  const auto bytes = a + b + header_frame(2, 4) + frame(3, 2, "BO") + header_frame(1, 4) + frame(3, 1, "bo")
                     + method_frame(3, basic::Ack{.delivery_tag = 9}) + frame(8, 0, "") + frame(3, 2, "DY")
                     + frame(3, 1, "dy");
  const auto transcript = transcript_of(amqp, bytes);
  REQUIRE(transcript.size() == 4);
  CHECK_THAT(transcript[0], Catch::StartsWith("channel 3 ") && Catch::Contains("basic.ack"));
  CHECK(transcript[1] == "heartbeat");
  CHECK_THAT(transcript[2], Catch::StartsWith("channel 2 ") && Catch::Contains(" body: BODY "));
  CHECK_THAT(transcript[3], Catch::StartsWith("channel 1 ") && Catch::Contains(" body: body "));
  CHECK(transcript_of(amqp, bytes, 1) == transcript);
}

TEST_CASE("a body is written in frames of the size that was agreed on") {
  const auto frame_max = GENERATE(4'096U, 5'000U, 131'072U, 0U);
  const std::size_t piece = (frame_max == 0 ? 131'072 : frame_max) - 8;
  AmqpCodec codec{Limits{}};
  codec.tune_frame_max(frame_max);
  Generator any{11};
  for (const std::size_t size : {piece - 1, piece, piece + 1, 3 * piece}) {
    const auto body = any.bytes(size);
    auto expected = publish + header_frame(1, size);
    for (std::size_t at = 0; at < size; at += piece) expected += frame(3, 1, std::string_view{body}.substr(at, piece));
    const Command command{.channel = 1, .method = basic::Publish{.routing_key = "q"}, .content = Content{.body = body}};
    REQUIRE(encoded(codec, command) == expected);

    // With a block behind it the body is sent from there, in the same frames.
    auto block = Block::allocate(size);
    std::memcpy(block->data(), body.data(), size);
    Output output;
    codec.encode({.channel = 1,
                  .method = basic::Publish{.routing_key = "q"},
                  .content = Content{.body = {block->data(), size}, .storage = block}},
                 output);
    CHECK(bytes_of(output) == expected);
    std::array<std::string_view, 2> buffers;
    const bool borrows = std::min(size, piece) >= borrow_min_bytes;
    REQUIRE(output.gather(buffers) == (borrows ? 2 : 1));
    if (borrows) CHECK(buffers[1].data() == block->data());
    if (borrows) CHECK(buffers[1].size() == std::min(size, piece));
  }
}

TEST_CASE("a small body is copied even where it has a block") {
  auto block = Block::allocate(borrow_min_bytes - 1);
  std::memset(block->data(), 'x', block->capacity());
  Output output;
  AmqpCodec{Limits{}}.encode({.channel = 1,
                              .method = basic::Publish{},
                              .content = Content{.body = {block->data(), block->capacity()}, .storage = block}},
                             output);
  CHECK(output.size() > block->capacity());
  std::array<std::string_view, 2> buffers;
  CHECK(output.gather(buffers) == 1);
}

TEST_CASE("a large body is read straight into a block of its own") {
  Generator any{12};
  const auto body = any.bytes(1'000'000);
  AmqpCodec writer{Limits{}};
  const auto bytes =
      encoded(writer, {.channel = 1, .method = basic::Publish{.routing_key = "q"}, .content = Content{.body = body}});

  AmqpCodec codec{Limits{}};
  InputBuffer input;
  Command command;
  std::size_t read_directly = 0;
  Decoded result = Decoded::need_more;
  for (std::string_view rest = bytes; !rest.empty();) {
    REQUIRE(result == Decoded::need_more);
    const auto unread_before = input.unread().size();
    const auto room = codec.prepare(input);
    REQUIRE_FALSE(room.empty());
    const auto piece = rest.substr(0, room.size());
    std::memcpy(room.data(), piece.data(), piece.size());
    codec.commit(input, piece.size());
    if (input.unread().size() == unread_before) read_directly += piece.size();
    rest.remove_prefix(piece.size());
    result = codec.decode(input, command);
  }
  REQUIRE(result == Decoded::command);
  CHECK(read_directly > body.size() / 3);
  REQUIRE(command.content->storage);
  CHECK(command.content->body == body);
  const auto room_in_front = command.content->body.data() - command.content->storage->data();
  CHECK(room_in_front >= static_cast<std::ptrdiff_t>(1 + command.content->properties.encoded().size()));
  CHECK(command.content->storage->capacity() == static_cast<std::size_t>(room_in_front) + body.size());
}

TEST_CASE("a body that is too large is refused by its announcement and then dropped") {
  const Limits limits{.body_max_bytes = 10};
  const auto bytes = publish
                     + header_frame(1, 11,
                                    "\x04\0\x01"
                                    "7"sv)
                     + frame(3, 1, "hello") + frame(8, 0, "") + frame(3, 1, "world!") + publish + header_frame(1, 10)
                     + frame(3, 1, "0123456789");
  for (const std::size_t piece : {std::size_t{1}, std::size_t{1'000}}) {
    const auto transcript = transcript_of(amqp, bytes, piece, limits);
    REQUIRE(transcript.size() == 3);
    CHECK_THAT(transcript[0], Catch::Contains(" body:  refused: 11 ") && Catch::Contains(R"("correlation_id":"7")"));
    CHECK(transcript[1] == "heartbeat");
    CHECK_THAT(transcript[2], Catch::Contains(" body: 0123456789 "));
  }
}

TEST_CASE("a body that is being dropped may be given up for another method") {
  const auto bytes = publish + header_frame(1, 11) + frame(3, 1, "he") + method_frame(1, channel::CloseOk{}) + publish
                     + header_frame(1, 0);
  const auto transcript = transcript_of(amqp, bytes, 1'000, {.body_max_bytes = 10});
  REQUIRE(transcript.size() == 3);
  CHECK_THAT(transcript[1], Catch::Contains("channel.close-ok"));
}

TEST_CASE("broken frames are refused") {
  CHECK_THAT(refusal_of("GET / HT"), Catch::StartsWith("violation 501 frame type 71 is unknown"));
  CHECK_THAT(refusal_of("AMQP\0\0\x09\x01"sv),
             Catch::StartsWith("violation 501 the peer answered with a protocol header"));
  CHECK_THAT(refusal_of(frame(4, 1, "")), Catch::StartsWith("violation 501 frame type 4 is unknown"));
  auto bad_end = publish;
  bad_end.back() = '\xCD';
  CHECK_THAT(refusal_of(bad_end), Catch::StartsWith("violation 501 ") && Catch::Contains("0xCE"));
  auto bad_body_end = frame(3, 1, "hello");
  bad_body_end.back() = '\0';
  CHECK_THAT(refusal_of(publish + header_frame(1, 5) + bad_body_end),
             Catch::StartsWith("violation 501 a body frame does not end with the octet 0xCE"));
  CHECK_THAT(refusal_of(frame(1, 1, "\x00\x3c\x00"sv)), Catch::StartsWith("violation 501 a method frame is too short"));
}

TEST_CASE("a frame larger than agreed on is refused by its first seven bytes") {
  const Limits limits{.frame_max_bytes = 4'096};
  for (const int type : {1, 2})
    CHECK_THAT(refusal_of(frame(type, 1, std::string(4'097, 'x')).substr(0, 7), limits),
               Catch::StartsWith("violation 501 a frame with 4097 payload bytes is larger"));
  CHECK_THAT(refusal_of(publish + header_frame(1, 5'000) + frame(3, 1, std::string(4'097, 'x')).substr(0, 7), limits),
             Catch::StartsWith("violation 501 a frame with 4097 payload bytes is larger"));
  CHECK(
      transcript_of(amqp, publish + header_frame(1, 4'096) + frame(3, 1, std::string(4'096, 'x')), 1'000, limits).size()
      == 1);
  // Also where no size was agreed on.
  CHECK_THAT(refusal_of("\x01\x00\x01\x7f\xff\xff\xff"sv, {.frame_max_bytes = 0}), Catch::StartsWith("violation 501 "));
}

TEST_CASE("heartbeats off channel 0, or with a payload, are refused") {
  CHECK_THAT(refusal_of(frame(8, 1, "")), Catch::StartsWith("violation 505 a heartbeat came on channel 1"));
  CHECK_THAT(refusal_of(frame(8, 0, "x")), Catch::StartsWith("violation 501 a heartbeat came with a payload"));
}

TEST_CASE("unknown methods are refused with their numbers") {
  const auto refusal = refusal_of(frame(1, 1, "\x00\x32\x00\x63"sv));
  CHECK_THAT(refusal, Catch::StartsWith("violation 540 no method 99 in class 50") && Catch::EndsWith(" about 50/99"));
}

TEST_CASE("malformed arguments are refused with the field's name") {
  CHECK_THAT(refusal_of(frame(1, 1, "\x00\x32\x00\x0a\x00\x00\x09rpc"sv)),
             Catch::StartsWith("violation 501 queue.declare: field 'queue'") && Catch::EndsWith(" about 50/10"));
  CHECK_THAT(refusal_of(frame(1, 1, "\x00\x3c\x00\x50\x00\x00\x00\x00"sv)),
             Catch::StartsWith("violation 501 basic.ack: field 'delivery_tag'"));
  CHECK_THAT(refusal_of(frame(1, 1, "\x00\x5a\x00\x0a!"sv)),
             Catch::StartsWith("violation 501 tx.select: 1 bytes are left over"));
  CHECK_THAT(refusal_of(frame(1, 1, "\x00\x32\x00\x0a\x00\x00\x00\x00\x00\x00\x00\x03\x01nZ"sv)),
             Catch::StartsWith("violation 501 queue.declare: field 'arguments'"));
}

TEST_CASE("tables nested too deeply are refused") {
  std::string table;
  for (int depth = 0; depth < 5; ++depth)
    table = "\x01nF" + big_endian(static_cast<std::uint32_t>(table.size())) + table;
  const auto declare = method_frame(1, queue::Declare{.arguments = FieldTable{table}});
  CHECK(transcript_of(amqp, declare, 1'000, {.table_depth_max = 5}).size() == 1);
  CHECK_THAT(refusal_of(declare, {.table_depth_max = 4}),
             Catch::StartsWith("violation 501 queue.declare: field 'arguments': tables are nested too deeply"));
}

TEST_CASE("frames out of order are refused") {
  const auto ack = method_frame(1, basic::Ack{.delivery_tag = 1});
  CHECK_THAT(refusal_of(publish + ack), Catch::StartsWith("violation 505 expected content header for class 60"));
  CHECK_THAT(refusal_of(publish + header_frame(1, 5) + ack), Catch::StartsWith("violation 505 expected content body"));
  CHECK_THAT(refusal_of(publish + publish), Catch::StartsWith("violation 505 expected content header"));
  CHECK_THAT(refusal_of(header_frame(1, 5)), Catch::StartsWith("violation 505 expected method frame"));
  CHECK_THAT(refusal_of(ack + header_frame(1, 5)), Catch::StartsWith("violation 505 expected method frame"));
  CHECK_THAT(refusal_of(publish + header_frame(1, 5) + header_frame(1, 5)),
             Catch::StartsWith("violation 505 expected content body"));
  CHECK_THAT(refusal_of(publish + header_frame(2, 5)), Catch::StartsWith("violation 505 expected method frame"));
  CHECK_THAT(refusal_of(frame(3, 1, "x")), Catch::StartsWith("violation 505 expected method frame"));
  CHECK_THAT(refusal_of(publish + frame(3, 1, "x")), Catch::StartsWith("violation 505 expected content header"));
  CHECK_THAT(refusal_of(publish + header_frame(1, 0) + frame(3, 1, "x")),
             Catch::StartsWith("violation 505 expected method frame"));
}

TEST_CASE("broken content headers are refused") {
  CHECK_THAT(refusal_of(publish + frame(2, 1, "\x00\x3c\x00\x00"sv)),
             Catch::StartsWith("violation 501 a content header is too short") && Catch::EndsWith(" about 60/40"));
  CHECK_THAT(refusal_of(publish + frame(2, 1, "\x00\x32\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"sv)),
             Catch::StartsWith("violation 505 expected content header for class 60, got one for class 50 instead"));
  CHECK_THAT(refusal_of(publish + frame(2, 1, "\x00\x3c\x00\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"sv)),
             Catch::StartsWith("violation 505 expected content header for class 60, got non content header frame"));
  CHECK_THAT(refusal_of(publish + header_frame(1, 2, "\x04\x00\x05hi"sv) + frame(3, 1, "hi")),
             Catch::StartsWith("violation 541 malformed properties: field 'correlation_id'"));
  CHECK_THAT(refusal_of(publish + header_frame(1, 2, "\x20\x00\x00\x00\x00\x03\x01nZ"sv) + frame(3, 1, "hi")),
             Catch::StartsWith("violation 541 malformed properties: field 'headers'"));
  CHECK_THAT(refusal_of(publish + header_frame(1, 2, "\x00\x00!"sv)),
             Catch::StartsWith("violation 541 malformed properties"));
}

TEST_CASE("a body longer than announced is refused") {
  CHECK_THAT(refusal_of(publish + header_frame(1, 5) + frame(3, 1, "hello!")),
             Catch::StartsWith("violation 501 the body"));
  CHECK_THAT(refusal_of(publish + header_frame(1, 5) + frame(3, 1, "hell") + frame(3, 1, "o!")),
             Catch::StartsWith("violation 501 the body"));
}

TEST_CASE("random bytes never do more than be refused, however they are split") {
  Generator any{13};
  AmqpCodec codec{Limits{}};
  for (int round = 0; round < 2'000; ++round) {
    auto bytes =
        encoded(codec, {.channel = 1, .method = any.method<queue::Declare>(amqp)})
        + encoded(codec, {.channel = 1, .method = any.method<basic::Publish>(amqp), .content = any.content(50)});
    for (auto changes = any.up_to(3); changes > 0; --changes)
      bytes[any.up_to(bytes.size() - 1)] = static_cast<char>(any.up_to(255));
    REQUIRE(transcript_of(amqp, bytes, 1) == transcript_of(amqp, bytes));
  }
}
