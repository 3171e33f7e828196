#include "protocol/codec/json_header.hpp"

#include <limits>

#include <nlohmann/json.hpp>

#include "protocol/codec/json_parse.hpp"
#include "protocol/codec/json_table.hpp"
#include "protocol/vocabulary/secrets.hpp"

namespace pocketmq::protocol {
namespace {

using Json = nlohmann::ordered_json;
using Fault = std::optional<std::string>;

// A reply text is a short string, and its sender puts the code's name in front.
constexpr std::size_t reply_text_max_bytes = 240;

// The capacity that is kept of the last header's properties.
constexpr std::size_t kept_properties_max_bytes = 1'024;

constexpr std::uint16_t connection_class = connection::Start::id.class_id;

// The header, the properties, and tables in their deepest form: each level is an object with one array of pairs, which
// are arrays; at the end comes a decimal, which is two objects. The depth of tables is checked where they are encoded.
constexpr unsigned json_depth_max(const Limits& limits) { return 2 + 3 * (limits.table_depth_max + 1) + 2; }

// ---- writing

class FieldAppender {
 public:
  FieldAppender(std::string& to, Secrets secrets) : to_{to}, secrets_{secrets} {}

  template <class T> void operator()(const FieldName& name, const T& value) {
    if (!name.in_json()) return;
    member(name.text());
    if (secrets_ == Secrets::hidden && is_secret(name.text()))
      append_json_string(hidden_secret, to_);
    else
      append(value);
  }

  template <class T> void operator()(const FieldName& name, const std::optional<T>& property) {
    if (property) (*this)(name, *property);
  }

  /// Begins the next member. The caller appends its value.
  void member(std::string_view name) {
    if (to_.back() != '{') to_ += ',';
    to_ += '"';
    to_ += name;
    to_ += "\":";
  }

 private:
  void append(bool value) { to_ += value ? "true" : "false"; }
  template <std::unsigned_integral T> void append(T value) { to_ += std::to_string(value); }
  void append(ShortString value) { append_json_string(value, to_); }
  void append(LongString value) { append_json_string(value, to_); }
  void append(FieldTable value) { append_json(value, to_, secrets_); }

  std::string& to_;
  Secrets secrets_;
};

// ---- reading

// "exchange, routing_key, mandatory"
template <class Described> std::string names_of(const Described& described) {
  std::string names;
  const auto add = [&](std::string_view name) {
    if (!names.empty()) names += ", ";
    names += name;
  };
  Described::describe(described, [&](const FieldName& name, const auto&) {
    if (name.in_json()) add(name.text());
  });
  if constexpr (has_content<Described>) add("properties");
  return names;
}

// The fault and the valid names, if both fit into a reply text.
std::string with_names(const std::string& why, std::string_view intro, const std::string& names) {
  if (names.empty()) return why + "; it has no fields";
  const auto fits = why.size() + intro.size() + names.size() <= reply_text_max_bytes;
  return fits ? why + std::string{intro} + names : why;
}

Violation syntax_error(std::string text, const MethodId& about = {0, 0, {}}) {
  return {ReplyCode::syntax_error, std::move(text), about.class_id, about.method_id};
}

template <class M> Violation field_error(const std::string& why) {
  return syntax_error(with_names(std::string{M::id.name} + ": " + why, "; its fields are ", names_of(M{})), M::id);
}

}  // namespace

void append_json_header(const Command& command, std::string& to, Secrets secrets) {
  const auto& id = id_of(command.method);
  to += R"({"method":")";
  to += id.name;
  to += '"';
  FieldAppender append{to, secrets};
  if (id.class_id != connection_class && command.channel != default_json_channel) append("channel", command.channel);
  std::visit([&]<class M>(const M& method) { M::describe(method, append); }, command.method);
  if (command.content) {
    append.member("properties");
    to += '{';
    const auto properties = command.content->properties.decode();
    BasicProperties::describe(properties, append);
    to += '}';
  }
  to += '}';
}

// Reads a JSON member into the field with the same name. A fault says what the field wants and what it got.
class JsonHeaderReader::FieldVisitor {
 public:
  FieldVisitor(std::string_view key, const Json& json, unsigned depth_max, std::forward_list<std::string>& decoded)
      : key_{key}, json_{json}, depth_max_{depth_max}, decoded_{decoded} {}

  template <class T> void operator()(const FieldName& name, T& value) {
    if (!name.in_json() || name.text() != key_) return;
    found_ = true;
    fault_ = read(value);
  }

  [[nodiscard]] bool found() const { return found_; }
  [[nodiscard]] const Fault& fault() const { return fault_; }

 private:
  template <class T> Fault read(std::optional<T>& property) {
    auto fault = read(property.emplace());
    if (fault) property.reset();
    return fault;
  }

  Fault read(bool& value) {
    if (!json_.is_boolean()) return "wants true or false, got " + kind_of(json_);
    value = json_.get<bool>();
    return std::nullopt;
  }

  template <std::unsigned_integral T> Fault read(T& value) {
    constexpr auto max = std::numeric_limits<T>::max();
    const auto number = integer_within(json_, 0, max);
    if (!number) return integer_wanted(0, max) + ", got " + kind_of(json_);
    value = static_cast<T>(*number);
    return std::nullopt;
  }

