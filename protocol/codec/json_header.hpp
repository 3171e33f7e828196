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

/// The channel of a header that names none. It is open from the start.
inline constexpr std::uint16_t default_json_channel = 1;

/// Appends the header of `command` to `to`.
void append_json_header(const Command& command, std::string& to, Secrets secrets = Secrets::shown);

/// Reads headers, and owns the memory that the last command's views need.
class JsonHeaderReader {
 public:
  JsonHeaderReader();
  ~JsonHeaderReader();

  /// Reads a header into `into`: the method, the channel, and a content without body if the method carries one. The
  /// views in `into` are valid until the next `read()` or `release()`.
  [[nodiscard]] std::optional<Violation> read(std::string_view header, const Limits& limits, Command& into);

  /// Frees the memory that the last header's views need.
  void release();
  /// Frees everything that the last header's views do not need, because the views are needed for longer.
  void keep_views_only();
  /// An estimate of the memory, in bytes, that the views need.
  [[nodiscard]] std::size_t held_bytes() const { return properties_.capacity(); }

 private:
  class FieldVisitor;

  std::optional<Violation> read_members(const Limits& limits, Command& into);
  std::optional<Violation> read_properties(const nlohmann::ordered_json& json, const Limits& limits, Command& into);

  std::unique_ptr<nlohmann::ordered_json> json_;
  std::forward_list<std::string> decoded_;  // what is not in json_ itself: encoded tables, decoded base64
  std::string properties_;
  std::string fault_;  // what is wrong with the properties, if that is reported
};

}  // namespace pocketmq::protocol
