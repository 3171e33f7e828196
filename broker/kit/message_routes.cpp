// /test/messages
#include <string>

#include <nlohmann/json.hpp>

#include "broker/control/request_body.hpp"
#include "broker/control/test_message.hpp"
#include "broker/control/testbed.hpp"
#include "broker/kit/kit_parts.hpp"
#include "broker/kit/kit_request.hpp"
#include "broker/session/broker.hpp"

namespace pocketmq::broker::http {
namespace {

constexpr std::uint64_t messages_at_once_max = 10'000;

Response publish_message(Testbed& testbed, const Request& request) {
  const auto& limits = testbed.broker().context().options().limits;
  std::string virtual_host;
  std::uint64_t count = 1;
  const auto message = read_object(json_of_body(request.body), [&](JsonObject& body) {
    virtual_host = scope_or_default(testbed, body);
    count = body.whole_number("count", 1, messages_at_once_max).value_or(1);
    return test_message_in(body, limits);
  });
  Published first;
  for (std::uint64_t i = 0; i < count; ++i) {
    auto published = publish(testbed.broker(), virtual_host, message);
    if (i == 0) first = std::move(published);
  }
  return json_answer({{"message", first.message}, {"count", count}, {"queues", first.queues}}, 201);
}

}  // namespace

void serve_messages(Router& router, Testbed& testbed) {
  router.post("/test/messages", refusing([&testbed](Request& request) { return publish_message(testbed, request); }));
}

}  // namespace pocketmq::broker::http
