// Looks up names while a message is routed. It is a virtual host.
#pragma once

#include <string>
#include <string_view>

namespace pocketmq::broker {

class Exchange;
class Queue;

class ExchangeDirectory {
 public:
  /// The name of the virtual host.
  [[nodiscard]] virtual const std::string& name() const = 0;
  /// Null if there is none.
  [[nodiscard]] virtual Exchange* find_exchange(std::string_view name) const = 0;
  /// The queue to which the default exchange routes that name. Null if there is none.
  [[nodiscard]] virtual Queue* find_queue(std::string_view name) const = 0;

 protected:
  ~ExchangeDirectory() = default;
};

}  // namespace pocketmq::broker
