#include "broker/kit/kit_routes.hpp"

#include <optional>

#include "broker/control/testbed.hpp"
#include "broker/http/broker_routes.hpp"
#include "broker/http/journal_routes.hpp"
#include "broker/http/router.hpp"
#include "broker/kit/kit_parts.hpp"
#include "broker/session/broker.hpp"

namespace pocketmq::broker::http {
namespace {

std::optional<Response> refuse_other_machines(Request& request) {
  if (request.caller.from_loopback) return std::nullopt;
  return error(403,
               "/test is for callers on the broker's own machine; start the broker with --test-from-anywhere if "
               "others may do everything that a test may do");
}

}  // namespace

void serve_kit(Router& router, Testbed& testbed, const KitSettings& settings) {
  if (settings.callers == KitCallers::on_this_machine) router.guard("/test", refuse_other_machines);
  serve_journal(router, testbed.broker().context(), "/test");
  serve_state(router, testbed.broker(), "/test");
  serve_scopes(router, testbed, settings);
  serve_clock(router, testbed);
  serve_messages(router, testbed);
  serve_looks(router, testbed);
  serve_restart(router, testbed);
  serve_awaits(router, testbed);
  serve_faults(router, testbed);
  serve_pause(router, testbed);
}

}  // namespace pocketmq::broker::http
