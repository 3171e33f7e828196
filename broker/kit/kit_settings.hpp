// How the test kit is served over HTTP.
#pragma once

#include <cstdint>
#include <string>

namespace pocketmq::broker::http {

enum class KitCallers : std::uint8_t { on_this_machine, anywhere };

struct KitSettings {
  KitCallers callers{KitCallers::on_this_machine};
  /// HTTP's own port, if it has one beside the broker's port; 0 for none. The URLs of scopes name the host and the port
  /// by which a caller has reached the broker. If that is this port, they name `amqp_host_and_port`.
  std::uint16_t http_port{0};
  std::string amqp_host_and_port{};
};

}  // namespace pocketmq::broker::http
