#include "broker/core/names.hpp"

#include "broker/core/errors.hpp"
#include "protocol/base/utf8.hpp"

namespace pocketmq::broker {

void require_utf8_name(std::string_view name) {
  if (!protocol::is_utf8(name)) throw ConnectionError{ReplyCode::frame_error, "Malformed UTF-8 in shortstr"};
}

std::string_view without_line_ends(std::string_view name, std::list<std::string>& storage) {
  constexpr std::string_view line_ends = "\r\n";
  if (name.find_first_of(line_ends) == std::string_view::npos) return name;
  auto& stored = storage.emplace_back(name);
  std::erase_if(stored, [&](char c) { return line_ends.find(c) != std::string_view::npos; });
  return stored;
}

}  // namespace pocketmq::broker
