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
/// Answers now or later. May move from the request. May throw as well, as long as it has not answered.
using LateHandler = std::function<void(Request&, Responder)>;
/// Lets a request pass, or answers it. It is asked before the body has come.
using Guard = std::function<std::optional<Response>(Request&)>;

struct RouteSettings {
  /// The content types that a body may have. Types that any web page may send to any site (text/plain and forms) are
  /// never accepted.
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

  /// Of two patterns that match, the one with a fixed part takes precedence over the one with a parameter there, from
  /// left to right. The same method and pattern must not be added twice.
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

  /// `guard` is called for every request whose path is `prefix` or below it, even if there is no such route. Several
  /// guards are called in the order in which they were added.
  void guard(std::string_view prefix, Guard guard);

  /// Finds the route of a request, and fills in the request's `parameters`. If there is no route, or a guard answers,
  /// returns the answer: 404, 405 with Allow, that of OPTIONS, or the guard's. Valid until the next `add`.
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
