#include "protocol/codec/trace.hpp"

#include <concepts>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "protocol/base/utf8.hpp"
#include "protocol/codec/json_header.hpp"
#include "protocol/codec/json_parse.hpp"
#include "protocol/codec/json_table.hpp"
#include "protocol/vocabulary/secrets.hpp"

namespace pocketmq::protocol {
namespace {

constexpr std::size_t body_shown_max_bytes = 128;
constexpr std::size_t json_body_shown_max_bytes = 1'024;
constexpr std::size_t table_shown_max_bytes = 256;
constexpr unsigned json_body_depth_max = 64;

bool is_printable(std::string_view text) {
  while (!text.empty()) {
    const auto [code_point, size_bytes] = first_character(text);
    if (size_bytes == 0 || is_control(code_point)) return false;
    text.remove_prefix(size_bytes);
  }
  return true;
}

// Replaces secrets by `***`. Returns whether there were any.
bool hide_secrets(nlohmann::ordered_json& json) {
  bool found = false;
  if (json.is_object()) {
    for (const auto& [name, member] : json.items()) {
      const bool here = is_secret(name);
      if (here) member = hidden_secret;
      if (here || hide_secrets(member)) found = true;
    }
  } else if (json.is_array()) {
    for (auto& element : json)
      if (hide_secrets(element)) found = true;
  }
  return found;
}

std::string text_of(bool value) { return value ? "true" : "false"; }

template <std::unsigned_integral T> std::string text_of(T value) { return std::to_string(value); }

std::string text_of(std::string_view word) { return trace_word(word); }

std::string text_of(FieldTable table) {
  std::string json;
  append_json(table, json, Secrets::hidden);
  if (json.size() <= table_shown_max_bytes) return json;
  auto end = table_shown_max_bytes;
  while ((static_cast<unsigned char>(json[end]) & 0xC0U) == 0x80U) --end;
  json.resize(end);
  return json + "...";
}

void append_named(std::string_view name, std::string_view text, std::string& to) {
  to += ' ';
  to += name;
  to += '=';
  to += is_secret(name) ? hidden_secret : text;
}

// The fields with which a peer describes itself are too long for the line. The JSON trace has them.
bool is_self_description(std::string_view name) { return name == "client_properties" || name == "server_properties"; }

// The name and the text of each field that is shown, in order.
template <class M> auto fields_of(const M& method) {
  std::vector<std::pair<std::string_view, std::string>> fields;
  M::describe(method, [&](const FieldName& name, const auto& value) {
    if (name.in_json() && !is_self_description(name.text())) fields.emplace_back(name.text(), text_of(value));
  });
  return fields;
}

template <class M> void append_fields(const M& method, std::string& to) {
  const auto fields = fields_of(method);
  const auto defaults = fields_of(M{});
  for (std::size_t i = 0; i < fields.size(); ++i)
    if (fields[i] != defaults[i]) append_named(fields[i].first, fields[i].second, to);
}

void append_text_body(std::string_view body, std::string& to) {
  if (is_printable(body))
    to += body;  // it is last, so it may contain spaces
  else
    append_json_string(body, to);
}

void append_content(const Content& content, std::string& to) {
  const auto properties = content.properties.decode();
  BasicProperties::describe(properties, [&](const FieldName& name, const auto& property) {
    if (property) append_named(name.text(), text_of(*property), to);
  });
  const auto body = content.body;
  to += " body=";
  if (content.refused_size_bytes != 0)
    to += "(refused: " + std::to_string(content.refused_size_bytes) + " bytes)";
  else if (body.empty() || body.size() > body_shown_max_bytes || !is_utf8(body))
    to += "(" + std::to_string(body.size()) + " bytes)";
  else
    append_text_body(without_secrets(body), to);
}

}  // namespace

std::string without_secrets(std::string_view body) {
  nlohmann::ordered_json json;
  const bool may_have_members = body.find('{') != body.npos;
  if (!may_have_members || parse_json(body, json_body_depth_max, json) || !hide_secrets(json)) return std::string{body};
  return json.dump();
}

std::string trace_word(std::string_view word) {
  if (is_printable(word) && word.find_first_of(" \"\\") == std::string_view::npos) return std::string{word};
  std::string quoted;
  append_json_string(word, quoted);
  return quoted;
}

std::string trace_text(const Command& command) {
  const auto& id = id_of(command.method);
  std::string line{id.name};
  if (id.class_id != connection::Start::id.class_id && command.channel != default_json_channel)
    append_named("channel", text_of(command.channel), line);
  std::visit([&]<class M>(const M& method) { append_fields(method, line); }, command.method);
  if (command.content) append_content(*command.content, line);
  return line;
}

std::string trace_json(const Command& command) {
  std::string line;
  append_json_header(command, line, Secrets::hidden);
  if (!command.content) return line;
  const auto body = command.content->body;
  const auto refused_size_bytes = command.content->refused_size_bytes;
  line.pop_back();
  if (refused_size_bytes != 0) {
    line += ",\"body_bytes\":" + std::to_string(refused_size_bytes);
  } else if (body.size() > json_body_shown_max_bytes || !is_utf8(body)) {
    line += ",\"body_bytes\":" + std::to_string(body.size());
  } else {
    line += ",\"body\":";
    append_json_string(without_secrets(body), line);
  }
  line += '}';
  return line;
}

}  // namespace pocketmq::protocol
