#include "broker/journal/snapshot.hpp"

#include <concepts>
#include <string_view>
#include <utility>

#include "protocol/codec/json_table.hpp"

namespace pocketmq::broker {
namespace {

// Writes a JSON value piece by piece. `object` and `array` call a function that writes what is inside.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& to) : to_{to} {}

  void value(bool value) { to_ += value ? "true" : "false"; }
  template <std::integral T> void value(T number) { to_ += std::to_string(number); }
  void value(const std::string& text) { protocol::append_json_string(text, to_); }
  template <event::NamedEnum E> void value(E named) { protocol::append_json_string(name_of(named), to_); }
  void table(const std::string& encoded) { append_json(protocol::FieldTable{encoded}, to_, protocol::Secrets::hidden); }

  void object(auto&& write_members) { enclose('{', '}', write_members); }
  /// Calls `write(element)` for each.
  void array(const auto& elements, auto&& write) {
    enclose('[', ']', [&] {
      for (const auto& element : elements) {
        separate();
        write(element);
      }
    });
  }
  void name(std::string_view name) {
    separate();
    to_ += '"';
    to_ += name;
    to_ += "\":";
  }
  void member(std::string_view name, const auto& value) {
    this->name(name);
    this->value(value);
  }

 private:
  void enclose(char begin, char end, auto&& write) {
    to_ += begin;
    const auto was_first = std::exchange(is_first_, true);
    write();
    is_first_ = was_first;
    to_ += end;
  }
  void separate() {
    if (!std::exchange(is_first_, false)) to_ += ',';
  }

  std::string& to_;
  bool is_first_{true};
};

void write(const std::pair<const std::string, Snapshot::Exchange>& named, JsonWriter& json) {
  const auto& [name, exchange] = named;
  json.object([&, &name = name, &exchange = exchange] {
    json.member("name", name);
    json.member("type", exchange.type);
    json.member("durable", exchange.durable);
    json.member("auto_delete", exchange.auto_delete);
    json.member("internal", exchange.internal);
    if (!exchange.alternate.empty()) json.member("alternate", exchange.alternate);
    json.name("arguments");
    json.table(exchange.arguments);
  });
}

void write(const Snapshot::Binding& binding, JsonWriter& json) {
  json.object([&] {
    json.member("source", binding.source);
    json.member("destination", binding.destination);
    json.member("destination_is", binding.destination_is);
    json.member("routing_key", binding.routing_key);
    json.name("arguments");
    json.table(binding.arguments);
  });
}

void write(const std::pair<const Snapshot::ConsumerName, Snapshot::Consumer>& named, JsonWriter& json) {
  const auto& [connection, channel, tag] = named.first;
  json.object([&, connection = connection, channel = channel, &tag = tag] {
    const auto& consumer = named.second;
    json.member("consumer", tag);
    json.member("connection", connection);
    json.member("channel", channel);
    json.member("ack_mode", consumer.ack_mode);
    json.member("exclusive", consumer.exclusive);
    json.member("prefetch", consumer.prefetch);
    json.member("priority", consumer.priority);
    json.member("unacked", consumer.unacked);
  });
}

void write(const std::pair<const std::string, Snapshot::Queue>& named, JsonWriter& json) {
  json.object([&] {
    const auto& queue = named.second;
    json.member("name", named.first);
    json.member("type", queue.type);
    json.member("durable", queue.durable);
    json.member("auto_delete", queue.auto_delete);
    if (queue.exclusive_to != 0) json.member("exclusive_to", queue.exclusive_to);
    json.name("arguments");
    json.table(queue.arguments);
    json.member("ready_count", queue.ready_count);
    json.name("ready");
    json.array(queue.ready, [&](std::uint64_t message) { json.value(message); });
    json.member("unacked", queue.unacked);
    json.name("consumers");
    json.array(queue.consumers, [&](const auto& consumer) { write(consumer, json); });
  });
}

void write(const std::pair<const std::string, Snapshot::Policy>& named, JsonWriter& json) {
  json.object([&] {
    const auto& policy = named.second;
    json.member("name", named.first);
    json.member("pattern", policy.pattern);
    json.member("apply_to", policy.apply_to);
    json.member("priority", policy.priority);
    json.name("settings");
    json.table(policy.settings);
  });
}

void write(const std::pair<const std::string, Snapshot::Vhost>& named, JsonWriter& json) {
  json.object([&] {
    const auto& vhost = named.second;
    const auto list = [&json](std::string_view name, const auto& elements) {
      json.name(name);
      json.array(elements, [&](const auto& element) { write(element, json); });
    };
    json.member("name", named.first);
    list("exchanges", vhost.exchanges);
    list("bindings", vhost.bindings);
    list("queues", vhost.queues);
    list("policies", vhost.policies);
  });
}

void write(const std::pair<const std::uint64_t, Snapshot::Unacked>& tagged, JsonWriter& json) {
  json.object([&] {
    const auto& unacked = tagged.second;
    json.member("delivery_tag", tagged.first);
    json.member("message", unacked.message);
    json.member("queue", unacked.queue);
    if (!unacked.consumer.empty()) json.member("consumer", unacked.consumer);
    json.member("redelivered", unacked.redelivered);
  });
}

void write(const std::pair<const std::uint16_t, Snapshot::Channel>& numbered, JsonWriter& json) {
  json.object([&] {
    const auto& channel = numbered.second;
    json.member("channel", numbered.first);
    if (channel.mode) json.member("mode", *channel.mode);
    json.member("prefetch", channel.prefetch);
    json.member("shared_prefetch", channel.shared_prefetch);
    json.member("unacked_count", channel.unacked_count);
    json.name("unacked");
    json.array(channel.unacked, [&](const auto& unacked) { write(unacked, json); });
    if (!channel.reply_consumer) return;
    json.name("reply_consumer");
    json.object([&] {
      json.member("consumer", channel.reply_consumer->tag);
      json.member("reply_to", channel.reply_consumer->reply_to);
    });
  });
}

void write(const std::pair<const std::uint64_t, Snapshot::Connection>& numbered, JsonWriter& json) {
  json.object([&] {
    const auto& connection = numbered.second;
    json.member("connection", numbered.first);
    json.member("name", connection.name);
    json.member("address", connection.address);
    if (connection.encoding) {
      json.member("user", connection.user);
      json.member("vhost", connection.vhost);
      json.member("encoding", *connection.encoding);
    }
    json.member("blocked", connection.blocked);
    json.name("channels");
    json.array(connection.channels, [&](const auto& channel) { write(channel, json); });
  });
}

}  // namespace

std::string to_json(const Snapshot& snapshot) {
  std::string text;
  JsonWriter json{text};
  json.object([&] {
    json.member("number", snapshot.number);
    json.name("vhosts");
    json.array(snapshot.vhosts, [&](const auto& vhost) { write(vhost, json); });
    json.name("connections");
    json.array(snapshot.connections, [&](const auto& connection) { write(connection, json); });
  });
  return text;
}

}  // namespace pocketmq::broker
