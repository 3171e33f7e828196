// What a broker serves over HTTP: its journal and its state, to its monitoring users.
#pragma once

namespace pocketmq::broker {

class Broker;

namespace http {

class Router;

/// Adds the routes, and the guards that ask for a user. `broker` must outlive the router.
void serve_broker(Router& router, Broker& broker);

}  // namespace http

}  // namespace pocketmq::broker
