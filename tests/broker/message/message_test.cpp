#include "broker/message/message.hpp"

#include <algorithm>

#include "protocol/codec/incoming_body.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using broker::Message;
using namespace std::chrono_literals;

// A content whose body lies in a block of its own, that many bytes behind its beginning.
protocol::Content content_in_block(std::string_view body, std::size_t headroom, protocol::Properties properties = {}) {
  auto block = protocol::Block::allocate(headroom + body.size());
  std::ranges::copy(body, block->data() + headroom);
  const std::string_view there{block->data() + headroom, body.size()};
  return {.properties = properties, .body = there, .storage = std::move(block)};
}

std::string encoded(const protocol::BasicProperties& properties) {
  std::string bytes;
  encode(properties, bytes);
  return bytes;
}

}  // namespace

TEST_CASE("a message keeps its names its properties and its body") {
  const auto properties = encoded({.content_type = "text/plain", .correlation_id = "7"});
  std::string body = "the body";
  const Message message{"exchange", "key", {.properties = protocol::Properties{properties}, .body = body}, 5s};
  body.assign(body.size(), '!');
  CHECK(message.exchange() == "exchange");
  CHECK(message.routing_key() == "key");
  CHECK(message.properties().encoded() == properties);
  CHECK(message.body() == "the body");
  CHECK(message.time_to_live() == 5s);
}

TEST_CASE("a message may be empty in every part") {
  const Message message{"", "", {}, std::nullopt};
  CHECK(message.exchange().empty());
  CHECK(message.routing_key().empty());
  CHECK(message.properties() == protocol::Properties{});
  CHECK(message.body().empty());
  CHECK(message.time_to_live() == std::nullopt);
}

TEST_CASE("a time to live of 0 is one") { CHECK(Message{"", "q", {}, 0ms}.time_to_live() == 0ms); }

TEST_CASE("a message knows how many dead letters it may become") {
  Message fresh{"", "q", {}, 5s, "copies"}, dead{"", "q", {.body = "body"}, std::nullopt, "copies", 7};
  CHECK(fresh.dead_letters_left() == Message::dead_letters_max);
  CHECK(dead.dead_letters_left() == 7);
  dead.set_dead_letters_left(3);
  CHECK(dead.dead_letters_left() == 3);
  CHECK(dead.blind_copies() == "copies");
  CHECK(dead.body() == "body");
  CHECK_FALSE(dead.time_to_live());
}

TEST_CASE("names of 255 bytes and large properties are kept") {
  const std::string exchange(255, 'e'), key(255, 'k'), text(200, 't');
  protocol::FieldTableWriter headers;
  for (int i = 0; i < 500; ++i) headers.string("header " + std::to_string(i), text);
  const auto properties = encoded({.headers = headers.table()});
  const Message message{exchange, key, {.properties = protocol::Properties{properties}, .body = "b"}, std::nullopt};
  CHECK(message.exchange() == exchange);
  CHECK(message.routing_key() == key);
  CHECK(message.properties().encoded() == properties);
  CHECK(message.body() == "b");
}

TEST_CASE("a message has its own routing key and those of its copies") {
  const std::string cc = "S" + std::string{"\0\0\0\2", 4} + "c1" + "t\1", bcc = "S" + std::string{"\0\0\0\1", 4} + "b";
  protocol::FieldTableWriter headers;
  const auto properties = encoded({.headers = headers.value("CC", {'A', cc}).table()});
  const Message message{"e", "k", {.properties = protocol::Properties{properties}, .body = "body"}, std::nullopt, bcc};
  std::vector<std::string_view> keys;
  message.append_routing_keys(keys);
  CHECK(keys == std::vector<std::string_view>{"k", "c1", "b"});
  CHECK(message.blind_copies() == bcc);
  CHECK(message.properties().encoded() == properties);
  CHECK(message.body() == "body");
  CHECK(Message{"e", "k", {}, std::nullopt}.blind_copies().empty());
}

TEST_CASE("a body with room in front stays where it is") {
  auto content = content_in_block("a large body", 200);
  const auto* where = content.body.data();
  const Message message{"x", "key", std::move(content), std::nullopt};
  CHECK(message.body().data() == where);
  CHECK(message.body() == "a large body");
  CHECK(message.exchange() == "x");
  CHECK(message.routing_key() == "key");
  CHECK(message.properties() == protocol::Properties{});
}

TEST_CASE("a body without room in front is copied") {
  const std::string key(255, 'k');
  auto content = content_in_block("a large body", 200);
  const auto* where = content.body.data();
  const Message message{"x", key, std::move(content), std::nullopt};
  CHECK(message.body().data() != where);
  CHECK(message.body() == "a large body");
  CHECK(message.routing_key() == key);
}

TEST_CASE("a message is whole however much room there is in front of its body") {
  const auto properties = encoded({.correlation_id = "correlation"});
  int stayed = 0;
  for (std::size_t headroom = 0; headroom < 200; ++headroom) {
    auto content = content_in_block("the body", headroom, protocol::Properties{properties});
    const auto* where = content.body.data();
    const Message message{"exchange", "key", std::move(content), 5s};
    CHECK(message.exchange() == "exchange");
    CHECK(message.routing_key() == "key");
    CHECK(message.properties().encoded() == properties);
    CHECK(message.body() == "the body");
    CHECK(message.time_to_live() == 5s);
    if (message.body().data() == where) ++stayed;
  }
  CHECK(stayed > 50);
}

TEST_CASE("a body that others hold is copied and left as it was") {
  auto content = content_in_block("a large body", 200);
  const auto others = content;
  const Message message{"x", "key", std::move(content), std::nullopt};
  CHECK(message.body().data() != others.body.data());
  CHECK(message.body() == "a large body");
  CHECK(others.body == "a large body");
}

TEST_CASE("a body that a codec assembled has room in front for every name") {
  const std::string exchange(255, 'e'), key(255, 'k');
  const auto properties = encoded({.reply_to = "here"});
  // The method as it is on the wire is never shorter than the names in it.
  const auto headroom = protocol::body_headroom(exchange.size() + key.size(), properties.size());
  protocol::IncomingBody body{5, headroom};
  body.append("hello");
  protocol::Content content{.properties = protocol::Properties{properties}};
  std::move(body).move_to(content);
  const auto* where = content.body.data();
  const Message message{exchange, key, std::move(content), std::nullopt};
  CHECK(message.body().data() == where);
  CHECK(message.properties().encoded() == properties);
}

TEST_CASE("copies of a message share its bytes and so do its deliveries") {
  Message message{"", "q", {.body = "b"}, std::nullopt};
  const Message copy = message;
  const auto content = copy.content();
  message = Message{"", "other", {.body = "another"}, std::nullopt};
  CHECK(copy.body() == "b");
  CHECK(content.body.data() == copy.body().data());
  CHECK(content.storage);
}

TEST_CASE("a delivery keeps the bytes when the message has gone") {
  protocol::Content content;
  {
    const Message message{"", "q", {.body = "still here"}, std::nullopt};
    content = message.content();
  }
  CHECK(content.body == "still here");
}

}  // namespace pocketmq::tests
