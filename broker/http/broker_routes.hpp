// What a broker serves over HTTP: its journal and its state, to its monitoring users.
#pragma once

#include <string>

namespace pocketmq::broker {

class Broker;

namespace http {

class Router;

/// Adds the routes, and the guards that ask for a user. `broker` must outlive the router.
void serve_broker(Router& router, Broker& broker);

/// Adds `GET /state` alone, with `below` in front of the path and without a guard.
void serve_state(Router& router, Broker& broker, const std::string& below = "");

}  // namespace http

}  // namespace pocketmq::broker
