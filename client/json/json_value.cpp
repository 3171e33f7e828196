#include "client/json/json_value.hpp"

#include <new>
#include <utility>

#include <nlohmann/json.hpp>

namespace pocketmq::client::rpc_json {
namespace {

constexpr int depth_max = 64;
constexpr std::size_t quote_max_bytes = 60;

std::string quote(std::string text) {
  if (text.size() > quote_max_bytes) text = text.substr(0, quote_max_bytes) + "...";
  return text;
}

std::string show(const json& value) { return quote(value.dump(-1, ' ', false, json::error_handler_t::replace)); }

// Deep values would exhaust the stack: they are copied and written by recursion.
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

json parse(std::string_view text, RpcCode fault, const std::string& what) {
  if (is_too_deep(text)) throw RpcError{fault, what + " nests deeper than 64 levels"};
  auto value = json::parse(text, nullptr, false);
  if (value.is_discarded())
    throw RpcError{fault, what + " is no JSON: " + (text.empty() ? "it is empty" : quote(std::string{text}))};
  return value;
}

template <class T> [[noreturn]] void refuse_number(const json& value, const JsonPath& path, T min, T max) {
  path.refuse(value, "an integer from " + std::to_string(min) + " to " + std::to_string(max));
}

}  // namespace

std::string JsonPath::text() const {
  if (in_ == nullptr) return std::string{name_};
  return in_->text() + (number_ > 0 ? ", element " + std::to_string(number_) : ", key '" + std::string{name_} + "'");
}

void JsonPath::refuse(const json& given, const std::string& expected) const {
  throw RpcError{fault_, text() + ": expected " + expected + ", given " + show(given)};
}

// `what` begins with a number of its own: "[json.exception.type_error.302] type must be string, but is number".
void JsonPath::refuse_as_nlohmann(const json& given, std::string_view what) const {
  if (const auto end = what.find("] "); what.starts_with("[json.exception.") && end != std::string_view::npos)
    what.remove_prefix(end + 2);
  throw RpcError{fault_, text() + ": " + std::string{what} + ", given " + show(given)};
}

JsonDocument::JsonDocument() {
  static_assert(sizeof(json) <= room_bytes && alignof(json) <= alignof(std::max_align_t));
  new (room_.data()) json;
}

JsonDocument::JsonDocument(std::string_view text, RpcCode fault, const std::string& what) {
  new (room_.data()) json(parse(text, fault, what));
}

JsonDocument::~JsonDocument() { root().~json(); }

json& JsonDocument::root() { return *std::launder(reinterpret_cast<json*>(room_.data())); }

const json& JsonDocument::root() const { return *std::launder(reinterpret_cast<const json*>(room_.data())); }

std::string JsonDocument::dump(RpcCode fault) const {
  try {
    return root().dump();
  } catch (const json::exception&) {
    throw RpcError{fault, "a string that is not UTF-8 cannot be sent as JSON: " + show(root())};
  }
}

bool is_null(const json& value) { return value.is_null(); }

bool read_bool(const json& value, const JsonPath& path) {
  if (!value.is_boolean()) path.refuse(value, "true or false");
  return value.get<bool>();
}

std::int64_t read_integer(const json& value, const JsonPath& path, std::int64_t min, std::int64_t max) {
  if (value.is_number_unsigned()) {
    if (std::cmp_greater(value.get<std::uint64_t>(), max)) refuse_number(value, path, min, max);
  } else if (!value.is_number_integer() || value.get<std::int64_t>() < min || value.get<std::int64_t>() > max) {
    refuse_number(value, path, min, max);
  }
  return value.get<std::int64_t>();
}

std::uint64_t read_unsigned(const json& value, const JsonPath& path, std::uint64_t max) {
  constexpr std::uint64_t min = 0;
  const bool fits = value.is_number_unsigned() ? value.get<std::uint64_t>() <= max
                    : value.is_number_integer()
                        ? std::in_range<std::uint64_t>(value.get<std::int64_t>()) && value.get<std::uint64_t>() <= max
                        : false;
  if (!fits) refuse_number(value, path, min, max);
  return value.get<std::uint64_t>();
}

template <std::floating_point T> T read_real(const json& value, const JsonPath& path) {
  if (!value.is_number()) path.refuse(value, "a number");
  return value.get<T>();
}
template float read_real(const json&, const JsonPath&);
template double read_real(const json&, const JsonPath&);
template long double read_real(const json&, const JsonPath&);

const std::string& read_string(const json& value, const JsonPath& path) {
  if (!value.is_string()) path.refuse(value, "a string");
  return value.get_ref<const std::string&>();
}

std::size_t read_array(const json& value, const JsonPath& path) {
  if (!value.is_array()) path.refuse(value, "an array");
  return value.size();
}

void read_array_of(std::size_t size, const json& value, const JsonPath& path) {
  if (!value.is_array() || value.size() != size)
    path.refuse(value, "an array of " + std::to_string(size) + (size == 1 ? " element" : " elements"));
}

const json& element_of(const json& array, std::size_t index) { return array[index]; }

void read_object(const json& value, const JsonPath& path,
                 const std::function<void(const std::string& key, const json& value)>& visit) {
  if (!value.is_object()) path.refuse(value, "an object");
  for (const auto& [key, member] : value.get_ref<const json::object_t&>()) visit(key, member);
}

void write_null(json& to) { to = nullptr; }
void write_bool(json& to, bool value) { to = value; }
void write_integer(json& to, std::int64_t value) { to = value; }
void write_unsigned(json& to, std::uint64_t value) { to = value; }
void write_real(json& to, double value) { to = value; }
void write_string(json& to, const std::string& value) { to = value; }
void write_array(json& to) { to = json::array(); }
json& append_to(json& array) { return array.emplace_back(nullptr); }
void write_object(json& to) { to = json::object(); }
json& member_of(json& object, const std::string& key) { return object[key]; }

}  // namespace pocketmq::client::rpc_json
