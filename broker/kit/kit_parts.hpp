// The routes below /test, by their subject.
#pragma once

#include "broker/kit/kit_settings.hpp"

namespace pocketmq::broker {

class Testbed;

namespace http {

class Router;

void serve_scopes(Router& router, Testbed& testbed, const KitSettings& settings);
void serve_clock(Router& router, Testbed& testbed);
void serve_messages(Router& router, Testbed& testbed);
void serve_looks(Router& router, Testbed& testbed);
void serve_awaits(Router& router, Testbed& testbed);
void serve_faults(Router& router, Testbed& testbed);
void serve_pause(Router& router, Testbed& testbed);
void serve_restart(Router& router, Testbed& testbed);

}  // namespace http

}  // namespace pocketmq::broker
