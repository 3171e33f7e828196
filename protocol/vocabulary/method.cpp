#include "protocol/vocabulary/method.hpp"

#include <algorithm>

namespace pocketmq::protocol {
namespace {

constexpr std::size_t method_count = std::variant_size_v<Method::variant>;

struct ByName {
  std::string_view key;
  std::size_t index;
};

constexpr auto by_name = [] {
  std::array<ByName, method_count> table{};
  std::size_t index = 0;
  for_each_method([&]<class M>() {
    table[index] = {M::id.name, index};
    ++index;
  });
  std::ranges::sort(table, {}, &ByName::key);
  return table;
}();
static_assert(std::ranges::adjacent_find(by_name, {}, &ByName::key) == by_name.end());

// Methods by their numbers. Class numbers are multiples of 5 below 95, method numbers are below 128.
constexpr std::uint16_t class_step = 5;
constexpr std::uint16_t classes_end = 19;
constexpr std::uint16_t methods_end = 128;
constexpr std::uint8_t no_method = 0xFF;

constexpr auto by_number = [] {
  std::array<std::uint8_t, std::size_t{classes_end} * methods_end> table{};
  table.fill(no_method);
  std::uint8_t index = 0;
  for_each_method([&]<class M>() {
    auto& entry = table.at(M::id.class_id / class_step * std::size_t{methods_end} + M::id.method_id);
    if (M::id.class_id % class_step != 0 || M::id.method_id >= methods_end || entry != no_method)
      throw "two methods with one place";  // does not compile
    entry = index++;
  });
  return table;
}();

// One default-constructed method for each alternative, in the variant's order.
constexpr auto prototypes = []<class... Methods>(std::type_identity<std::variant<Methods...>>) {
  return std::array<Method, sizeof...(Methods)>{Method{Methods{}}...};
}(std::type_identity<Method::variant>{});

}  // namespace

const MethodId& id_of(const Method& method) {
  return std::visit([]<class M>(const M&) -> const MethodId& { return M::id; }, method);
}

bool carries_content(const Method& method) {
  return std::visit([]<class M>(const M&) { return has_content<M>; }, method);
}

const Method* find_method(std::uint16_t class_id, std::uint16_t method_id) {
  if (class_id % class_step != 0 || class_id / class_step >= classes_end || method_id >= methods_end) return nullptr;
  const auto index = by_number[class_id / class_step * std::size_t{methods_end} + method_id];
  return index == no_method ? nullptr : &prototypes[index];
}

const Method* find_method(std::string_view name) {
  const auto* found = std::ranges::lower_bound(by_name, name, {}, &ByName::key);
  return found == by_name.end() || found->key != name ? nullptr : &prototypes[found->index];
}

}  // namespace pocketmq::protocol
