// What a virtual host tells the journal of itself, its exchanges, bindings and policies. Each function does nothing if
// nobody listens.
#pragma once

#include <string>

#include "broker/core/context.hpp"
#include "broker/queue/binding.hpp"
#include "broker/routing/exchange.hpp"
#include "broker/vhost/policy.hpp"

namespace pocketmq::broker {

class VirtualHostEvents {
 public:
  /// Both must outlive it. `name` is the virtual host's.
  VirtualHostEvents(Context& context, const std::string& name) : context_{context}, name_{name} {}

  void created() const;
  void deleted() const;
  void exchange_declared(const Exchange& exchange, bool created) const;
  void exchange_deleted(const Exchange& exchange, event::Gone reason) const;
  void bound(const Binding& binding) const;
  void unbound(const Binding& binding, event::Gone reason) const;
  void policy_set(const Policy& policy) const;

 private:
  Context& context_;
  const std::string& name_;
};

}  // namespace pocketmq::broker
