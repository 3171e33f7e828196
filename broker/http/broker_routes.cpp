#include "broker/http/broker_routes.hpp"

#include <cstddef>
#include <string>
#include <utility>

#include "broker/http/journal_routes.hpp"
#include "broker/http/query.hpp"
#include "broker/http/user_guard.hpp"
#include "broker/journal/broker_snapshot.hpp"
#include "broker/session/broker.hpp"

namespace pocketmq::broker::http {
namespace {

// The state is made in one turn, because it is that of one moment. These bounds keep the turn short.
constexpr std::size_t objects_max = 10'000;
constexpr std::size_t messages_max = 20'000;
constexpr std::size_t messages_each_default = 1'000;
// The cost of the state: bytes of JSON for each step of the budget.
constexpr std::size_t bytes_a_step = 4;

Response state_of(Broker& broker, const Request& request) {
  require_known_query(request, {"messages"});
  const auto messages = number_in_query(request, "messages", 0, messages_max).value_or(messages_each_default);
  const auto objects = snapshot_cost(broker);
  if (objects > objects_max)
    throw HttpError{503, "the broker has about " + std::to_string(objects) + " objects, and /state shows at most "
                             + std::to_string(objects_max)
                             + " of them, so that nobody has to wait; delete some, or read the journal"};
  auto text = to_json(snapshot_of(broker, {.messages_each = messages, .messages = messages_max}));
  broker.context().budget().use(text.size() / bytes_a_step);
  return json(std::move(text));
}

}  // namespace

void serve_broker(Router& router, Broker& broker) {
  router.guard("/journal", monitoring_users(broker));
  serve_journal(router, broker.context());
  router.guard("/state", monitoring_users(broker));
  serve_state(router, broker);
}

void serve_state(Router& router, Broker& broker, const std::string& below) {
  router.get(below + "/state", [&broker](Request& request) { return state_of(broker, request); });
}

}  // namespace pocketmq::broker::http
