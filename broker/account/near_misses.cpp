#include "broker/account/near_misses.hpp"

#include "broker/account/ledger_scope.hpp"
#include "broker/explain/edit_distance.hpp"
#include "broker/explain/explain.hpp"
#include "broker/session/broker.hpp"
#include "protocol/base/printable.hpp"

namespace pocketmq::broker {
namespace {}  // namespace

std::vector<std::string> near_misses_of(Broker& broker, const LedgerMessage& message) {
  auto* vhost = broker.find_virtual_host(message.scope->vhost);
  if (vhost == nullptr) return {};
  ExplainRequest request{.exchange = message.exchange, .routing_key = message.routing_key};
  if (const auto headers = protocol::Properties{message.properties}.headers()) request.headers = headers->encoded();
  const auto explanation = explain(*vhost, request, broker.context().budget());
  if (explanation.outcome != Explanation::Outcome::routed) return nearest_lines_of(explanation);
  std::string queues;
  for (const auto& queue : explanation.queues) queues += (queues.empty() ? "" : ", ") + shown_name(queue);
  return {"now it would go to " + queues + ": the queue or the binding came after the publish"};
}

std::vector<std::string> names_near(const std::string& name, const std::vector<std::string>& candidates) {
  auto names = nearest_names(name, candidates, 3);
  std::erase(names, "");
  return names;
}

}  // namespace pocketmq::broker
