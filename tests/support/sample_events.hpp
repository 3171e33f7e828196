// Makes an event of any kind. No field of the event has its default value.
#pragma once

#include <array>
#include <string>

#include "broker/events/event.hpp"

namespace pocketmq::tests {

/// Fills events. What these refer to lives as long as this.
class SampleEvents {
 public:
  SampleEvents() {
    table_.string("key", "value").int32("number", -1);
    protocol::encode({.headers = table_.table(), .delivery_mode = std::uint8_t{2}, .correlation_id = "c-1"},
                     properties_);
  }
  SampleEvents(const SampleEvents&) = delete;
  SampleEvents& operator=(const SampleEvents&) = delete;

  template <class E> [[nodiscard]] E make() {
    E event{};
    E::describe(event, [this](const broker::event::FieldName&, auto& field) { fill(field); });
    return event;
  }

 private:
  void fill(bool& value) { value = true; }
  template <std::integral T> void fill(T& number) { number = static_cast<T>(next()); }
  template <broker::event::NamedEnum E> void fill(E& value) {
    value = static_cast<E>(broker::event::names_of<E>.size() - 1);
  }
  void fill(std::optional<std::uint64_t>& number) { number = next(); }
  void fill(broker::event::Text& text) { text = "text"; }
  void fill(broker::event::Body& body) { body = {"a body"}; }
  void fill(broker::event::Arguments& arguments) { arguments = {table_.table()}; }
  void fill(broker::event::MessageProperties& properties) {
    properties = {protocol::Properties{properties_}, storage_};
  }
  void fill(broker::event::List<broker::event::Text>& list) { list = {std::span<const broker::event::Text>{names_}}; }
  void fill(broker::event::List<broker::event::Route>& list) {
    routes_.fill(make<broker::event::Route>());
    list = {std::span<const broker::event::Route>{routes_}};
  }

  // 1 to 200: for the narrowest field, too.
  std::uint8_t next() {
    last_number_ = last_number_ % 200 + 1;
    return static_cast<std::uint8_t>(last_number_);
  }

  unsigned last_number_{0};
  protocol::FieldTableWriter table_;
  std::string properties_;
  std::string storage_;
  const std::array<broker::event::Text, 2> names_{"one", "two"};
  std::array<broker::event::Route, 2> routes_{};
};

}  // namespace pocketmq::tests
