// The journal over HTTP (broker/journal/README.md): `GET /journal` as NDJSON or as server-sent events, and
// `GET /journal/schema`.
#pragma once

namespace pocketmq::broker {

class Context;

namespace http {

class Router;

/// Adds the routes. `context`, a broker's, must outlive the router.
void serve_journal(Router& router, Context& context);

}  // namespace http

}  // namespace pocketmq::broker
