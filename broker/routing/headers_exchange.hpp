// A headers exchange routes a message to each binding whose arguments match the message's headers (AMQP 0-9-1,
// 3.1.3.4): all arguments, or at least one if `x-match` is "any". An argument of type void matches any value. Arguments
// that begin with "x-" are ignored, unless x-match is "all-with-x" or "any-with-x".
//
// A binding is filed under facts that it requires: if one fact is enough, under each; if all are needed, under the
// rarest. So routing a message only looks at bindings that share a fact with it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "broker/core/by_name.hpp"
#include "broker/core/gradual_table.hpp"
#include "broker/routing/exchange.hpp"

namespace pocketmq::broker {

/// What a binding's arguments want of a message's headers, as views of the arguments.
struct WantedHeaders {
  std::string_view match{};                // the value of x-match
  bool any{false};                         // one of `headers` is enough
  std::vector<protocol::Field> headers{};  // of type void: any value
};
/// `arguments` have passed `check_binding`.
[[nodiscard]] WantedHeaders wanted_headers(protocol::FieldTable arguments);
/// The fact that a message has that header.
[[nodiscard]] std::string wanted_fact(const protocol::Field& wanted);

class HeadersExchange final : public Exchange {
 public:
  using Exchange::Exchange;

  void check_binding(protocol::FieldTable arguments) const override;
  [[nodiscard]] bool route(const Message& message, Routing& routing) const override;

 private:
  /// The facts that a binding requires, and where the binding is filed.
  struct Requirement {
    struct Filing {
      std::string_view fact;  // a key of by_fact_
      std::size_t index;      // in the list of that fact
    };
    const Binding& binding;
    bool any{false};
    std::vector<std::string> facts{};
    std::vector<Filing> filings{};
  };
  struct Entry {
    Requirement* requirement;
    std::size_t filing;  // index into the requirement's filings
  };
  using Entries = std::vector<Entry>;

  void add(Binding& binding, Budget& budget) override;
  void remove(Binding& binding, Budget& budget) override;
  [[nodiscard]] std::size_t index_bytes() const override { return bytes_; }
  [[nodiscard]] static std::size_t bytes_of(const Requirement& requirement);
  void file_under(std::string_view fact, Requirement& requirement);
  [[nodiscard]] const std::string& rarest(const std::vector<std::string>& facts) const;
  static void route_if_met(const Requirement& requirement, Routing& routing);

  GradualMap<const Binding*, Requirement> requirements_;
  ByName<Entries> by_fact_;  // no list is empty; bindings without required facts are under the empty fact
  std::size_t bytes_{0};
};

}  // namespace pocketmq::broker
