#include "protocol/codec/output.hpp"

#include <array>
#include <random>
#include <string>

#include "tests/protocol/codec/transcript.hpp"
#include "tests/support/catch.hpp"

using namespace pocketmq::protocol;
using pocketmq::tests::bytes_of;

namespace {

Ref<Block> block_of(std::string_view bytes) {
  auto block = Block::allocate(bytes.size());
  std::memcpy(block->data(), bytes.data(), bytes.size());
  return block;
}

}  // namespace

TEST_CASE("own and borrowed bytes are sent in the order of writing") {
  const auto body = block_of("BODY");
  Output output;
  output.append("one ");
  output.borrow(body, {body->data(), 4});
  output.append(" two");
  std::memcpy(output.extend(6), " three", 6);
  CHECK(output.size() == 18);
  CHECK(bytes_of(output) == "one BODY two three");
}

TEST_CASE("a borrowed body is sent from where it lies, and held until it is") {
  auto body = block_of("BODY");
  const auto* place = body->data();
  Output output;
  output.append("head");
  output.borrow(body, {body->data() + 1, 3});
  CHECK_FALSE(body.unique());

  std::array<std::string_view, 4> buffers;
  REQUIRE(output.gather(buffers) == 2);
  CHECK(buffers[1].data() == place + 1);

  output.consume(4 + 2);
  CHECK_FALSE(body.unique());
  CHECK(bytes_of(output) == "Y");
  output.consume(1);
  CHECK(body.unique());
  CHECK(output.empty());
}

TEST_CASE("an output that goes lets go of what it borrowed") {
  auto body = block_of("BODY");
  {
    Output output;
    output.borrow(body, {body->data(), 4});
    CHECK_FALSE(body.unique());
  }
  CHECK(body.unique());
}

TEST_CASE("no more buffers are filled than there are") {
  const auto body = block_of("b");
  Output output;
  for (int i = 0; i < 3; ++i) {
    output.append("a");
    output.borrow(body, {body->data(), 1});
  }
  std::array<std::string_view, 4> buffers;
  CHECK(output.gather(buffers) == 4);
  CHECK(output.gather({}) == 0);
}

TEST_CASE("answers that wait are counted apart") {
  Output output;
  output.append("delivery");  // 8 bytes that the peer did not ask for
  const auto begin = output.written();
  output.append("answer");
  output.count_as_answer(begin);
  output.count_as_answer(output.written());
  CHECK(output.answers() == 6);
  const auto next = output.written();
  output.append("more");
  output.count_as_answer(next);
  output.append("delivery");
  CHECK(output.answers() == 10);

  output.consume(8);
  CHECK(output.answers() == 10);
  output.consume(7);
  CHECK(output.answers() == 3);
  output.consume(3);
  CHECK(output.answers() == 0);
  CHECK(output.size() == 8);
}

TEST_CASE("a borrowed body counts in full as an answer") {
  const auto body = block_of(std::string(1000, 'x'));
  Output output;
  const auto begin = output.written();
  output.append("head");
  output.borrow(body, {body->data(), 1000});
  output.count_as_answer(begin);
  CHECK(output.answers() == 1004);
  output.consume(504);
  CHECK(output.answers() == 500);
}

TEST_CASE("an output that was sent holds next to no memory, however much it was") {
  class Account final : public MemoryAccount {
  } account;
  const auto body = block_of("b");
  {
    Output output;
    output.charge_to(account);
    for (int i = 0; i < 1'000; ++i) {
      output.append(std::string(100, 'x'));
      output.borrow(body, {body->data(), 1});
    }
    CHECK(account.used() >= 100'000);
    output.consume(output.size());
    CHECK(account.used() < 1'000);
    CHECK(output.empty());
  }
}

TEST_CASE("any order of writing and sending sends what was written") {
  std::mt19937 random{4};
  const auto up_to = [&](std::size_t max) { return random() % (max + 1); };
  Output output;
  std::string expected;
  std::size_t answers = 0;  // of the end of `expected`
  for (int step = 0; step < 5'000; ++step) {
    const std::string piece(up_to(300), static_cast<char>('a' + step % 26));
    if (up_to(2) == 0) {
      const auto block = block_of(piece);
      output.borrow(block, {block->data(), piece.size()});
    } else {
      output.append(piece);
    }
    expected += piece;
    answers = 0;
    if (up_to(3) == 0) {
      const auto begin = output.written() - piece.size();
      output.count_as_answer(begin);
      answers = piece.size();
    }
    REQUIRE(output.answers() >= answers);
    REQUIRE(output.size() == expected.size());
    REQUIRE(bytes_of(output) == expected);
    const auto sent = up_to(3) == 0 ? expected.size() : up_to(std::min<std::size_t>(expected.size(), 400));
    output.consume(sent);
    expected.erase(0, sent);
    REQUIRE(output.answers() <= expected.size());
  }
}
