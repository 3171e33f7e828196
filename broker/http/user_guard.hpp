// Lets only the broker's own users ask over HTTP, with their passwords.
#pragma once

#include "broker/http/router.hpp"

namespace pocketmq::broker {

class Broker;

namespace http {

/// A guard for what shows everything that is in the broker, in all virtual hosts: as on RabbitMQ it wants a user with
/// the tag "monitoring" or "administrator". The user guest may ask from loopback only. Failed log-ins count as those of
/// other connections do; after too many of them from one address, the next requests from there get 429, whatever their
/// password (login_throttle.hpp). `broker` must outlive the guard.
[[nodiscard]] Guard monitoring_users(Broker& broker);

}  // namespace http

}  // namespace pocketmq::broker
