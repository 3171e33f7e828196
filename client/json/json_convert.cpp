#include "client/json/json_convert.hpp"

namespace pocketmq::client::rpc_json {
namespace {

constexpr std::size_t shown_value_max_bytes = 60;

std::string show(const json& value) {
  auto text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > shown_value_max_bytes) text = text.substr(0, shown_value_max_bytes) + "...";
  return text;
}

}  // namespace

std::string JsonPath::text() const {
  if (in_ == nullptr) return std::string{name_};
  return in_->text() + (number_ > 0 ? ", element " + std::to_string(number_) : ", key '" + std::string{name_} + "'");
}

void JsonPath::refuse(const json& given, const std::string& expected) const {
  throw RpcError{fault_, text() + ": expected " + expected + ", given " + show(given)};
}

void JsonPath::refuse(const json& given, const json::exception& why) const {
  std::string_view said = why.what();  // "[json.exception.type_error.302] type must be string, but is number"
  if (const auto end = said.find("] "); said.starts_with("[json.exception.") && end != std::string_view::npos)
    said.remove_prefix(end + 2);
  throw RpcError{fault_, text() + ": " + std::string{said} + ", given " + show(given)};
}

}  // namespace pocketmq::client::rpc_json
