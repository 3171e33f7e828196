#include "protocol/codec/input_buffer.hpp"

#include <cstring>
#include <string>

#include "tests/support/catch.hpp"

using pocketmq::protocol::InputBuffer;

namespace {

void receive(InputBuffer& input, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto room = input.prepare();
    REQUIRE(room.size() >= InputBuffer::room_min_bytes);
    const auto piece = bytes.substr(0, room.size());
    std::memcpy(room.data(), piece.data(), piece.size());
    input.commit(piece.size());
    bytes.remove_prefix(piece.size());
  }
}

}  // namespace

TEST_CASE("what was received is unread until it is consumed") {
  InputBuffer input;
  CHECK(input.unread().empty());
  receive(input, "hello");
  CHECK(input.unread() == "hello");
  input.consume(2);
  CHECK(input.unread() == "llo");
  receive(input, " world");
  CHECK(input.unread() == "llo world");
  input.consume(9);
  CHECK(input.unread().empty());
}

TEST_CASE("unread bytes survive growing and moving") {
  InputBuffer input;
  std::string expected;
  for (int round = 0; round < 200; ++round) {
    const std::string piece(static_cast<std::size_t>(1 + 997 * round % 20'000), static_cast<char>('a' + round % 26));
    receive(input, piece);
    expected += piece;
    REQUIRE(input.unread() == expected);
    const auto used = expected.size() / (round % 3 == 0 ? 1 : 2);
    input.consume(used);
    expected.erase(0, used);
    REQUIRE(input.unread() == expected);
  }
}

TEST_CASE("consumed bytes stay readable until the next prepare") {
  InputBuffer input;
  receive(input, "one two");
  const auto view = input.unread();
  input.consume(7);
  CHECK(view == "one two");
}

TEST_CASE("memory is given back only when nothing is unread") {
  InputBuffer input;
  receive(input, "ab");
  input.consume(1);
  input.release();
  CHECK(input.unread() == "b");
  input.consume(1);
  input.release();
  CHECK(input.unread().data() == nullptr);
  receive(input, "again");
  CHECK(input.unread() == "again");
}

TEST_CASE("the more comes at once, the more is read at once, up to 64 KiB") {
  InputBuffer input;
  const auto at_first = input.prepare().size();
  CHECK(at_first < 2'000);
  receive(input, "little");
  input.consume(6);
  input.release();
  CHECK(input.prepare().size() == at_first);

  for (int i = 0; i < 20; ++i) {
    receive(input, std::string(input.prepare().size(), 'x'));
    input.consume(input.unread().size());
    input.release();
  }
  CHECK(input.prepare().size() == 65'536);
}

TEST_CASE("no more is read at once than it was told") {
  InputBuffer input{16'384};
  for (int i = 0; i < 20; ++i) {
    receive(input, std::string(input.prepare().size(), 'x'));
    input.consume(input.unread().size());
    input.release();
  }
  CHECK(input.prepare().size() == 16'384);
}

TEST_CASE("what is read elsewhere does not make it read more at once") {
  InputBuffer input;
  const auto at_first = input.prepare().size();
  receive(input, std::string(at_first, 'x'));
  input.consume(at_first);
  input.release();
  CHECK(input.prepare().size() > at_first);
  input.release();
  input.begin_small();
  CHECK(input.prepare().size() == at_first);
}

TEST_CASE("what was consumed too early is unread again") {
  InputBuffer input;
  receive(input, "one two");
  input.consume(4);
  input.put_back(3);
  CHECK(input.unread() == "ne two");
}

TEST_CASE("an input is charged for the memory it holds") {
  class Account final : public pocketmq::protocol::MemoryAccount {
  } account;
  {
    InputBuffer input;
    input.charge_to(account);
    CHECK(account.used() == 0);
    const auto at_first = input.prepare().size();
    CHECK(account.used() == at_first);
    receive(input, std::string(10 * at_first, 'x'));
    CHECK(account.used() >= 10 * at_first);
    CHECK(account.used() <= 20 * at_first + InputBuffer::room_min_bytes);
    input.consume(10 * at_first);
    input.release();
    CHECK(account.used() == 0);
    receive(input, "left behind");
  }
  CHECK(account.used() == 0);
}
