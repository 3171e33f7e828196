// The journal over HTTP (broker/journal/README.md): `GET /journal` as NDJSON or as server-sent events, and
// `GET /journal/schema`.
#pragma once

#include <string>

namespace pocketmq::broker {

class Context;

namespace http {

class Router;

/// Adds the routes, with `below` in front of their paths. `context`, a broker's, must outlive the router.
void serve_journal(Router& router, Context& context, const std::string& below = "");

}  // namespace http

}  // namespace pocketmq::broker
