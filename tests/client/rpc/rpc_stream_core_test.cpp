// Stream calls: many replies to one request, in order, and an end.
#include "tests/client/rpc/rpc_world.hpp"

namespace pocketmq::client {
namespace {

using namespace protocol;

struct StreamWorld : RpcWorld {
  using RpcWorld::RpcWorld;

  RpcCore::CallId streams(RpcRequest request = {}) {
    request.queue = "count";
    request.payload = {"3"};
    request.on_element = [this](std::string body) {
      if (elements.size() == room) return false;
      elements.push_back(std::move(body));
      return true;
    };
    return calls(std::move(request));
  }
  void sends(std::int64_t number, std::string_view body) { replies(1, body, {}, Sequence{number}); }
  void ends(std::int64_t number) { replies(1, "", {}, Sequence{number, true}); }

  Strings elements;
  std::size_t room{10};
};

TEST_CASE("a stream's elements come in order, and then its end") {
  StreamWorld world{any_encoding()};
  world.streams();
  world.hears_request("count", "3");
  world.sends(0, "a");
  world.sends(1, "b");
  CHECK(world.elements == Strings{"a", "b"});
  CHECK(world.outcome.results.empty());
  world.ends(2);
  CHECK(world.outcome.results == Strings{""});
  CHECK(world.rpc.pending_calls() == 0);
  CHECK(world.peer->hears_nothing());
}

TEST_CASE("a stream may be empty") {
  StreamWorld world{any_encoding()};
  world.streams();
  world.ends(0);
  CHECK(world.elements.empty());
  CHECK(world.outcome.results == Strings{""});
}

TEST_CASE("an element that comes twice is dropped and counted") {
  StreamWorld world{any_encoding()};
  world.streams();
  world.sends(0, "a");
  world.sends(0, "a");
  world.sends(1, "b");
  world.sends(0, "a");
  world.ends(2);
  world.ends(2);
  CHECK(world.elements == Strings{"a", "b"});
  CHECK(world.outcome.results == Strings{""});
  CHECK(world.rpc.dropped_replies() == 3);
}

TEST_CASE("a gap in a stream is a loss of data") {
  StreamWorld world{any_encoding()};
  world.streams();
  world.hears_request("count", "3");
  world.sends(0, "a");
  world.sends(3, "d");
  CHECK(world.outcome.results == Strings{"data_loss: the stream of 'count' lost its elements from 1 to 2"});
  world.hears_cancel(1);
  CHECK(world.rpc.pending_calls() == 0);
}

TEST_CASE("an end that says more elements than have come is a loss of data as well") {
  StreamWorld world{any_encoding()};
  world.streams();
  world.ends(2);
  CHECK(world.outcome.results == Strings{"data_loss: the stream of 'count' lost its elements from 0 to 1"});
}

TEST_CASE("an error ends a stream") {
  StreamWorld world{any_encoding()};
  world.streams();
  world.sends(0, "a");
  world.replies(1, R"({"code":"internal","message":"tired"})", "rpc.error", Sequence{1, true});
  CHECK(world.elements == Strings{"a"});
  CHECK(world.outcome.results == Strings{"internal: tired"});
}

TEST_CASE("a plain reply to a stream call is one element and the end") {
  StreamWorld world{any_encoding()};
  world.streams();
  world.replies(1, "alone");
  CHECK(world.elements == Strings{"alone"});
  CHECK(world.outcome.results == Strings{""});
}

TEST_CASE("a stream to a plain call is an error that says so, and is stopped") {
  RpcWorld world{any_encoding()};
  world.calls("count", "3");
  world.hears_request("count", "3");
  world.replies(1, "a", {}, Sequence{0});
  CHECK(world.outcome.results == Strings{"internal: 'count' is a stream procedure; call it as Stream<T>"});
  world.hears_cancel(1);
}

TEST_CASE("a stream whose reader has no room left is stopped") {
  StreamWorld world{any_encoding()};
  world.room = 2;
  world.streams();
  world.hears_request("count", "3");
  for (int i = 0; i < 4; ++i) world.sends(i, "x");
  CHECK(world.elements.size() == 2);
  CHECK(world.outcome.results
        == Strings{"resource_exhausted: the stream of 'count' sent more than its reader left room for"});
  world.hears_cancel(1);
  CHECK(world.rpc.dropped_replies() == 1);
}

TEST_CASE("a stream's time goes to its end") {
  StreamWorld world{any_encoding()};
  world.streams();
  world.hears_request("count", "3");
  world.advance(900ms);
  world.sends(0, "a");
  world.advance(100ms);
  CHECK(world.outcome.results == Strings{"deadline_exceeded: no reply from 'count' in time"});
  world.hears_cancel(1);
}

TEST_CASE("an idempotent stream that is sent again goes on where it was") {
  StreamWorld world{any_encoding()};
  world.streams({.timeout = 10s, .idempotent = true});
  world.sends(0, "a");
  world.sends(1, "b");
  world.vanishes();
  world.connects();
  world.hears_request("count", "3");
  world.sends(0, "a");
  world.sends(1, "b");
  world.sends(2, "c");
  world.ends(3);
  CHECK(world.elements == Strings{"a", "b", "c"});
  CHECK(world.outcome.results == Strings{""});
  CHECK(world.rpc.dropped_replies() == 2);
}

}  // namespace
}  // namespace pocketmq::client
