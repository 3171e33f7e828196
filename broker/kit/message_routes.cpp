// /test/messages
#include <limits>
#include <string>

#include <nlohmann/json.hpp>

#include "broker/account/condition_json.hpp"
#include "broker/account/ledger_json.hpp"
#include "broker/control/test_message.hpp"
#include "broker/control/testbed.hpp"
#include "broker/http/query.hpp"
#include "broker/kit/kit_parts.hpp"
#include "broker/kit/kit_request.hpp"
#include "broker/request/request_body.hpp"
#include "broker/session/broker.hpp"
#include "protocol/base/whole_number.hpp"

namespace pocketmq::broker::http {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t messages_at_once_max = 10'000;
constexpr std::uint64_t number_max = std::numeric_limits<std::int64_t>::max();

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

Response list_messages(Testbed& testbed, const Request& request) {
  require_known_query(request, {"scope", "queue", "state", "from"});
  MessageQuery query{.vhost = scope_in_query(testbed, request)};
  if (const auto queue = request.query_value("queue")) query.queue = std::string{*queue};
  if (const auto state = request.query_value("state")) query.state = message_state_of(*state);
  query.from = number_in_query(request, "from", 1, number_max).value_or(1);
  const auto page = testbed.ledger().messages(query);
  auto list = Json::array();
  for (const auto* message : page.messages) list.push_back(json_of(testbed.broker(), testbed.ledger(), *message));
  Json answer{{"messages", list}};
  if (page.next != 0) answer["next"] = page.next;
  return json_answer(answer);
}

Response show_message(Testbed& testbed, const Request& request) {
  std::string text = request.parameter("number");
  if (const auto fault = protocol::fault_of_whole_number(text, 1, number_max); !fault.empty())
    throw HttpError{400, "a message's number " + fault};
  const auto number = std::stoull(text);
  const auto* const message = testbed.ledger().find(number);
  if (message == nullptr)
    throw ControlError{
        ControlError::Kind::unknown,
        "there is no message " + text + ", or it has ended long ago; GET /test/messages lists those that are known"};
  auto answer = json_of(testbed.broker(), testbed.ledger(), *message);
  answer["life"] = Json::array();
  for (const auto& line : testbed.ledger().life(number)) answer["life"].push_back(Json::parse(line));
  return json_answer(answer);
}

}  // namespace

void serve_messages(Router& router, Testbed& testbed) {
  router.get("/test/messages", refusing([&testbed](Request& request) { return list_messages(testbed, request); }));
  router.get("/test/messages/{number}",
             refusing([&testbed](Request& request) { return show_message(testbed, request); }));
  router.post("/test/messages", refusing([&testbed](Request& request) { return publish_message(testbed, request); }));
}

}  // namespace pocketmq::broker::http
