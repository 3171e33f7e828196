#include "broker/names.hpp"

#include "broker/errors.hpp"
#include "protocol/utf8.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::string_view line_ends = "\r\n";

template <class M> constexpr bool has_names_without_line_ends() {
  const bool declares_or_binds = M::id.class_id == protocol::exchange::Declare::id.class_id
                                 || M::id.class_id == protocol::queue::Declare::id.class_id;
  return declares_or_binds && !std::is_same_v<M, protocol::queue::Purge>;
}

bool names_something(const protocol::FieldName& field) {
  return field.text() == "queue" || field.text() == "exchange" || field.text() == "source"
         || field.text() == "destination";
}

}  // namespace

void require_utf8_names(const protocol::Method& method) {
  const auto require = []<class T>(const protocol::FieldName& field, const T& value) {
    if constexpr (std::is_same_v<T, protocol::ShortString>)
      if (!protocol::is_utf8(value))
        throw ConnectionError{ReplyCode::frame_error,
                              "Malformed UTF-8 in shortstr: field '" + std::string{field.text()} + "'"};
  };
  std::visit(
      [&]<class M>(const M& m) {
        if constexpr (!protocol::has_content<M>) M::describe(m, require);
      },
      method);
}

void remove_line_ends(protocol::Method& method, std::list<std::string>& storage) {
  const auto remove = [&]<class T>(const protocol::FieldName& field, T& value) {
    if constexpr (std::is_same_v<T, protocol::ShortString>) {
      if (!names_something(field) || value.find_first_of(line_ends) == std::string_view::npos) return;
      auto& name = storage.emplace_back(value);
      std::erase_if(name, [](char c) { return line_ends.find(c) != std::string_view::npos; });
      value = name;
    }
  };
  std::visit(
      [&]<class M>(M& m) {
        if constexpr (has_names_without_line_ends<M>()) M::describe(m, remove);
      },
      method);
}

}  // namespace pocketmq::broker
