#include "client/json/rpc_json.hpp"

#include <nlohmann/json.hpp>

namespace pocketmq::client::rpc_json {
namespace {

std::string count(std::size_t arguments) {
  return std::to_string(arguments) + (arguments == 1 ? " argument" : " arguments");
}

}  // namespace

Arguments::Arguments(std::string_view body, std::size_t arity)
    : document_{body.empty() ? "null" : body, RpcCode::invalid_argument, "the request"}, arity_{arity} {
  if (arity == 1 && !body.empty()) return;
  const auto& value = document_.root();
  const bool is_nothing = body.empty() || (arity == 0 && value.is_null());
  const std::size_t given = is_nothing ? 0 : value.is_array() ? value.size() : 1;
  if (given != arity) throw RpcError{RpcCode::invalid_argument, "expected " + count(arity) + ", given " + count(given)};
}

const json& Arguments::operator[](std::size_t index) const {
  return arity_ == 1 ? document_.root() : document_.root()[index];
}

}  // namespace pocketmq::client::rpc_json
