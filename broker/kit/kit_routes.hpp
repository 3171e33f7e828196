// The test kit over HTTP, below /test (broker/control/README.md). It asks for no user: whoever reaches it may do
// everything.
#pragma once

#include "broker/kit/kit_settings.hpp"

namespace pocketmq::broker {

class Testbed;

namespace http {

class Router;

/// Adds the routes. `testbed` must outlive the router.
void serve_kit(Router& router, Testbed& testbed, const KitSettings& settings = {});

}  // namespace http

}  // namespace pocketmq::broker
