// A ServerCore on a scripted broker, and on the next one after that.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "client/values/message.hpp"
#include "server/server_core.hpp"
#include "tests/client/link/scripted_peer.hpp"

namespace pocketmq::server {

/// A request that was handed out, and its message as values.
struct HandedOut : Request {
  explicit HandedOut(Request request)
      : Request{std::move(request)}, message{client::to_message(protocol::Properties{properties}, body)} {}

  client::Message message;
};

/// Two procedures: "fib", and "fac" on a durable queue.
inline std::vector<Served> fib_and_fac() { return {{"fib", {}}, {"fac", {.queue = {.durable = true}}}}; }

/// What the caller gets of a cancelled call. It knows, unless another one cancelled it.
inline constexpr auto told_cancelled = R"({"code":"cancelled","message":"the call was cancelled"})";

class ServerWorld {
 public:
  /// Open, but for what the broker is to say to what it was asked.
  explicit ServerWorld(std::vector<Served> procedures, std::uint16_t prefetch = 3)
      : server{prefetch,
               {.requested = [this](Request request) { requests.emplace_back(std::move(request)); },
                .cancelled = [this](RequestId id) { cancelled.push_back(id); },
                .deadline_changed = [] {},
                .troubled = [this](const client::CloseReason& reason) { troubles.push_back(reason.text); }}} {
    for (auto& served : procedures) server.serve(std::move(served));
    connects();
  }
  ~ServerWorld() { vanishes(); }

  void connects() {
    const auto now = peer ? peer->now : client::ScriptedPeer{encoding_}.now;
    peer = std::make_unique<client::ScriptedPeer>(client::ScriptedPeer::open(encoding_));
    peer->now = now;
    server.open(*peer->client, [this](const client::CloseReason& reason) { opened.push_back(reason.text); });
  }
  void vanishes() const { peer->vanishes(); }

  /// The broker agrees to all that it is asked. What that was: "basic.consume fib".
  std::vector<std::string> agrees() {
    std::vector<std::string> asked;
    while (const auto command = peer->next_if_any()) asked.push_back(agree(*command));
    return asked;
  }

  /// Lets the core's next time-out come, and says how long that took.
  std::chrono::nanoseconds ticks_after() {
    const auto before = peer->now;
    peer->now = server.deadline();
    server.tick(peer->now);
    return peer->now - before;
  }

  void delivers(const std::string& queue, std::uint64_t tag, std::string_view body,
                const protocol::BasicProperties& properties = {}, bool redelivered = false) {
    using namespace protocol;
    const auto& consumer = consumers.at(queue);
    says(consumer.channel,
         basic::Deliver{.consumer_tag = consumer.tag, .delivery_tag = tag, .redelivered = redelivered}, body,
         properties);
  }

  /// A caller gives up.
  void cancels(std::string_view reply_to, std::string_view correlation_id) {
    delivers("amq.gen-cancel", 0, "",
             {.correlation_id = protocol::ShortString{correlation_id}, .reply_to = protocol::ShortString{reply_to}});
  }

  /// The server's reply on the queue's channel; its views are valid until the next thing that is heard.
  protocol::BasicProperties hears_reply(const std::string& queue, std::string_view reply_to, std::string_view body) {
    const auto publish = peer->hears<protocol::basic::Publish>(consumers.at(queue).channel);
    CHECK(publish.exchange.empty());
    CHECK(publish.routing_key == reply_to);
    mandatory = publish.mandatory;
    CHECK(peer->heard.content->body == body);
    return peer->heard.content->properties.decode();
  }
  void hears_ack(const std::string& queue, std::uint64_t tag) {
    CHECK(peer->hears<protocol::basic::Ack>(consumers.at(queue).channel) == protocol::basic::Ack{.delivery_tag = tag});
  }
  void hears_requeue(const std::string& queue, std::uint64_t tag) {
    CHECK(peer->hears<protocol::basic::Reject>(consumers.at(queue).channel)
          == protocol::basic::Reject{.delivery_tag = tag, .requeue = true});
  }

  void says(std::uint16_t channel, const protocol::Method& method, std::string_view body,
            const protocol::BasicProperties& properties) const {
    std::string encoded;
    encode(properties, encoded);
    peer->says(channel, method, protocol::Content{.properties = protocol::Properties{encoded}, .body = body});
  }

  struct Consumer {
    std::uint16_t channel;
    std::string tag;
  };

  std::unique_ptr<client::ScriptedPeer> peer;
  ServerCore server;
  std::map<std::string, Consumer> consumers;  // by queue
  std::vector<HandedOut> requests;            // handed out
  std::vector<RequestId> cancelled;
  std::vector<std::string> opened, troubles;
  bool mandatory{false};  // the last reply
  bool refuses_exchanges{false};

  void refuses(std::uint16_t channel, const protocol::channel::Close& why) {
    closing_.insert(channel);
    peer->says(channel, why);
  }

  /// Agrees to one command.
  std::string agree(const protocol::Command& command) {
    using namespace protocol;
    std::string asked{id_of(command.method).name};
    if (closing_.contains(command.channel)) {
      if (std::holds_alternative<channel::CloseOk>(command.method)) closing_.erase(command.channel);
      return asked;
    }
    const auto grant = [&](const Method& reply, std::string_view about = {}) {
      if (!about.empty()) asked.append(" ").append(about);
      peer->says(command.channel, reply);
    };
    if (std::get_if<channel::Open>(&command.method)) grant(channel::OpenOk{});
    if (std::get_if<channel::Close>(&command.method)) grant(channel::CloseOk{});
    if (std::get_if<basic::Qos>(&command.method)) grant(basic::QosOk{});
    if (const auto* m = std::get_if<exchange::Declare>(&command.method)) {
      if (refuses_exchanges)
        refuses(command.channel, {.reply_code = 403, .reply_text = "ACCESS_REFUSED"});
      else
        grant(exchange::DeclareOk{}, std::string{m->exchange});
    }
    if (const auto* m = std::get_if<queue::Declare>(&command.method)) {
      const std::string queue{m->queue.empty() ? "amq.gen-cancel" : std::string_view{m->queue}};
      grant(queue::DeclareOk{.queue = ShortString{queue}}, queue);
    }
    if (const auto* m = std::get_if<queue::Bind>(&command.method)) grant(queue::BindOk{}, std::string{m->queue});
    if (const auto* m = std::get_if<basic::Consume>(&command.method)) {
      const std::string queue{m->queue}, tag{m->consumer_tag};
      consumers[queue] = {command.channel, tag};
      grant(basic::ConsumeOk{.consumer_tag = ShortString{tag}}, queue);
    }
    if (const auto* m = std::get_if<basic::Cancel>(&command.method)) {
      const std::string tag{m->consumer_tag};
      grant(basic::CancelOk{.consumer_tag = ShortString{tag}}, tag);
    }
    return asked;
  }

 private:
  std::set<std::uint16_t> closing_;  // what still comes there is ignored
  const protocol::Encoding encoding_{client::any_encoding()};
};

}  // namespace pocketmq::server
