#include "protocol/method.hpp"

#include <algorithm>

namespace pocketmq::protocol {
namespace {

constexpr std::size_t method_count = std::variant_size_v<Method::variant>;

struct ByNumber {
  std::uint32_t key;
  std::size_t index;  // in the variant
};
struct ByName {
  std::string_view key;
  std::size_t index;
};

constexpr std::uint32_t key_of(std::uint16_t class_id, std::uint16_t method_id) {
  return (std::uint32_t{class_id} << 16U) | method_id;
}

template <class Entry, class KeyOf> constexpr auto sorted_table(KeyOf key) {
  std::array<Entry, method_count> table{};
  std::size_t index = 0;
  for_each_method([&]<class M>() {
    table[index] = {key(M::id), index};
    ++index;
  });
  std::ranges::sort(table, {}, &Entry::key);
  return table;
}

constexpr auto by_number = sorted_table<ByNumber>([](const MethodId& id) { return key_of(id.class_id, id.method_id); });
constexpr auto by_name = sorted_table<ByName>([](const MethodId& id) { return id.name; });
static_assert(std::ranges::adjacent_find(by_number, {}, &ByNumber::key) == by_number.end());
static_assert(std::ranges::adjacent_find(by_name, {}, &ByName::key) == by_name.end());

// One default-made method per alternative, in the variant's order.
constexpr auto prototypes = []<class... Methods>(std::type_identity<std::variant<Methods...>>) {
  return std::array<Method, sizeof...(Methods)>{Method{Methods{}}...};
}(std::type_identity<Method::variant>{});

template <class Table, class Key> const Method* find_in(const Table& table, const Key& key) {
  using Entry = typename Table::value_type;
  const auto found = std::ranges::lower_bound(table, key, {}, &Entry::key);
  return found == table.end() || found->key != key ? nullptr : &prototypes[found->index];
}

}  // namespace

const MethodId& id_of(const Method& method) {
  return std::visit([]<class M>(const M&) -> const MethodId& { return M::id; }, method);
}

bool carries_content(const Method& method) {
  return std::visit([]<class M>(const M&) { return has_content<M>; }, method);
}

const Method* find_method(std::uint16_t class_id, std::uint16_t method_id) {
  return find_in(by_number, key_of(class_id, method_id));
}

const Method* find_method(std::string_view name) { return find_in(by_name, name); }

}  // namespace pocketmq::protocol
