// The header of a JSON frame: a method with its channel and its properties, as one JSON object.
#pragma once

#include <forward_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "protocol/codec/json_text.hpp"
#include "protocol/vocabulary/command.hpp"
#include "protocol/vocabulary/limits.hpp"

namespace pocketmq::protocol {

/// The channel that a header means which names none. It is open from the start.
inline constexpr std::uint16_t default_json_channel = 1;

/// Appends the header of `command` to `to`.
void append_json_header(const Command& command, std::string& to, Secrets secrets = Secrets::shown);

/// Reads headers, and owns what the views of the last one point to.
class JsonHeaderReader {
 public:
  JsonHeaderReader();
  ~JsonHeaderReader();

  /// Reads one header into `into`: method, channel, and a content without body if the method carries one.
  /// `into`'s views are valid until the next `read()` or `release()`.
  [[nodiscard]] std::optional<Violation> read(std::string_view header, const Limits& limits, Command& into);

  /// Gives back the memory behind the last header's views.
  void release();
  /// Gives back all but what the views of the last header need: they are needed for longer.
  void keep_views_only();
  /// Bytes that the views need, but for a little.
  [[nodiscard]] std::size_t held_bytes() const { return properties_.capacity(); }

 private:
  class FieldVisitor;

  std::optional<Violation> read_members(const Limits& limits, Command& into);
  std::optional<Violation> read_properties(const nlohmann::ordered_json& json, const Limits& limits, Command& into);

  std::unique_ptr<nlohmann::ordered_json> json_;
  std::forward_list<std::string> decoded_;  // what does not lie in json_ as it is: tables, texts in base64
  std::string properties_;
  std::string fault_;  // of the properties, where it is reported
};

}  // namespace pocketmq::protocol