  Fault read(ShortString& value) {
    const auto text = string();
    if (!text) return string_wanted();
    if (text->size() > ShortString::max_size_bytes)
      return "wants at most 255 bytes, got " + std::to_string(text->size());
    value = ShortString{*text};
    return std::nullopt;
  }

  Fault read(LongString& value) {
    const auto text = string();
    if (!text) return string_wanted();
    value = LongString{*text};
    return std::nullopt;
  }

  Fault read(FieldTable& value) {
    auto& encoded = decoded_.emplace_front();
    auto fault = encode_table(json_, depth_max_, encoded);
    value = FieldTable{encoded};
    return fault;
  }

  std::optional<std::string_view> string() {
    if (json_.is_string()) return json_.get_ref<const std::string&>();
    auto& decoded = decoded_.emplace_front();
    if (!append_tagged_string(json_, decoded)) return std::nullopt;
    return decoded;
  }

  [[nodiscard]] std::string string_wanted() const {
    return R"(wants a string or {"$string": base64}, got )" + kind_of(json_);
  }

  std::string_view key_;
  const Json& json_;
  unsigned depth_max_;
  std::forward_list<std::string>& decoded_;
  bool found_{false};
  Fault fault_;
};

JsonHeaderReader::JsonHeaderReader() = default;
JsonHeaderReader::~JsonHeaderReader() = default;

void JsonHeaderReader::release() {
  json_.reset();
  decoded_.clear();
  fault_.clear();
  if (properties_.capacity() > kept_properties_max_bytes)
    properties_ = {};
  else
    properties_.clear();
}

void JsonHeaderReader::keep_views_only() {
  if (const auto properties = json_->find("properties"); properties != json_->end()) *properties = nullptr;
}

std::optional<Violation> JsonHeaderReader::read(std::string_view header, const Limits& limits, Command& into) {
  release();
  json_ = std::make_unique<Json>();
  if (auto fault = parse_json(header, json_depth_max(limits), *json_, limits.json_values_max))
    return syntax_error("the header is refused: " + std::move(*fault));
  if (!json_->is_object()) return syntax_error("a header is a JSON object, got " + kind_of(*json_));

  const auto method = json_->find("method");
  if (method == json_->end()) return syntax_error("the header has no 'method'");
  if (!method->is_string()) return syntax_error("'method' wants a method's name, got " + kind_of(*method));
  const auto& name = method->get_ref<const std::string&>();
  const Method* prototype = find_method(name);
  if (prototype == nullptr) return Violation{ReplyCode::not_implemented, "no method " + in_quotes(name) + " is known"};

  into.method = *prototype;
  into.content.reset();
  if (carries_content(into.method)) into.content.emplace();
  return read_members(limits, into);
}

std::optional<Violation> JsonHeaderReader::read_members(const Limits& limits, Command& into) {
  return std::visit(
      [&]<class M>(M& method) -> std::optional<Violation> {
        constexpr bool on_connection = M::id.class_id == connection_class;
        into.channel = on_connection ? 0 : default_json_channel;
        [[maybe_unused]] bool has_required = false;
        for (const auto& [key, json] : json_->items()) {
          if (key == "method") continue;
          if (has_content<M> && key == "properties") {
            if (auto refused = read_properties(json, limits, into)) return refused;
            continue;
          }
          FieldVisitor field{key, json, limits.table_depth_max, decoded_};
          if (key == "channel") field("channel", into.channel);
          M::describe(method, field);
          if (!field.found()) return field_error<M>("unknown field " + in_quotes(key));
          if (field.fault()) return field_error<M>("field " + in_quotes(key) + " " + *field.fault());
          if constexpr (requires { M::required; }) has_required = has_required || key == M::required;
        }
        if constexpr (requires { M::required; }) {
          if (!has_required) return field_error<M>("field " + in_quotes(M::required) + " is required");
        }
        if (on_connection && into.channel != 0)
          return Violation{
              ReplyCode::command_invalid,
              std::string{M::id.name} + " belongs to channel 0, got channel " + std::to_string(into.channel),
              M::id.class_id, M::id.method_id};
        return std::nullopt;
      },
      into.method);
}

std::optional<Violation> JsonHeaderReader::read_properties(const Json& json, const Limits& limits, Command& into) {
  const auto& id = id_of(into.method);
  const auto refuse = [&](const std::string& why) { return syntax_error(std::string{id.name} + ": " + why, id); };
  if (!json.is_object()) return refuse("field 'properties' wants an object, got " + kind_of(json));
  BasicProperties properties;
  std::forward_list<std::string> decoded;
  for (const auto& [key, member] : json.items()) {
    FieldVisitor field{key, member, limits.table_depth_max, decoded};
    BasicProperties::describe(properties, field);
    if (!field.found())
      return refuse(with_names("unknown property " + in_quotes(key), "; there are ", names_of(BasicProperties{})));
    if (!field.fault()) continue;
    auto text = "property " + in_quotes(key) + " " + *field.fault();
    if (limits.on_fault == OnFault::refuse) return refuse(text);
    fault_ = std::move(text);
  }
  encode(properties, properties_);
  into.content->properties = Properties{properties_};
  into.content->fault = fault_;
  return std::nullopt;
}

}  // namespace pocketmq::protocol
