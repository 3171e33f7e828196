// A client's calls on a scripted broker, which hears the requests and makes up the replies.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/rpc/rpc_core.hpp"
#include "tests/client/link/scripted_peer.hpp"

namespace pocketmq::client {

inline constexpr WallTime wall{std::chrono::milliseconds{1'700'000'000'000}};

using Strings = std::vector<std::string>;

// What calls came to: their bodies, or their errors' texts.
struct Calls {
  Strings results;

  auto record() {
    return [this](const RpcResult& result) { results.push_back(result.error ? result.error->what() : result.body); };
  }
};

struct Sequence {
  std::int64_t number{0};
  bool is_end{false};
};

struct RpcWorld {
  explicit RpcWorld(protocol::Encoding encoding_, RpcSettings settings_ = {})
      : encoding{encoding_}, settings{seeded(settings_)}, rpc{settings, [this] { ++deadline_changes; }} {
    connects();
    REQUIRE(opened.times == 1);
    REQUIRE_FALSE(opened.error);
  }
  RpcWorld(const RpcWorld&) = delete;
  RpcWorld& operator=(const RpcWorld&) = delete;
  ~RpcWorld() {
    rpc.close({RpcCode::cancelled, "the test is over"});
    vanishes();
  }

  // A new connection, with its callback queue open.
  void connects() {
    using namespace protocol;
    begins_to_connect();
    const auto channel_of_exchange = hears_channel_opened();
    const auto exchange = peer->hears<exchange::Declare>(channel_of_exchange);
    CHECK(exchange.exchange == "pocketmq.rpc.cancel");
    CHECK(exchange.type == "fanout");
    CHECK_FALSE(exchange.durable);
    CHECK_FALSE(exchange.auto_delete);
    consumes_replies();
    peer->says(channel_of_exchange, exchange::DeclareOk{});
    peer->hears<channel::Close>(channel_of_exchange);
    peer->says(channel_of_exchange, channel::CloseOk{});
  }

  // As far as the declaration of the callback queue, which it gives a name of its own.
  void begins_to_connect() {
    using namespace protocol;
    peer = std::make_unique<ScriptedPeer>(ScriptedPeer::open(encoding, now()));
    rpc.open(*peer->client, [this](const CloseReason& reason) { opened.record()(reason.error); });
    if (encoding == Encoding::amqp) {
      peer->hears<channel::Open>(1);
      peer->says(1, channel::OpenOk{});
    }
    if (settings.confirm) {
      peer->hears<confirm::Select>(1);
      peer->says(1, confirm::SelectOk{});
    }
    if (settings.reply_to == ReplyTo::direct) return hears_consume("amq.rabbitmq.reply-to");
    const auto declare = peer->hears<queue::Declare>(1);
    CHECK(declare.queue.empty());
    CHECK(declare.exclusive);
  }

  void consumes_replies() {
    using namespace protocol;
    if (settings.reply_to == ReplyTo::callback_queue) {
      const auto name = "amq.gen-" + std::to_string(++callback_queues);
      peer->says(1, queue::DeclareOk{.queue = name});
      hears_consume(name);
    }
    peer->says(1, basic::ConsumeOk{.consumer_tag = consumer_tag});
  }

  void hears_consume(std::string_view queue) {
    const auto consume = peer->hears<protocol::basic::Consume>(1);
    CHECK(consume.queue == queue);
    CHECK(consume.no_ack);
    reply_to = queue;
    consumer_tag = consume.consumer_tag;
  }

  // The number of a channel that the client asks for and gets.
  std::uint16_t hears_channel_opened() const {
    const auto command = peer->next();
    REQUIRE(std::holds_alternative<protocol::channel::Open>(command.method));
    const auto number = command.channel;
    peer->says(number, protocol::channel::OpenOk{});
    return number;
  }

  void vanishes() const {
    if (peer) peer->vanishes();
  }

  void advance(std::chrono::milliseconds by) {
    const auto until = now() + by;
    while (rpc.deadline() <= until) {
      pass(std::max(rpc.deadline(), now()));
      rpc.tick(now());
    }
    pass(until);
  }

