// What the connections of a broker share.
#pragma once

#include <string>
#include <utility>

#include "broker/access/login_throttle.hpp"
#include "broker/access/users.hpp"
#include "broker/channel/direct_reply.hpp"
#include "broker/core/context.hpp"
#include "broker/core/gradual_table.hpp"
#include "broker/session/command_gate.hpp"
#include "broker/vhost/virtual_hosts.hpp"

namespace pocketmq::broker {

class Session;

struct BrokerState {
  BrokerState(Options options, Observer* observer, ConnectionObserver* log)
      : context{std::move(options), observer, log} {}

  Context context;
  std::string server_properties{};  // what connection.start tells clients: an encoded table
  VirtualHosts virtual_hosts{context};
  Users users{};
  LoginThrottle login_throttle{context.options().login_failures_max};
  DirectReplies direct_replies{context};
  GradualSet<Session*> sessions{};
  bool is_down{false};  // new connections are cut without a word
  CommandGates gates{};
};

}  // namespace pocketmq::broker
