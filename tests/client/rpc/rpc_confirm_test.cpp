// Calls whose requests the broker confirms.
#include "tests/client/rpc/rpc_world.hpp"

namespace pocketmq::client {
namespace {

using namespace protocol;

constexpr RpcSettings with_confirms{.confirm = true};

TEST_CASE("a request that the broker refuses is an exhausted resource") {
  RpcWorld world{any_encoding(), with_confirms};
  world.calls("full", "1");
  world.calls("fib", "2");
  world.hears_request("full", "1");
  world.hears_request("fib", "2");
  world.peer->says(1, basic::Nack{.delivery_tag = 1});
  CHECK(world.outcome.results
        == Strings{"resource_exhausted: the broker refused the request: the queue 'full' is full"});
  world.peer->says(1, basic::Ack{.delivery_tag = 2});
  world.replies(2, "2");
  CHECK(world.outcome.results.size() == 2);
  CHECK(world.outcome.results[1] == "2");
}

TEST_CASE("one nack may be for several requests") {
  RpcWorld world{any_encoding(), with_confirms};
  for (const auto* body : {"1", "2", "3"}) world.calls("fib", body);
  world.peer->says(1, basic::Ack{.delivery_tag = 1});
  world.peer->says(1, basic::Nack{.delivery_tag = 2, .multiple = true});
  CHECK(world.outcome.results.size() == 1);
  world.peer->says(1, basic::Nack{.delivery_tag = 3, .multiple = true});
  CHECK(world.outcome.results.size() == 2);
  CHECK(world.rpc.pending_calls() == 1);
}

TEST_CASE("a return comes first, and the ack after it is ignored") {
  RpcWorld world{any_encoding(), with_confirms};
  world.calls("fib", "10");
  world.hears_request("fib", "10");
  world.returns("fib");
  world.peer->says(1, basic::Ack{.delivery_tag = 1});
  CHECK(world.outcome.results == Strings{"unavailable (no_queue): there is no queue 'fib'; is its server running?"});
}

TEST_CASE("a cancellation is a publish as well, and has a number") {
  RpcWorld world{any_encoding(), with_confirms};
  world.rpc.cancel(world.calls("fib", "1"));
  world.calls("full", "2");
  world.peer->says(1, basic::Nack{.delivery_tag = 2});
  CHECK(world.outcome.results.size() == 1);
  world.peer->says(1, basic::Nack{.delivery_tag = 3});
  CHECK(world.outcome.results.size() == 2);
}

TEST_CASE("a time-out says whether the broker had the request") {
  RpcWorld world{any_encoding(), with_confirms};
  world.calls("fib", "1", 1s);
  world.calls("fib", "2", 2s);
  world.peer->says(1, basic::Ack{.delivery_tag = 2});
  world.advance(2s);
  CHECK(world.outcome.results
        == Strings{"deadline_exceeded: no reply from 'fib' in time; the broker had not confirmed the request",
                   "deadline_exceeded: no reply from 'fib' in time; the broker had taken the request"});
}

}  // namespace
}  // namespace pocketmq::client
