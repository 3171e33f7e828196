#include "broker/journal/ndjson.hpp"

#include <optional>
#include <utility>

#include "broker/journal/member_name.hpp"
#include "broker/journal/schema.hpp"
#include "broker/journal/utc_text.hpp"
#include "protocol/base/utf8.hpp"
#include "protocol/base/version.hpp"
#include "protocol/codec/json_table.hpp"
#include "protocol/codec/trace.hpp"
#include "protocol/vocabulary/secrets.hpp"

namespace pocketmq::broker {
namespace {

using event::FieldName;
using protocol::append_json_string;
using protocol::Secrets;

// The beginning of a text that was cut. If it is JSON it cannot be parsed, and may hold secrets: it ends before the
// first string that may be a secret's name.
std::string_view before_secrets(std::string_view begin) {
  const bool may_have_members = begin.find('{') != begin.npos;
  for (auto start = begin.find('"'); may_have_members && start != begin.npos; start = begin.find('"', start + 1)) {
    auto end = start + 1;
    bool may_hide_letters = false;
    for (; end < begin.size() && begin[end] != '"'; ++end) {
      if (begin[end] != '\\' || ++end >= begin.size()) continue;
      may_hide_letters |= begin[end] == 'u';
    }
    if (may_hide_letters || protocol::is_secret(begin.substr(start + 1, std::min(end, begin.size()) - start - 1)))
      return begin.substr(0, start);
    start = end;
  }
  return begin;
}

// Writes the fields of an event as members of a JSON object.
class Members {
 public:
  explicit Members(std::string& to) : to_{to} {}

  template <class T> void operator()(const FieldName& name, const T& value) {
    if (name.is_optional() && is_absent(value)) return;
    append_member_name(name.text(), to_);
    append(value);
  }

 private:
  template <class T> static bool is_absent(const T& value) {
    if constexpr (requires { value.table; })
      return value.table.empty();
    else if constexpr (requires { value.empty(); })
      return value.empty();
    else
      return value == T{};
  }

  void append(bool value) { to_ += value ? "true" : "false"; }
  template <std::integral T> void append(T number) { to_ += std::to_string(number); }
  template <event::NamedEnum E> void append(E value) { append_json_string(name_of(value), to_); }
  void append(std::optional<std::uint64_t> number) { append(number.value_or(0)); }
  void append(event::Text text) { append_json_string(text.view(), to_); }
  void append(const event::Body& body) {
    const bool is_whole = body.shown.size() == body.size_bytes;
    if (!protocol::is_utf8(body.shown))
      append_json_string(body.shown, to_);
    else if (is_whole)
      append_json_string(protocol::without_secrets(body.shown), to_);
    else
      append_json_string(before_secrets(body.shown), to_);
  }
  void append(const event::Arguments& arguments) { append_json(arguments.table, to_, Secrets::hidden); }
  void append(protocol::FieldTable table) { append_json(table, to_, Secrets::hidden); }
  void append(protocol::ShortString text) { append_json_string(text, to_); }
  void append(const event::MessageProperties& properties) {
    const auto values = properties.properties.decode();
    to_ += '{';
    protocol::BasicProperties::describe(values, [this](const protocol::FieldName& name, const auto& value) {
      if (!value) return;
      append_member_name(name.text(), to_);
      append(*value);
    });
    to_ += '}';
  }
  template <class T> void append(const event::List<T>& list) {
    to_ += '[';
    list.for_each([this, is_first = true](const T& element) mutable {
      if (!std::exchange(is_first, false)) to_ += ',';
      append(element);
    });
    to_ += ']';
  }
  template <event::Described T> void append(const T& value) {
    to_ += '{';
    T::describe(value, *this);
    to_ += '}';
  }

  std::string& to_;
};

}  // namespace

void append_ndjson(const Entry& entry, std::string& to) {
  to += "{\"number\":";
  to += std::to_string(entry.number());
  to += ",\"time\":\"";
  to += utc_text<std::chrono::microseconds>(entry.time().shown);
  to += '"';
  if (const auto ahead = std::chrono::floor<std::chrono::milliseconds>(entry.time().ahead); ahead.count() != 0) {
    append_member_name("ahead_ms", to);
    to += std::to_string(ahead.count());
  }
  entry.visit([&to]<class E>(const E& event) {
    append_member_name("kind", to);
    append_json_string(E::kind.name, to);
    E::describe(event, Members{to});
  });
  to += "}\n";
}

void append_ndjson_header(event::Time time, std::uint64_t next_number, std::string& to) {
  to += "{\"journal\":" + std::to_string(journal_schema_version) + ",\"broker\":\"PocketMQ "
        + std::string{protocol::pocketmq_version} + "\",\"time\":\"";
  to += utc_text<std::chrono::microseconds>(time.shown);
  to += "\",\"next\":" + std::to_string(next_number) + "}\n";
}

}  // namespace pocketmq::broker
