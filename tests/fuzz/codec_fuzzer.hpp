// What both codecs' fuzz targets check: splits do not matter, and what was understood is understood again.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/codec/make_codec.hpp"
#include "protocol/codec/trace.hpp"
#include "tests/protocol/codec/transcript.hpp"

namespace pocketmq::tests {

/// Small, so that short inputs reach the bounds.
inline constexpr protocol::Limits fuzz_limits{
    .frame_max_bytes = 4'096, .body_max_bytes = 20'000, .json_header_max_bytes = 5'000, .table_depth_max = 6};

/// The same at a client's end, which reports what a broker refuses.
inline constexpr auto tolerant_limits = [] {
  auto limits = fuzz_limits;
  limits.content_header_max_bytes = 6'000;
  limits.on_fault = protocol::OnFault::report;
  return limits;
}();

inline void require_equal(std::string_view what, const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a == b) return;
  std::fprintf(stderr, "%.*s differ\n", static_cast<int>(what.size()), what.data());
  for (const auto* transcript : {&a, &b})
    for (const auto& line : *transcript) std::fprintf(stderr, "%s %s\n", transcript == &a ? "<" : ">", line.c_str());
  std::abort();
}

/// What both encodings carry of a command.
inline std::string essence_of(const protocol::Command& command) {
  std::string text;
  append_json_header(command, text);
  if (command.content) text += std::string{"\n"} + std::string{command.content->body};
  return text;
}

inline void require_one_clean_line(const std::string& line) {
  for (const char c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) std::abort();
}

/// A codec encodes the command, and a codec of the same encoding reads it again.
inline void require_round_trip(protocol::Encoding encoding, const protocol::Command& command) {
  // AMQP has no place for what JSON's connection.open carries.
  if (encoding == protocol::Encoding::amqp && std::holds_alternative<protocol::connection::Open>(command.method))
    return;
  const auto codec = make_codec(encoding, {.json_values_max = 0});
  Decoding decoding{*codec};
  std::vector<std::string> essences;
  decoding.feed(encoded(*codec, command), std::string_view::npos,
                [&](const protocol::Command& again) { essences.push_back(essence_of(again)); });
  require_equal("a command and its encoding decoded", {essence_of(command)}, essences);
}

inline void fuzz(protocol::Encoding encoding, std::string_view bytes, const protocol::Limits& limits) {
  const auto codec = make_codec(encoding, limits);
  Decoding whole{*codec};
  whole.feed(bytes, std::string_view::npos, [](const protocol::Command& command) {
    require_one_clean_line(trace_text(command));
    require_one_clean_line(trace_json(command));
    if (command.content && command.content->refused_size_bytes != 0) return;
    require_round_trip(protocol::Encoding::amqp, command);
    require_round_trip(protocol::Encoding::json, command);
  });
  const auto piece = 2 + std::hash<std::string_view>{}(bytes) % 100;
  require_equal("whole and byte by byte", whole.transcript(), transcript_of(encoding, bytes, 1, limits));
  require_equal("whole and in pieces", whole.transcript(), transcript_of(encoding, bytes, piece, limits));
}

inline int fuzz(protocol::Encoding encoding, const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  fuzz(encoding, bytes, fuzz_limits);
  fuzz(encoding, bytes, tolerant_limits);
  return 0;
}

}  // namespace pocketmq::tests
