// Up to four clients do to one broker whatever the input says. It must go on serving others, and forget the four.
//
// The input is a tape of steps, `what | who << 6`: a command of the composer's, raw bytes, time that passes, reading
// that stops, a client that vanishes and arrives anew.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <utility>

#include "broker/session/broker.hpp"
#include "tests/fuzz/composer.hpp"
#include "tests/support/network.hpp"

namespace pocketmq::tests {
namespace {

namespace basic = protocol::basic;
namespace channel = protocol::channel;
namespace connection = protocol::connection;
namespace exchange = protocol::exchange;
namespace queue = protocol::queue;
using namespace std::chrono_literals;
using namespace std::string_view_literals;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

/// Small, so that short inputs reach the bounds.
broker::Options small() {
  return {.limits = {.frame_max_bytes = 4'096,
                     .body_max_bytes = 20'000,
                     .json_header_max_bytes = 5'000,
                     .table_depth_max = 6,
                     .output_deliver_bytes = 8'192,
                     .output_answer_bytes = 32'768},
          .channel_max = 5,
          .queue_max = 50,
          .consumer_max = 50,
          .binding_max = 50,
          .memory_max_bytes = 200'000};
}

/// Every name that was given to a queue or an exchange, and the bindings that outlive those.
class Names final : public broker::Observer {
 public:
  struct ExchangeBinding {
    std::string destination, source, routing_key, arguments;
    auto operator<=>(const ExchangeBinding&) const = default;
  };

  static bool is_predeclared(std::string_view exchange) { return exchange.starts_with("amq."); }

  std::set<std::string> queues, exchanges;
  std::set<ExchangeBinding> bindings;  // from a predeclared exchange to another
  std::string latest;                  // that the broker made

 private:
  void on_received(const broker::Session&, const protocol::Command& command) override {
    if (const auto* m = std::get_if<queue::Declare>(&command.method)) queues.emplace(m->queue);
    if (const auto* m = std::get_if<exchange::Declare>(&command.method)) exchanges.emplace(m->exchange);
    if (const auto* m = std::get_if<exchange::Bind>(&command.method);
        m != nullptr && is_predeclared(m->destination) && is_predeclared(m->source))
      bindings.insert({std::string{m->destination}, std::string{m->source}, std::string{m->routing_key},
                       std::string{m->arguments.encoded()}});
  }
  void on_sent(const broker::Session&, const protocol::Command& command) override {
    if (const auto* m = std::get_if<queue::DeclareOk>(&command.method)) queues.emplace(latest = m->queue);
    if (const auto* m = std::get_if<basic::ConsumeOk>(&command.method); m != nullptr && m->consumer_tag.size() > 8)
      latest = m->consumer_tag;
    if (!command.content) return;
    if (const auto reply_to = command.content->properties.decode().reply_to; reply_to && reply_to->size() > 8)
      latest = *reply_to;
  }
};

class Story {
 public:
  explicit Story(std::string_view input) : tape_{input} {}

  void play() {
    while (!tape_.over()) {
      step();
      network_.settle();
      for (auto* client : clients_)
        if (client != nullptr) reopen_channels(*client);
      composer_.learn(names_.latest);
    }
    require_forgotten();
    require_rpc();
  }

 private:
  enum class Kind : std::uint8_t { json, amqp, amqp_with_heartbeats, raw };

  void step() {
    const std::size_t what = tape_.byte();
    const auto who = what >> 6U;
    auto& client = present(who);
    switch (what & 15U) {
      case 0: client.send_bytes(tape_.take(tape_.byte())); break;
      case 1: network_.advance(std::chrono::milliseconds{1U << tape_.byte() % 22U}); break;
      case 2: client.read_at_most(std::size_t{16} * tape_.byte()); break;
      case 3: client.read_all(); break;
      case 4: client.send_piecewise(1U + tape_.byte()); break;
      case 5:
        client.vanish(network_.now());
        clients_[who] = &arrive(static_cast<Kind>(tape_.byte() % 4));
        break;
      default: {
        constexpr std::array<std::uint16_t, 4> channels{1, 1, 2, 0};
        const auto command = composer_.command(channels[what >> 4U & 3U]);
        if (client.has_encoding()) client.send(command);
      }
    }
  }

  // Forgets what has come, but goes on where the broker has closed a channel.
  void reopen_channels(RemoteEnd& client) {
    for (const auto& received : std::exchange(client.inbox(), {})) {
      if (!std::holds_alternative<channel::Close>(received.method)) continue;
      client.send({.channel = received.channel, .method = channel::CloseOk{}});
      client.send({.channel = received.channel, .method = channel::Open{}});
    }
  }

  RemoteEnd& present(std::size_t who) {
    auto*& client = clients_[who];
    if (client == nullptr || !client->is_open()) client = &arrive(static_cast<Kind>(who));
    return *client;
  }

  RemoteEnd& arrive(Kind kind) {
    if (kind == Kind::raw) return network_.connect(std::nullopt);
    auto& end = network_.connect(kind == Kind::json ? Encoding::json : Encoding::amqp);
    const auto say = [&](std::uint16_t channel, const protocol::Method& method) {
      end.send({.channel = channel, .method = method});
    };
    protocol::FieldTableWriter capabilities;
    capabilities.boolean("consumer_cancel_notify", true).boolean("connection.blocked", true);
    protocol::FieldTableWriter properties;
    properties.table("capabilities", capabilities.table());
    if (kind == Kind::json) {
      say(0, connection::Open{
                 .virtual_host = "/", .user = "guest", .password = "guest", .client_properties = properties.table()});
      network_.settle();
      return end;
    }
    const std::uint16_t heartbeat = kind == Kind::amqp_with_heartbeats ? 10 : 0;
    end.send_bytes("AMQP\0\0\x9\1"sv);
    say(0, connection::StartOk{
               .client_properties = properties.table(), .mechanism = "PLAIN", .response = "\0guest\0guest"sv});
    say(0, connection::TuneOk{.channel_max = 5, .frame_max = 4'096, .heartbeat = heartbeat});
    say(0, connection::Open{.virtual_host = "/"});
    say(1, channel::Open{});
    end.tune_frame_max(4'096);
    network_.settle();
    return end;
  }

  // ---- what must hold whatever they did

  void require_rpc() {
    auto& server = arrive(Kind::amqp);
    const auto requests = declare_own_queue(server);
    auto& client = arrive(Kind::amqp);
    const auto replies = declare_own_queue(client);

    publish(client, requests, "30", {.correlation_id = "1", .reply_to = replies});
    const auto request = take<basic::Deliver>(server);
    require(request.body == "30", "the server gets the request");
    const auto asked = request.decoded_properties();
    publish(server, *asked.reply_to, "832040", {.correlation_id = asked.correlation_id});
    const auto reply = take<basic::Deliver>(client);
    require(reply.body == "832040" && reply.decoded_properties().correlation_id == "1"sv, "the client gets the reply");
    server.vanish(network_.now());
    client.vanish(network_.now());
  }

  void require_forgotten() {
    for (auto* client : clients_)
      if (client != nullptr) client->vanish(network_.now());
    network_.settle();
    auto& broker = network_.broker();
    require(broker.connection_count() == 0, "no connection is left");
    auto& virtual_host = *broker.find_virtual_host("/");
    auto& cleaner = arrive(Kind::amqp);
    for (const auto& name : names_.queues) {
      const auto* left = virtual_host.find_queue(name);
      if (left == nullptr) continue;
      require(left->declaration().owner == 0, "exclusive queues go with their connection");
      require(left->consumers() == 0, "consumers go with their connection");
      require(left->unacked() == 0, "what was unacked came back");
      say(cleaner, queue::Delete{.queue = name});
    }
    for (const auto& name : names_.exchanges)
      if (!name.empty() && !Names::is_predeclared(name)) say(cleaner, exchange::Delete{.exchange = name});
    for (const auto& [destination, source, routing_key, arguments] : names_.bindings)
      if (virtual_host.find_exchange(destination) != nullptr && virtual_host.find_exchange(source) != nullptr)
        say(cleaner, exchange::Unbind{.destination = destination,
                                      .source = source,
                                      .routing_key = routing_key,
                                      .arguments = protocol::FieldTable{arguments}});
    require(cleaner.is_open(), "the cleaner is served");
    cleaner.vanish(network_.now());
    require(virtual_host.queue_count() == 0, "every queue has a name that was declared");
    require(broker.context().memory().used() == 0, "nothing is charged where nothing is held");
    require(broker.context().memory().incoming().used() == 0, "nothing is on its way in");
    require(broker.deadline() == TimePoint::max(), "nothing is due where nothing is left");
  }

  void say(RemoteEnd& end, const protocol::Method& method) {
    end.send({.channel = 1, .method = method});
    network_.settle();
  }

  template <class M> Received take(RemoteEnd& end) {
    while (!end.inbox().empty()) {
      auto received = std::move(end.inbox().front());
      end.inbox().pop_front();
      if (std::holds_alternative<M>(received.method)) return received;
    }
    require(false, "a well-behaved client is answered");
    std::abort();
  }

  std::string declare_own_queue(RemoteEnd& end) {
    say(end, queue::Declare{.exclusive = true});
    const auto answer = take<queue::DeclareOk>(end);
    std::string name{std::get<queue::DeclareOk>(answer.method).queue};
    say(end, basic::Consume{.queue = name, .no_ack = true});
    take<basic::ConsumeOk>(end);
    return name;
  }

  void publish(RemoteEnd& end, std::string_view key, std::string_view body, const protocol::BasicProperties& with) {
    std::string properties;
    encode(with, properties);
    end.send({.channel = 1,
              .method = basic::Publish{.routing_key = key},
              .content = protocol::Content{.properties = protocol::Properties{properties}, .body = body}});
    network_.settle();
  }

  Tape tape_;
  Composer composer_{tape_};
  Names names_;
  Network network_{small(), &names_};
  std::array<RemoteEnd*, 4> clients_{};
};

}  // namespace
}  // namespace pocketmq::tests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pocketmq::tests::Story{{reinterpret_cast<const char*>(data), size}}.play();
  return 0;
}
