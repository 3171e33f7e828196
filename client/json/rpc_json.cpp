#include "client/json/rpc_json.hpp"

namespace pocketmq::client::rpc_json {
namespace {

constexpr int depth_max = 64;
constexpr std::size_t quoted_text_max_bytes = 60;

// Deep values would exhaust the stack where they are copied or written, which is done by recursion.
bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > depth_max) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

std::string quote(std::string text) {
  if (text.size() > quoted_text_max_bytes) text = text.substr(0, quoted_text_max_bytes) + "...";
  return text;
}

std::string count(std::size_t arguments) {
  return std::to_string(arguments) + (arguments == 1 ? " argument" : " arguments");
}

}  // namespace

json parse(std::string_view body, RpcCode fault, const std::string& what) {
  if (is_too_deep(body)) throw RpcError{fault, what + " nests deeper than 64 levels"};
  auto value = json::parse(body, nullptr, false);
  if (value.is_discarded())
    throw RpcError{fault, what + " is no JSON: " + (body.empty() ? "it is empty" : quote(std::string{body}))};
  return value;
}

std::string dump(const json& value, RpcCode fault) {
  try {
    return value.dump();
  } catch (const json::exception&) {
    throw RpcError{fault, "a string that is not UTF-8 cannot be sent as JSON: "
                              + quote(value.dump(-1, ' ', false, json::error_handler_t::replace))};
  }
}

std::vector<json> parse_arguments(std::string_view body, std::size_t arity) {
  const auto refuse_count = [&](std::size_t given) {
    throw RpcError{RpcCode::invalid_argument, "expected " + count(arity) + ", given " + count(given)};
  };
  if (body.empty()) {
    if (arity != 0) refuse_count(0);
    return {};
  }
  auto value = parse(body, RpcCode::invalid_argument, "the request");
  if (arity == 1) return {std::move(value)};
  if (arity == 0) {
    if (!value.is_null() && !(value.is_array() && value.empty())) refuse_count(value.is_array() ? value.size() : 1);
    return {};
  }
  if (!value.is_array() || value.size() != arity) refuse_count(value.is_array() ? value.size() : 1);
  return std::move(value.get_ref<json::array_t&>());
}

}  // namespace pocketmq::client::rpc_json
