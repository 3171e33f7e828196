#include "tests/support/schema_check.hpp"

#include <algorithm>
#include <regex>

#include "broker/journal/schema.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {

using nlohmann::json;

const json& schema() {
  static const auto schema = json::parse(broker::journal_schema());
  return schema;
}

const json& schema_of(std::string_view kind) {
  for (const auto& described : schema()["kinds"])
    if (described["kind"] == kind) return described;
  FAIL("there is no kind " << kind);
  return schema();
}

namespace {

bool is_text(const json& value) {
  return value.is_string() || (value.is_object() && value.size() == 1 && value.value("$string", json{}).is_string());
}

std::vector<std::string> faults_in(const json& object, const json& fields);

std::vector<std::string> faults_of(const std::string& name, const json& value, const json& field) {
  const auto type = field["type"].get<std::string>();
  const auto is = [&](bool is_right) {
    return is_right ? std::vector<std::string>{} : std::vector{name + " is no " + type + ": " + value.dump()};
  };
  if (type == "boolean") return is(value.is_boolean());
  if (type == "unsigned") return is(value.is_number_unsigned());
  if (type == "integer") return is(value.is_number_integer());
  if (type == "text" || type == "body") return is(is_text(value));
  if (type == "table" || type == "properties") return is(value.is_object());
  if (type == "name") {
    const auto& values = field["values"];
    return is(std::find(values.begin(), values.end(), value) != values.end());
  }
  if (type == "object") return value.is_object() ? faults_in(value, field["fields"]) : is(false);
  if (type != "list" || !value.is_array()) return is(false);
  std::vector<std::string> faults;
  for (const auto& element : value)
    for (auto& fault : faults_of(name + "[]", element, field["of"])) faults.push_back(std::move(fault));
  return faults;
}

// What does not fit.
std::vector<std::string> faults_in(const json& object, const json& fields) {
  std::vector<std::string> faults;
  std::size_t known = 0;
  for (const auto& field : fields) {
    const auto name = field["name"].get<std::string>();
    if (object.contains(name)) {
      ++known;
      for (auto& fault : faults_of(name, object[name], field)) faults.push_back(std::move(fault));
    } else if (!field["optional"].get<bool>()) {
      faults.push_back(name + " is missing");
    }
  }
  if (known != object.size()) faults.push_back("there are fields that are not described: " + object.dump());
  return faults;
}

}  // namespace

std::vector<std::string> faults_in_line(const std::string& line) {
  auto object = json::parse(line);
  const auto kind = object["kind"].get<std::string>();
  CHECK(object["number"].is_number_unsigned());
  static const std::regex time{R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)"};
  CHECK(std::regex_match(object["time"].get<std::string>(), time));
  for (const auto* common : {"number", "time", "ahead_ms", "kind"}) object.erase(common);
  return faults_in(object, schema_of(kind)["fields"]);
}

}  // namespace pocketmq::tests
