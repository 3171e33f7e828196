#include "protocol/codec/incoming_body.hpp"

#include <cstring>

#include "tests/protocol/codec/generator.hpp"
#include "tests/support/catch.hpp"

using namespace pocketmq::protocol;

TEST_CASE("a body arrives by copies and by direct reads, behind its headroom") {
  pocketmq::tests::Generator any{20};
  const auto body = any.bytes(700'000);
  std::string_view rest = body;
  IncomingBody incoming{body.size(), 100};
  const auto direct = [&](std::size_t bytes) {
    const auto room = incoming.prepare(bytes);
    REQUIRE(room.size() <= bytes);
    std::memcpy(room.data(), rest.data(), room.size());
    incoming.commit(room.size());
    rest.remove_prefix(room.size());
  };
  incoming.append(rest.substr(0, 5));
  rest.remove_prefix(5);
  direct(20'000);
  incoming.append(rest.substr(0, 1'000));
  rest.remove_prefix(1'000);
  while (incoming.left() > 0) direct(incoming.left());

  Content content;
  std::move(incoming).move_to(content);
  CHECK(content.body == body);
  CHECK(content.body.data() == content.storage->data() + 100);
  CHECK(content.storage->capacity() == 100 + body.size());
  CHECK(content.storage.unique());
}

TEST_CASE("memory grows with what came, not with what was announced") {
  IncomingBody incoming{1'000'000'000'000, 0};
  const std::string piece(1'000, 'x');
  for (int i = 0; i < 100; ++i) incoming.append(piece);
  CHECK(incoming.left() == 1'000'000'000'000 - 100'000);
  CHECK(incoming.prepare(incoming.left()).size() <= 262'144);
  Content content;
  std::move(incoming).move_to(content);
  CHECK(content.storage->capacity() <= 100'000 + 262'144);

  IncomingBody begun{1'000'000'000'000, 64};
  begun.append("x");
  std::move(begun).move_to(content);
  CHECK(content.storage->capacity() == 65);
}

TEST_CASE("a body that is dropped is only counted") {
  IncomingBody incoming{10, 0, IncomingBody::Mode::dropped};
  CHECK(incoming.is_dropped());
  incoming.append("0123456");
  CHECK(incoming.left() == 3);
  incoming.append("789");
  CHECK(incoming.left() == 0);
  Content content;
  std::move(incoming).move_to(content);
  CHECK_FALSE(content.storage);
  CHECK(content.body.empty());
}

TEST_CASE("an empty body needs no block") {
  IncomingBody incoming{0, 64};
  incoming.append("");
  CHECK(incoming.left() == 0);
  Content content;
  std::move(incoming).move_to(content);
  CHECK_FALSE(content.storage);
}
