// A headers exchange: a message goes where its headers are those that the binding's arguments ask for (AMQP 0-9-1,
// 3.1.3.4): all of them, or with `x-match` "any" at least one. An argument of type void asks for any value. Arguments
// that begin with "x-" ask for nothing, unless x-match says "all-with-x" or "any-with-x".
//
// A binding is kept under facts that it wants: one that wants any of them under each, one that wants all of them under
// the rarest. So a message meets only bindings with which it shares a fact.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "broker/core/by_name.hpp"
#include "broker/core/gradual_table.hpp"
#include "broker/routing/exchange.hpp"

namespace pocketmq::broker {

class HeadersExchange final : public Exchange {
 public:
  using Exchange::Exchange;

  void check_binding(protocol::FieldTable arguments) const override;
  [[nodiscard]] bool route(const Message& message, Routing& routing) const override;

 private:
  struct Wish;
  struct Entry {
    Wish* wish;
    std::size_t place;  // which of the wish's places this is
  };
  using Wishes = std::vector<Entry>;

  /// What a binding asks for, and where it is kept.
  struct Wish {
    struct Place {
      std::string_view fact;  // a key of by_fact_
      std::size_t at;         // in the wishes that are kept under it
    };
    Destination& destination;
    bool any{false};
    std::vector<std::string> facts{};
    std::vector<Place> places{};
  };

  void add(Binding& binding, Budget& budget) override;
  void remove(Binding& binding, Budget& budget) override;
  [[nodiscard]] std::size_t bytes_beside_bindings() const override { return bytes_; }
  [[nodiscard]] static std::size_t bytes_of(const Wish& wish);
  void keep(Wish& wish, std::string_view fact);
  [[nodiscard]] const std::string& rarest(const std::vector<std::string>& facts) const;
  static void grant(const Wish& wish, Routing& routing);

  GradualMap<const Binding*, Wish> wishes_;
  ByName<Wishes> by_fact_;  // none of them empty; under the empty fact, which is always true, those that want nothing
  std::size_t bytes_{0};
};

}  // namespace pocketmq::broker