  RpcCore::CallId calls(RpcRequest request) {
    if (request.timeout == std::chrono::milliseconds{}) request.timeout = 1s;
    return rpc.call(std::move(request), now(), wall, outcome.record());
  }
  RpcCore::CallId calls(const std::string& queue, const std::string& body, std::chrono::milliseconds timeout = 1s) {
    return rpc.call({.queue = queue, .payload = {body}, .timeout = timeout}, now(), wall, outcome.record());
  }

  protocol::BasicProperties hears_request(std::string_view queue, std::string_view body) const {
    const auto publish = peer->hears<protocol::basic::Publish>(1);
    CHECK(publish.exchange.empty());
    CHECK(publish.routing_key == queue);
    CHECK(publish.mandatory);
    CHECK(peer->heard.content->body == body);
    return peer->heard.content->properties.decode();
  }

  // The ids that the core gives a call, which is numbered from 1.
  struct Ids {
    std::string correlation_id;
    std::string message_id;
  };
  const Ids& ids_of(std::size_t call) {
    while (ids_.size() < call) {
      Ids ids{.correlation_id = std::to_string(ids_.size() + 1) + '-', .message_id = {}};
      append_random_name(random_.bits128(), ids.correlation_id);
      append_random_name(random_.bits128(), ids.message_id);
      ids_.push_back(std::move(ids));
    }
    return ids_[call - 1];
  }
  std::string id(std::size_t call) { return ids_of(call).correlation_id; }

  void hears_cancel(std::size_t call) {
    const auto publish = peer->hears<protocol::basic::Publish>(1);
    CHECK(publish.exchange == "pocketmq.rpc.cancel");
    CHECK_FALSE(publish.mandatory);
    CHECK(peer->heard.content->body.empty());
    const auto properties = peer->heard.content->properties.decode();
    CHECK(properties.correlation_id == protocol::ShortString{id(call)});
    CHECK(properties.reply_to == protocol::ShortString{reply_to});
  }

  void replies(std::size_t call, std::string_view body, std::string_view type = {},
               std::optional<Sequence> sequence = {}) {
    replies_to(id(call), body, type, sequence);
  }

  // To any id, forged ones too.
  void replies_to(std::string_view correlation_id, std::string_view body, std::string_view type = {},
                  std::optional<Sequence> sequence = {}) {
    using namespace protocol;
    BasicProperties properties{.correlation_id = correlation_id};
    if (!type.empty()) properties.type = type;
    FieldTableWriter headers;
    if (sequence) {
      headers.int64("x-rpc-seq", sequence->number);
      if (sequence->is_end) headers.boolean("x-rpc-end", true);
      properties.headers = headers.table();
    }
    std::string encoded;
    encode(properties, encoded);
    peer->says(1, basic::Deliver{.consumer_tag = consumer_tag, .delivery_tag = ++delivery_tag, .routing_key = reply_to},
               Content{.properties = protocol::Properties{encoded}, .body = body});
  }

  // The request heard last comes back.
  void returns(std::string_view queue) const {
    using namespace protocol;
    const std::string properties{peer->heard.content->properties.encoded()};
    peer->says(1, basic::Return{.reply_code = 312, .reply_text = "NO_ROUTE", .routing_key = queue},
               Content{.properties = protocol::Properties{properties}, .body = "10"});
  }

  [[nodiscard]] protocol::TimePoint now() const { return peer ? peer->now : protocol::TimePoint{1h}; }

  const protocol::Encoding encoding;
  const RpcSettings settings;
  int deadline_changes{0};
  RpcCore rpc;
  std::unique_ptr<ScriptedPeer> peer;
  Outcome opened;
  Calls outcome;
  int callback_queues{0};
  std::string reply_to;
  std::string consumer_tag;
  std::uint64_t delivery_tag{0};

 private:
  static RpcSettings seeded(RpcSettings settings) {
    settings.seed = 1;
    return settings;
  }
  void pass(protocol::TimePoint until) const {
    peer->advance(std::chrono::duration_cast<std::chrono::milliseconds>(until - now()));
  }

  protocol::RandomSource random_{std::uint64_t{1}};  // as the core's
  std::vector<Ids> ids_;
};

}  // namespace pocketmq::client
