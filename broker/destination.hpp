// What a binding leads to: a queue or an exchange. It knows the bindings to it, so that they go when it goes.
#pragma once

#include <cstdint>

#include "broker/binding.hpp"

namespace pocketmq::broker {

class Router;

class Destination {
 public:
  [[nodiscard]] const BindingsToDestination& bindings_to() const { return bindings_to_; }

 protected:
  Destination() = default;
  ~Destination() = default;

 private:
  friend class BindingTable;
  friend class Router;

  /// Adds itself to what the router has reached.
  virtual void join(Router& router) = 0;

  BindingsToDestination bindings_to_;
  mutable std::uint64_t reached_in_{0};  // the router's latest round that got here
};

}  // namespace pocketmq::broker
