// Which handler answers a request: by its method and its path.
//
//     router.get("/api/queues/{vhost}/{name}", [&](Request& request) { return json(text_of(queue(request))); });
//     router.post("/test/await", [&](Request& request, Responder responder) { ... });  // answers later
//     router.get("/page/{file...}", ...);                                              // the rest of the path
//     router.guard("/api", basic_auth("RabbitMQ Management", check));
//
// A GET's handler serves HEAD, and OPTIONS tells which methods there are.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/http/responder.hpp"

namespace pocketmq::broker::http {

/// Answers at once. May throw HttpError instead; any other exception becomes a 500.
using Handler = std::function<Response(Request&)>;
/// Answers now or later. May move from the request, and may throw as well as long as it has not answered.
using LateHandler = std::function<void(Request&, Responder)>;
/// Lets a request pass, or answers it. It is asked before the body has come.
using Guard = std::function<std::optional<Response>(Request&)>;

struct RouteSettings {
  /// Content types of bodies. Those that any web page may send to any site (text/plain and forms) are never taken.
  std::vector<std::string> content_types{"application/json"};
};

class Router {
 public:
  struct Route {
    Method method;
    std::vector<std::string> pattern;  // "{name}" stands for a segment, "{name...}" for all that are left
    LateHandler handler;
    RouteSettings settings;
  };
  /// Either a route or an answer.
  struct Found {
    const Route* route{nullptr};
    std::optional<Response> answer{};
  };

  /// A path's parts that are fixed take precedence over those that are not, from left to right. The same method and
  /// pattern must not be added twice.
  void add(Method method, std::string_view pattern, Handler handler, RouteSettings settings = {});
  void add(Method method, std::string_view pattern, LateHandler handler, RouteSettings settings = {});

  template <class F> void get(std::string_view pattern, F handler) { add(Method::get, pattern, std::move(handler)); }
  template <class F> void post(std::string_view pattern, F handler, RouteSettings settings = {}) {
    add(Method::post, pattern, std::move(handler), std::move(settings));
  }
  template <class F> void put(std::string_view pattern, F handler, RouteSettings settings = {}) {
    add(Method::put, pattern, std::move(handler), std::move(settings));
  }
  template <class F> void remove(std::string_view pattern, F handler) {
    add(Method::remove, pattern, std::move(handler));
  }

  /// `guard` is asked for every request whose path is `prefix` or lies below it, whether there is such a route or not.
  /// Several are asked in the order in which they were added.
  void guard(std::string_view prefix, Guard guard);

  /// Fills in the request's `parameters` if there is a route. The answer is 404, 405 with Allow, that of OPTIONS, or a
  /// guard's. Valid until the next `add`.
  [[nodiscard]] Found find(Request& request) const;

 private:
  struct Guarded {
    std::vector<std::string> prefix;
    Guard guard;
  };

  std::vector<Route> routes_;
  std::vector<Guarded> guards_;
};

}  // namespace pocketmq::broker::http
