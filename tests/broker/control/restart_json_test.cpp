#include "broker/control/restart_json.hpp"

#include <nlohmann/json.hpp>

#include "broker/request/control_error.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {

using broker::Restart;
using nlohmann::ordered_json;

TEST_CASE("a restart is read from JSON") {
  const auto whole = broker::restart_request_of(ordered_json::object());
  CHECK(whole.virtual_host.empty());
  CHECK(whole.loses == Restart::Loses::transient);
  CHECK(whole.down.count() == 0);
  const auto one =
      broker::restart_request_of(ordered_json::parse(R"({"scope": "retry-1", "lose": true, "down": "2s"})"));
  CHECK(one.virtual_host == "retry-1");
  CHECK(one.loses == Restart::Loses::everything);
  CHECK(one.down == std::chrono::seconds{2});
}

TEST_CASE("a restart with a member that does not exist is refused") {
  CHECK_THROWS_AS(broker::restart_request_of(ordered_json::parse(R"({"loose": true})")), broker::ControlError);
  CHECK_THROWS_AS(broker::restart_request_of(ordered_json::parse(R"({"down": 2})")), broker::ControlError);
}

TEST_CASE("a restart's result in JSON") {
  const auto json = broker::json_of(Restart::Result{.kept = {.queues = 1, .messages = 10}, .lost = {.bindings = 2}});
  CHECK(json.dump()
        == R"({"kept":{"queues":1,"exchanges":0,"bindings":0,"messages":10},)"
           R"("lost":{"queues":0,"exchanges":0,"bindings":2,"messages":0}})");
}

}  // namespace pocketmq::tests
