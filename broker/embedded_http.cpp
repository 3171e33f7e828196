#include "broker/embedded_http.hpp"

#include <memory>
#include <utility>

#include "broker/http/broker_routes.hpp"
#include "broker/http/http_server.hpp"
#include "broker/session/broker.hpp"

namespace pocketmq::broker {

HttpMaker with_http(std::vector<std::string> host_names) {
  return [host_names = std::move(host_names)](Broker& broker) -> std::shared_ptr<http::HttpEntrance> {
    auto server = std::make_shared<http::HttpServer>(broker.context(), host_names);
    http::serve_broker(server->router(), broker);
    return server;
  };
}

}  // namespace pocketmq::broker
