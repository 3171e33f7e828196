#include "broker/definitions/definitions.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <nlohmann/json.hpp>

#include "broker/access/users.hpp"
#include "broker/core/errors.hpp"
#include "broker/core/json_object.hpp"
#include "broker/queue/queue_arguments.hpp"
#include "broker/routing/exchange_types.hpp"
#include "broker/vhost/policy.hpp"
#include "broker/vhost/virtual_hosts.hpp"
#include "protocol/codec/json_parse.hpp"

namespace pocketmq::broker {
namespace {

std::string quote(std::string_view text) { return "'" + std::string{text} + "'"; }

Pattern pattern_in(JsonObject& definition, std::string_view key, Pattern (*compile)(std::string)) {
  auto text = definition.text(key);
  try {
    return compile(std::move(text));
  } catch (const PatternError& error) {
    definition.refuse(key, error.what());
  }
}

class Loader {
 public:
  Loader(Context& context, Users& users, VirtualHosts& virtual_hosts)
      : context_{context}, known_users_{users}, virtual_hosts_{virtual_hosts} {}

  [[nodiscard]] std::vector<std::string> load(JsonObject file) &&;

 private:
  // ---- one function for each section
  void load_user(JsonObject& user);
  void load_virtual_host(JsonObject& virtual_host);
  void load_permission(JsonObject& permission);
  void load_policy(JsonObject& policy);
  void load_queue(JsonObject& queue);
  void load_exchange(JsonObject& exchange);
  void load_binding(JsonObject& binding);
  void ignore_topic_permission(JsonObject& permission);
  void ignore_parameter(JsonObject& parameter);
  void ignore_global_parameter(JsonObject& parameter);

  struct Section {
    std::string_view name;
    void (Loader::*load)(JsonObject&);
  };
  // In an order in which each section only refers to sections before it, whatever their order in the file.
  static constexpr std::array sections{
      Section{"users", &Loader::load_user},
      Section{"vhosts", &Loader::load_virtual_host},
      Section{"permissions", &Loader::load_permission},
      Section{"topic_permissions", &Loader::ignore_topic_permission},
      Section{"parameters", &Loader::ignore_parameter},
      Section{"global_parameters", &Loader::ignore_global_parameter},
      Section{"policies", &Loader::load_policy},
      Section{"queues", &Loader::load_queue},
      Section{"exchanges", &Loader::load_exchange},
      Section{"bindings", &Loader::load_binding},
  };

  // ---- used by several sections
  [[nodiscard]] std::optional<PasswordHash> password_of(JsonObject& user);
  [[nodiscard]] User* find_user(const std::string& name);
  [[nodiscard]] VirtualHost& virtual_host_of(JsonObject& definition);
  /// Refuses an object that is in the file twice, because the broker cannot know which of the two is meant.
  void require_first(const JsonObject& definition, std::string_view key, const std::string& described);
  void declare(const JsonObject& definition, const auto& declaration);
  void warn(const JsonObject& definition, const std::string& text) {
    warnings_.push_back(definition.path() + ": " + text);
  }
  void warn_of_unread_keys(const JsonObject& definition);

