// RabbitMQ's rules for names: they are UTF-8 and contain no line ends.
#pragma once

#include <list>
#include <string>
#include <string_view>

#include "protocol/vocabulary/method.hpp"

namespace pocketmq::broker {

/// Throws ConnectionError if a name is not UTF-8.
void require_utf8_name(std::string_view name);

/// Returns the name without its line ends: `name` itself, or a view of a new string in `storage`.
[[nodiscard]] std::string_view without_line_ends(std::string_view name, std::list<std::string>& storage);

/// Throws ConnectionError if one of the method's names is not UTF-8. Names in a publish are not checked, because the
/// broker only compares them.
template <class M> void require_utf8_names(const M& method) {
  if constexpr (!protocol::has_content<M>)
    M::describe(method, []<class T>(const protocol::FieldName&, const T& value) {
      if constexpr (std::is_same_v<T, protocol::ShortString>) require_utf8_name(value);
    });
}

/// Removes the line ends from the names in methods that declare, bind, unbind and delete. New names are added to
/// `storage`, which has to live as long as the method.
template <class M> void remove_line_ends(M& method, std::list<std::string>& storage) {
  constexpr bool is_concerned = (M::id.class_id == protocol::exchange::Declare::id.class_id
                                 || M::id.class_id == protocol::queue::Declare::id.class_id)
                                && !std::is_same_v<M, protocol::queue::Purge>;
  if constexpr (is_concerned)
    M::describe(method, [&]<class T>(const protocol::FieldName& field, T& value) {
      if constexpr (std::is_same_v<T, protocol::ShortString>)
        for (const std::string_view named : {"queue", "exchange", "source", "destination"})
          if (field.text() == named) value = without_line_ends(value, storage);
    });
}

}  // namespace pocketmq::broker
