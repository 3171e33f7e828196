// Replies that cannot be read.
#include "tests/client/rpc/rpc_world.hpp"

namespace pocketmq::client {
namespace {

using namespace protocol;

// Its headers nest deeper than tables may.
void says_unreadable(RpcWorld& world, std::size_t call) {
  std::string table;
  for (int depth = 0; depth < 70; ++depth) {
    FieldTableWriter outer;
    outer.table("t", FieldTable{table});
    table = outer.table().encoded();
  }
  const auto id = world.id(call);
  std::string encoded;
  encode(BasicProperties{.headers = FieldTable{table}, .correlation_id = ShortString{id}}, encoded);
  world.peer->says(1, basic::Deliver{.consumer_tag = world.consumer_tag, .delivery_tag = 1},
                   Content{.properties = protocol::Properties{encoded}, .body = "55"});
}

TEST_CASE("a reply that cannot be read fails its own call") {
  RpcWorld world{any_encoding()};
  world.calls("fib", "10");
  world.calls("fib", "20");
  says_unreadable(world, 1);
  REQUIRE(world.outcome.results.size() == 1);
  CHECK_THAT(world.outcome.results[0], Catch::StartsWith("internal: the reply of 'fib' cannot be read: "));
  world.replies(2, "6765");
  CHECK(world.outcome.results.back() == "6765");
}

TEST_CASE("a stream element that cannot be read fails its own call, and stops its server") {
  RpcWorld world{any_encoding()};
  Strings elements;
  world.calls({.queue = "count", .payload = {"3"}, .on_element = [&](std::string element) {
                 elements.push_back(std::move(element));
                 return true;
               }});
  world.hears_request("count", "3");
  world.replies(1, "0", {}, Sequence{0});
  says_unreadable(world, 1);
  CHECK(elements == Strings{"0"});
  REQUIRE(world.outcome.results.size() == 1);
  CHECK_THAT(world.outcome.results[0], Catch::StartsWith("internal: the reply of 'count' cannot be read: "));
  world.hears_cancel(1);
}

}  // namespace
}  // namespace pocketmq::client
