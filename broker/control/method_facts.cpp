#include "broker/control/method_facts.hpp"

#include <algorithm>
#include <array>

#include "protocol/vocabulary/method.hpp"

namespace pocketmq::broker {
namespace {

using namespace std::string_view_literals;

constexpr std::array both_ways{"connection.close"sv, "connection.close-ok"sv, "channel.flow"sv, "channel.flow-ok"sv,
                               "channel.close"sv,    "channel.close-ok"sv,    "basic.cancel"sv, "basic.cancel-ok"sv,
                               "basic.ack"sv,        "basic.nack"sv};
// All other methods whose names end in "-ok" go to the client, and all other methods to the broker.
constexpr std::array to_broker{"connection.start-ok"sv, "connection.secure-ok"sv, "connection.tune-ok"sv};
constexpr std::array to_client{"connection.start"sv,   "connection.secure"sv,    "connection.tune"sv,
                               "connection.blocked"sv, "connection.unblocked"sv, "basic.return"sv,
                               "basic.deliver"sv,      "basic.get-empty"sv};

bool is_one_of(std::string_view method, const auto& methods) {
  return std::ranges::find(methods, method) != methods.end();
}

}  // namespace

MethodWays ways_of(std::string_view method) {
  if (protocol::find_method(method) == nullptr) return {};
  if (is_one_of(method, both_ways)) return {.to_broker = true, .to_client = true};
  if (is_one_of(method, to_broker)) return {.to_broker = true};
  if (is_one_of(method, to_client) || method.ends_with("-ok")) return {.to_client = true};
  return {.to_broker = true};
}

MethodFields fields_of(std::string_view method) {
  constexpr std::array names_delivery{"basic.ack"sv, "basic.nack"sv, "basic.reject"sv};
  constexpr std::array names_consumer{"basic.deliver"sv, "basic.consume-ok"sv};
  const auto* const found = protocol::find_method(method);
  if (found == nullptr) return {};
  MethodFields fields{.body = protocol::carries_content(*found)};
  std::visit(
      [&](auto m) {
        m.describe(m, [&](const protocol::FieldName& name, const auto&) {
          fields.queue |= name.text() == "queue";
          fields.exchange |= name.text() == "exchange" || name.text() == "source";
          fields.routing_key |= name.text() == "routing_key";
        });
      },
      *found);
  fields.queue |= is_one_of(method, names_delivery) || is_one_of(method, names_consumer);
  return fields;
}

}  // namespace pocketmq::broker
