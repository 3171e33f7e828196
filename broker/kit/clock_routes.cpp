// /test/clock
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "broker/control/testbed.hpp"
#include "broker/journal/utc_text.hpp"
#include "broker/kit/kit_parts.hpp"
#include "broker/kit/kit_request.hpp"
#include "broker/request/duration.hpp"
#include "broker/request/request_body.hpp"
#include "broker/session/broker.hpp"

namespace pocketmq::broker::http {
namespace {

using Json = nlohmann::ordered_json;

struct ClockRequest {
  std::optional<std::chrono::nanoseconds> advance{};
  bool freeze{false};
  bool run{false};
  std::optional<std::string> scope{};
  bool all{false};
};

ClockRequest clock_request_of(const Request& request) {
  return read_object(json_of_body(request.body), [](JsonObject& body) {
    ClockRequest wanted{.advance = duration_in(body, "advance"),
                        .freeze = body.boolean("freeze", false),
                        .run = body.boolean("run", false),
                        .scope = body.optional_text("scope"),
                        .all = body.boolean("all", false)};
    if (wanted.advance.has_value() + wanted.freeze + wanted.run != 1)
      body.refuse("advance", R"(write one of {"advance": "24h"}, {"freeze": true} and {"run": true})");
    return wanted;
  });
}

// All scopes have one clock.
void require_no_other_scope(Testbed& testbed, const ClockRequest& wanted) {
  if (wanted.scope) (void)testbed.scopes().require(*wanted.scope);
  if (wanted.all || testbed.scopes().all().size() <= 1) return;
  std::string others;
  for (const auto& [id, scope] : testbed.scopes().all())
    if (id != wanted.scope) others += (others.empty() ? "'" : ", '") + id + "'";
  throw ControlError{ControlError::Kind::conflict,
                     "a broker has one clock, and there are other scopes: " + others
                         + "; use a broker for each test worker, end those scopes, or add \"all\": true if the clock may go "
                           "ahead for them too"};
}

Json state_of(Testbed& testbed) {
  auto& context = testbed.broker().context();
  return {{"now", utc_text<std::chrono::microseconds>(context.journal().now().shown)},
          {"frozen", testbed.clock().is_frozen()}};
}

/// Counts the events of each kind as long as it lives.
class EventCounts {
 public:
  explicit EventCounts(Journal& journal)
      : counting_{journal.subscribe(
          [this](const Entry& entry) { ++counts_[entry.kind().name]; },
          {.categories = {event::Category::connections, event::Category::topology, event::Category::messages}})} {}

  [[nodiscard]] Json json() const {
    auto json = Json::object();
    for (const auto& [kind, count] : counts_) json[std::string{kind}] = count;
    return json;
  }

 private:
  std::map<std::string_view, std::uint64_t> counts_;
  Subscription counting_;
};

void answer(Testbed& testbed, const Request& request, Responder responder) {
  const auto wanted = clock_request_of(request);
  require_no_other_scope(testbed, wanted);
  auto& clock = testbed.clock();
  const auto real_now = testbed.broker().context().clock().real_now();
  if (wanted.freeze) clock.freeze(real_now);
  if (wanted.run) clock.run(real_now);
  if (!wanted.advance) return responder.send(json_answer(state_of(testbed)));
  auto counts = std::make_unique<EventCounts>(testbed.broker().journal());
  clock.advance(*wanted.advance, [&testbed, counts = std::move(counts), responder = std::move(responder)]() mutable {
    auto json = state_of(testbed);
    json["happened"] = counts->json();
    responder.send(json_answer(json));
  });
}

}  // namespace

void serve_clock(Router& router, Testbed& testbed) {
  router.get("/test/clock", [&testbed](Request&) { return json_answer(state_of(testbed)); });
  router.post("/test/clock", refusing([&testbed](Request& request, Responder responder) {
                answer(testbed, request, std::move(responder));
              }));
}

}  // namespace pocketmq::broker::http
