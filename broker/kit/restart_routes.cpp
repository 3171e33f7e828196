// /test/restart
#include <utility>

#include <nlohmann/json.hpp>

#include "broker/control/restart_json.hpp"
#include "broker/control/testbed.hpp"
#include "broker/kit/kit_parts.hpp"
#include "broker/kit/kit_request.hpp"
#include "broker/request/request_body.hpp"

namespace pocketmq::broker::http {
namespace {

void restart(Testbed& testbed, const Request& request, Responder responder) {
  auto wanted = restart_request_of(json_of_body(request.body));
  if (!wanted.virtual_host.empty()) (void)testbed.scopes().require(wanted.virtual_host);
  testbed.restart().restart(std::move(wanted),
                            [responder = std::move(responder)](const Restart::Result& result) mutable {
                              responder.send(json_answer(json_of(result)));
                            });
}

}  // namespace

void serve_restart(Router& router, Testbed& testbed) {
  router.post("/test/restart", refusing([&testbed](Request& request, Responder responder) {
                restart(testbed, request, std::move(responder));
              }));
}

}  // namespace pocketmq::broker::http
