// /test/await
#include <memory>
#include <utility>

#include <nlohmann/json.hpp>

#include "broker/account/condition_json.hpp"
#include "broker/account/ledger_json.hpp"
#include "broker/control/testbed.hpp"
#include "broker/kit/kit_parts.hpp"
#include "broker/kit/kit_request.hpp"
#include "broker/request/request_body.hpp"

namespace pocketmq::broker::http {
namespace {

unsigned status_of(AwaitOutcome::Is is) {
  switch (is) {
    case AwaitOutcome::Is::holds: return 200;
    case AwaitOutcome::Is::timeout: return 408;
    case AwaitOutcome::Is::cannot_hold: return 409;
  }
  return 500;
}

void await(Testbed& testbed, const Request& request, Responder responder) {
  auto wanted = await_of(json_of_body(request.body));
  if (wanted.scope) (void)testbed.scopes().require(*wanted.scope);
  const auto waiting = shared(std::move(responder));
  const auto number = testbed.awaits().add(std::move(wanted), [&testbed, waiting](const AwaitOutcome& outcome) {
    waiting->send(json_answer(json_of(testbed.broker(), testbed.ledger(), outcome), status_of(outcome.is)));
  });
  waiting->on_gone([&testbed, number] { testbed.awaits().cancel(number); });
}

}  // namespace

void serve_awaits(Router& router, Testbed& testbed) {
  router.post("/test/await", refusing([&testbed](Request& request, Responder responder) {
                await(testbed, request, std::move(responder));
              }));
}

}  // namespace pocketmq::broker::http
