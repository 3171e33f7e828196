// What is charged for blocks, outputs and contents under way.
#include "protocol/base/memory_account.hpp"

#include "protocol/base/block.hpp"
#include "protocol/codec/amqp_codec.hpp"
#include "protocol/codec/incoming_body.hpp"
#include "protocol/codec/json_codec.hpp"
#include "protocol/codec/output.hpp"
#include "tests/protocol/codec/transcript.hpp"
#include "tests/support/catch.hpp"

using namespace pocketmq::protocol;
using pocketmq::tests::Decoding;
using pocketmq::tests::encoded;

namespace {

class Account final : public MemoryAccount {
 public:
  using MemoryAccount::watch;
  int falls{0};

 private:
  void on_below_watched() override { ++falls; }
};

}  // namespace

TEST_CASE("a charge lasts as long as it lives, and a copy is charged as well") {
  Account account;
  {
    const MemoryCharge charge{account, 100};
    auto copy = charge;
    CHECK(account.used() == 200);
    auto moved = std::move(copy);
    CHECK(account.used() == 200);
    moved = {};
    CHECK(account.used() == 100);
  }
  CHECK(account.used() == 0);
}

TEST_CASE("an account tells of each release below what is watched") {
  Account account;
  account.charge(100);
  account.watch(50);
  account.release(50);
  CHECK(account.falls == 0);
  account.release(1);
  CHECK(account.falls == 1);
  account.release(1);
  CHECK(account.falls == 2);
  account.watch(0);
  account.release(48);
  CHECK(account.falls == 2);
}

TEST_CASE("a block is charged once, to one account, until it ends") {
  Account first, second;
  auto block = Block::allocate(1'000);
  block->charge_to(first);
  const auto cost = first.used();
  CHECK(cost >= 1'000);
  CHECK(cost <= 1'100);
  auto shared = block;
  shared->charge_to(first);
  CHECK(first.used() == cost);
  shared->charge_to(second);
  CHECK(first.used() == 0);
  CHECK(second.used() == cost);
  shared = {};
  block = Block::grow(std::move(block), 2'000);
  CHECK(second.used() == cost + 1'000);
  block = {};
  CHECK(second.used() == 0);
}

TEST_CASE("an output is charged for what waits in it") {
  Account account;
  Output output;
  output.charge_to(account);
  auto body = Block::allocate(10'000);
  output.append(std::string(5'000, 'x'));
  CHECK(account.used() >= 5'000);
  output.borrow(body, {body->data(), 10'000});
  CHECK(account.used() >= 15'000);
  body = {};
  output.consume(15'000);
  CHECK(account.used() == 0);
}

TEST_CASE("a body on its way in is charged with what has come of it") {
  Account account;
  {
    IncomingBody body{1'000'000, 100, IncomingBody::Mode::kept, &account};
    CHECK(account.used() == 0);
    body.append(std::string(1'000, 'x'));
    CHECK(account.used() >= 1'100);
    CHECK(account.used() < 2'000);
    body.append(std::string(100'000, 'x'));
    CHECK(account.used() >= 101'000);
  }
  CHECK(account.used() == 0);
}

TEST_CASE("contents under way on any number of channels are charged") {
  Account account;
  {
    AmqpCodec codec{Limits{}, &account};
    Decoding decoding{codec};
    for (std::uint16_t channel = 1; channel <= 100; ++channel) {
      const auto whole = encoded(
          codec, {.channel = channel, .method = basic::Publish{.routing_key = "q"}, .content = {{.body = "body"}}});
      REQUIRE(decoding.feed(std::string_view{whole}.substr(0, whole.size() - 12), 1));
    }
    CHECK(decoding.transcript().empty());
    CHECK(codec.has_partial_content());
    CHECK(account.used() >= 100 * 100);
    CHECK(account.used() < 100 * 1'000);
  }
  CHECK(account.used() == 0);
}

TEST_CASE("a JSON header is charged while its body is on its way") {
  Account account;
  {
    JsonCodec codec{Limits{}, &account};
    Decoding decoding{codec};
    FieldTableWriter headers;
    headers.string("x", std::string(50'000, 'x'));
    std::string properties;
    encode({.headers = headers.table()}, properties);
    const auto whole = encoded(codec, {.channel = 1,
                                       .method = basic::Publish{.routing_key = "q"},
                                       .content = {{.properties = Properties{properties}, .body = "body"}}});
    REQUIRE(decoding.feed(std::string_view{whole}.substr(0, whole.size() - 1)));
    CHECK(account.used() >= 50'000);
    CHECK(account.used() < 120'000);
    REQUIRE(decoding.feed("y"));
    CHECK(decoding.transcript().size() == 1);
    CHECK(account.used() == 0);
  }
}
