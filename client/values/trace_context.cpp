#include "client/values/trace_context.hpp"

#include <array>
#include <utility>

#include "client/values/hex_id.hpp"

namespace pocketmq::client {

using namespace std::string_view_literals;

namespace {

constexpr std::size_t trace_id_begin = 3;
constexpr std::size_t trace_id_size = 32;
constexpr std::size_t span_id_begin = 36;
constexpr std::size_t span_id_size = 16;
constexpr std::size_t flags_begin = 53;

thread_local const TraceScope* innermost = nullptr;

bool is_lower_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_all_zero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

}  // namespace

bool is_traceparent(std::string_view text) {
  if (text.size() < traceparent_size || text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
  const auto version = text.substr(0, 2);
  if (version == "ff" || (version == "00" && text.size() != traceparent_size)) return false;
  if (text.size() > traceparent_size && text[traceparent_size] != '-') return false;
  const auto trace = text.substr(trace_id_begin, trace_id_size);
  const auto span = text.substr(span_id_begin, span_id_size);
  return is_lower_hex(version) && is_lower_hex(trace) && !is_all_zero(trace) && is_lower_hex(span) && !is_all_zero(span)
         && is_lower_hex(text.substr(flags_begin, 2));
}

std::string new_traceparent() { return child_traceparent({}); }

std::string child_traceparent(std::string_view parent) {
  std::array<char, traceparent_size> text;
  return std::string{write_child_traceparent(parent, text, protocol::LoopRandom::of_system())};
}

std::string_view write_child_traceparent(std::string_view parent, std::span<char, traceparent_size> to,
                                         protocol::LoopRandom& random) {
  if (is_traceparent(parent)) {
    parent.copy(to.data(), traceparent_size);
    to[0] = to[1] = '0';
  } else {
    "00-00000000000000000000000000000000-0000000000000000-01"sv.copy(to.data(), traceparent_size);
    char* const middle = write_hex_id(random.next_id(), &to[trace_id_begin]);
    write_hex_id(random.next_id(), middle);
  }
  write_hex_id(random.next_id(), &to[span_id_begin]);
  return {to.data(), to.size()};
}

std::string_view trace_id(std::string_view traceparent) {
  return is_traceparent(traceparent) ? traceparent.substr(trace_id_begin, trace_id_size) : std::string_view{};
}

TraceScope::TraceScope(std::string_view traceparent)
    : traceparent_{traceparent}, outer_{std::exchange(innermost, this)} {}

TraceScope::~TraceScope() { innermost = outer_; }

std::string_view TraceScope::current() { return innermost == nullptr ? std::string_view{} : innermost->traceparent_; }

}  // namespace pocketmq::client