  Context& context_;
  Users& known_users_;
  VirtualHosts& virtual_hosts_;
  std::map<std::string, std::string> paths_;  // paths of the objects in the file, by how error texts name them
  std::map<std::string, User> users_;  // users that the definitions add or change; given to the broker at the end
  std::vector<std::string> warnings_;
};

std::vector<std::string> Loader::load(JsonObject file) && {
  file.ignore({"rabbit_version", "rabbitmq_version", "product_name", "product_version", "rabbitmq_definition_format",
               "original_cluster_name", "explanation"});
  for (const auto& section : sections)
    for (auto& definition : file.list(section.name)) {
      (this->*section.load)(definition);
      warn_of_unread_keys(definition);
    }
  for (auto& [name, user] : users_) known_users_.put(std::move(user));
  warn_of_unread_keys(file);
  return std::move(warnings_);
}

void Loader::require_first(const JsonObject& definition, std::string_view key, const std::string& described) {
  const auto [first, is_first] = paths_.emplace(described, definition.path());
  if (!is_first)
    definition.refuse(key, described + " is in the file twice, first at " + first->second + "; leave one of them out");
}

void Loader::warn_of_unread_keys(const JsonObject& definition) {
  for (const auto& key : definition.unread_keys())
    warnings_.push_back((definition.path().empty() ? "" : definition.path() + ".") + key
                        + ": has no effect, PocketMQ does not have that");
}

// ---- users

void Loader::load_user(JsonObject& definition) {
  const auto name = definition.text("name");
  require_first(definition, "name", "user " + quote(name));
  auto* known = find_user(name);
  auto& user = known != nullptr ? *known : users_.emplace(name, User{.name = name}).first->second;
  user.password = password_of(definition);
  user.tags = definition.words("tags");
}

std::optional<PasswordHash> Loader::password_of(JsonObject& user) {
  const auto password = user.optional_text("password");
  const auto hash = user.optional_text("password_hash").value_or("");
  const auto algorithm = user.optional_text("hashing_algorithm").value_or("rabbit_password_hashing_sha256");
  if (password && !hash.empty()) user.refuse("password", "is there beside password_hash; leave one of them out");
  if (password) return hash_password(context_, *password);
  if (hash.empty()) return std::nullopt;

  const bool is_sha512 = algorithm == "rabbit_password_hashing_sha512";
  if (!is_sha512 && algorithm != "rabbit_password_hashing_sha256") {
    warn(user, "user " + quote(user.text("name")) + " cannot log in with a password: PocketMQ does not have the "
                   + "hashing algorithm " + quote(algorithm) + ", only rabbit_password_hashing_sha256 and _sha512");
    return std::nullopt;
  }
  auto read =
      PasswordHash::from_base64(hash, is_sha512 ? PasswordHash::Algorithm::sha512 : PasswordHash::Algorithm::sha256);
  if (!read)
    user.refuse("password_hash", "wants a salt of 4 bytes and the SHA-" + std::string{is_sha512 ? "512" : "256"}
                                     + " digest of salt and password, together in base64");
  return read;
}

// The user with that name, from the file or from the broker; null if there is none.
User* Loader::find_user(const std::string& name) {
  if (const auto found = users_.find(name); found != users_.end()) return &found->second;
  const auto known = known_users_.find(name);
  return known ? &users_.emplace(name, *known).first->second : nullptr;
}

void Loader::load_permission(JsonObject& definition) {
  const auto name = definition.text("user");
  auto* user = find_user(name);
  if (user == nullptr) definition.refuse("user", "there is no user " + quote(name) + "; add it to \"users\"");
  const auto& virtual_host = virtual_host_of(definition);
  require_first(definition, "user", "permissions of user " + quote(name) + " in vhost " + quote(virtual_host.name()));
  const auto pattern = [&](std::string_view key) { return pattern_in(definition, key, permission_pattern); };
  user->permissions.insert_or_assign(
      virtual_host.name(),
      Permissions{.configure = pattern("configure"), .write = pattern("write"), .read = pattern("read")});
}

void Loader::ignore_topic_permission(JsonObject& definition) {
  warn(definition, "topic permissions of user " + quote(definition.text("user")) + " on exchange "
                       + quote(definition.text("exchange")) + " have no effect: PocketMQ has none");
  definition.ignore({"vhost", "write", "read"});
}

// ---- virtual hosts and their policies

void Loader::load_virtual_host(JsonObject& definition) {
  const auto name = definition.name("name");
  require_first(definition, "name", "vhost " + quote(name));
  virtual_hosts_.add(name);
  definition.ignore({"description", "tags", "metadata"});
  const auto type = definition.optional_text("default_queue_type").value_or("classic");
  if (type != "classic" && type != "undefined")
    warn(definition, "default_queue_type " + quote(type) + " has no effect: queues are classic unless x-queue-type "
                         + "says otherwise");
}

VirtualHost& Loader::virtual_host_of(JsonObject& definition) {
  const auto name = definition.optional_text("vhost");
  if (!name)
    definition.refuse("vhost",
                      "is missing; the export of a single virtual host does not say it, so export all "
                      "(rabbitmqctl export_definitions), or add it");
  if (auto* found = virtual_hosts_.find(*name)) return *found;
  definition.refuse("vhost", "there is no virtual host " + quote(*name) + "; add it to \"vhosts\"");
}

void Loader::load_policy(JsonObject& definition) {
  auto& virtual_host = virtual_host_of(definition);
  const auto name = definition.text("name");
  const auto described = "policy " + quote(name) + " in vhost " + quote(virtual_host.name());
  require_first(definition, "name", described);
  auto pattern = pattern_in(definition, "pattern", [](std::string text) { return Pattern{std::move(text)}; });
  const auto apply_to = definition.optional_text("apply-to").value_or("all");
  const auto priority = definition.integer("priority", 0);
  const auto given = definition.table("definition");
  if (apply_to == "streams") return warn(definition, described + " has no effect: PocketMQ has no streams");
  auto targets = policy_targets(apply_to);
  if (!targets)
    definition.refuse(
        "apply-to", "wants 'all', 'queues', 'classic_queues', 'quorum_queues' or 'exchanges', got " + quote(apply_to));

  protocol::FieldTableWriter settings;
  auto fields = protocol::FieldTable{given}.fields();
  while (const auto field = fields.next()) {
    const std::string key{field->name};
    if (!is_policy_setting(key)) {
      warn(definition, "setting " + quote(key) + " of " + described + " has no effect, PocketMQ does not have that");
      continue;
    }
    if (const auto fault = find_fault(key, field->value)) definition.refuse("definition." + key, *fault);
    settings.value(key, field->value);
  }
  virtual_host.add_policy({.name = name,
                           .pattern = std::move(pattern),
                           .apply_to = apply_to,
                           .targets = std::move(*targets),
                           .priority = priority,
                           .settings = std::string{settings.table().encoded()}});
}

// ---- queues, exchanges and bindings

// Calls `declaration`. If PocketMQ does not support the object, the object is skipped with a warning. Any other refusal
// is an error.
void Loader::declare(const JsonObject& definition, const auto& declaration) {
  try {
    declaration();
  } catch (const ConnectionError& error) {  // 503 for an exchange type
    warn(definition, error.text() + "; it is left out");
  } catch (const ChannelError& error) {
    throw DefinitionsError{definition.path() + ": " + error.text()};
  }
}

void Loader::load_queue(JsonObject& definition) {
  auto& virtual_host = virtual_host_of(definition);
  const auto name = definition.name("name");
  const auto arguments = definition.table("arguments");
  const bool is_durable = definition.boolean("durable"), is_auto_delete = definition.boolean("auto_delete");
  definition.ignore({"type"});  // x-queue-type has the type
  if (name.empty()) definition.refuse("name", "is empty");
  require_first(definition, "name", virtual_host.describe_queue(name));
  if (virtual_host.find_queue(name) != nullptr)
    return warn(definition, virtual_host.describe_queue(name) + " is there already, and stays as it is");
  if (asks_for_stream(protocol::FieldTable{arguments}))
    return warn(definition, virtual_host.describe_queue(name) + " is left out: PocketMQ has no streams");
  declare(definition, [&] {
    (void)virtual_host.declare_queue({.name = name,
                                      .durable = is_durable,
                                      .auto_delete = is_auto_delete,
                                      .arguments = QueueArguments{protocol::FieldTable{arguments}}});
  });
}

void Loader::load_exchange(JsonObject& definition) {
  auto& virtual_host = virtual_host_of(definition);
  const auto name = definition.name("name");
  const auto arguments = definition.table("arguments");
  const ExchangeDeclaration declaration{.name = name,
                                        .type = definition.name("type"),
                                        .durable = definition.boolean("durable"),
                                        .auto_delete = definition.boolean("auto_delete"),
                                        .internal = definition.boolean("internal", false),
                                        .arguments = ExchangeArguments{protocol::FieldTable{arguments}}};
  require_first(definition, "name", virtual_host.describe_exchange(name));
  if (virtual_host.find_exchange(name) != nullptr)
    return warn(definition, virtual_host.describe_exchange(name) + " is there already, and stays as it is");
  declare(definition, [&] { (void)virtual_host.declare_exchange(declaration); });
}

void Loader::load_binding(JsonObject& definition) {
  auto& virtual_host = virtual_host_of(definition);
  const auto from = definition.name("source"), to = definition.name("destination");
  const auto to_type = definition.text("destination_type");
  const auto routing_key = definition.name("routing_key");
  const auto arguments = definition.table("arguments");
  if (to_type != "queue" && to_type != "exchange")
    definition.refuse("destination_type", "wants 'queue' or 'exchange', got " + quote(to_type));
  const bool to_queue = to_type == "queue";

  // Skipped: every queue is bound to the default exchange by its name. Other bindings from that exchange do not exist.
  if (from.empty() && to_queue && routing_key == to) return;
  auto* source = from.empty() ? nullptr : virtual_host.find_exchange(from);
  auto* destination =
      to_queue ? static_cast<Destination*>(virtual_host.find_queue(to)) : virtual_host.find_exchange(to);
  if (source == nullptr || destination == nullptr)
    return warn(definition, "the binding is left out: there is no "
                                + (source == nullptr ? virtual_host.describe_exchange(from)
                                   : to_queue        ? virtual_host.describe_queue(to)
                                                     : virtual_host.describe_exchange(to)));
  declare(definition, [&] { virtual_host.bind(*source, *destination, routing_key, protocol::FieldTable{arguments}); });
}

// ---- sections that PocketMQ does not support

void Loader::ignore_parameter(JsonObject& definition) {
  warn(definition, "parameter " + quote(definition.text("name")) + " of component "
                       + quote(definition.text("component")) + " has no effect: PocketMQ has no such component");
  definition.ignore({"vhost", "value"});
}

void Loader::ignore_global_parameter(JsonObject& definition) {
  const auto name = definition.text("name");
  definition.ignore({"value"});
  if (name == "cluster_name" || name == "internal_cluster_id") return;  // they only name the cluster
  warn(definition, "global parameter " + quote(name) + " has no effect: PocketMQ does not have that");
}

}  // namespace

std::vector<std::string> load_definitions(std::string_view text, Context& context, Users& users,
                                          VirtualHosts& virtual_hosts) {
  try {
    const auto json = parse_json_text(text);
    return Loader{context, users, virtual_hosts}.load(JsonObject{json, ""});
  } catch (const JsonObjectError& error) {
    throw DefinitionsError{error.what()};
  }
}

}  // namespace pocketmq::broker
