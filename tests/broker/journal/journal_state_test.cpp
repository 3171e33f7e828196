// The state that events add up to.
#include "broker/journal/journal_state.hpp"

#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"
#include "tests/support/journal_under_test.hpp"

namespace pocketmq::tests {
namespace {

namespace event = broker::event;
using broker::JournalState;
using nlohmann::json;

// A journal whose events are applied to a state, with short names for what happens in these tests.
class Replay : public JournalUnderTest {
 public:
  template <class E> Replay& after(const E& event) {
    journal.tell(event);
    return *this;
  }
  Replay& declared(std::string_view queue) {
    return after(event::QueueDeclared{
        .vhost = "/", .queue = queue, .created = true, .type = "classic", .durable = true, .connection = 1});
  }
  /// Published by connection 1 and routed to `queues`, which have not taken it yet.
  Replay& published(std::uint64_t message, std::uint64_t queues = 1) {
    after(event::MessagePublished{.message = message, .vhost = "/", .connection = 1, .channel = 1, .body = {"body"}});
    return after(event::MessageRouted{.message = message, .vhost = "/", .queue_count = queues});
  }
  Replay& enqueued(std::uint64_t message, std::string_view queue, std::uint8_t priority = 0) {
    return after(event::MessageEnqueued{
        .message = message, .vhost = "/", .queue = queue, .position = ++position_, .priority = priority});
  }
  Replay& delivered(std::uint64_t message, std::string_view queue, std::uint64_t tag) {
    return after(event::MessageDelivered{.message = message,
                                         .vhost = "/",
                                         .queue = queue,
                                         .connection = 2,
                                         .channel = 1,
                                         .consumer = "c",
                                         .delivery_tag = tag});
  }
  Replay& dropped(std::uint64_t message, std::string_view queue, event::Stage stage) {
    return after(event::MessageDropped{.message = message, .vhost = "/", .queue = queue, .stage = stage});
  }

  [[nodiscard]] json to_json() const { return json::parse(broker::to_json(state.snapshot())); }
  /// Of the only virtual host.
  [[nodiscard]] json vhost() const { return to_json()["vhosts"].at(0); }
  [[nodiscard]] json queue(std::string_view name) const {
    const auto here = vhost();
    for (const auto& queue : here["queues"])
      if (queue["name"] == name) return queue;
    return nullptr;
  }
  [[nodiscard]] json ready(std::string_view name) const { return queue(name)["ready"]; }
  [[nodiscard]] json unacked_of_consumer() const { return to_json()["connections"].at(0)["channels"].at(0)["unacked"]; }

  JournalState state;

 private:
  std::uint64_t position_{0};
  broker::Subscription subscription_{journal.subscribe([this](const broker::Entry& entry) { state.apply(entry); })};
};

// With a consumer on connection 2.
struct WithConsumer : Replay {
  WithConsumer() {
    after(event::ConnectionOpened{.connection = 2, .address = "127.0.0.1:5"});
    after(event::ChannelOpened{.connection = 2, .channel = 1});
    declared("q");
    after(event::ConsumerStarted{
        .vhost = "/", .queue = "q", .consumer = "c", .connection = 2, .channel = 1, .prefetch = 3});
  }
};

using Numbers = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("connections and channels come and go in a state") {
  Replay replay;
  replay.after(event::ConnectionOpened{.connection = 3, .address = "127.0.0.1:5"});
  CHECK(replay.to_json()["connections"]
        == json::parse(R"([{"connection":3,"name":"127.0.0.1:5","address":"127.0.0.1:5","blocked":false,
                            "channels":[]}])"));
  replay
      .after(event::ConnectionAuthenticated{.connection = 3,
                                            .name = "server 1",
                                            .address = "127.0.0.1:5",
                                            .user = "guest",
                                            .vhost = "/",
                                            .encoding = event::Encoding::json})
      .after(event::ChannelOpened{.connection = 3, .channel = 1})
      .after(event::ChannelOpened{.connection = 3, .channel = 2})
      .after(event::ChannelModeSet{.connection = 3, .channel = 2, .mode = event::ChannelMode::confirm})
      .after(event::ChannelPrefetchSet{.connection = 3, .channel = 2, .prefetch = 5})
      .after(event::ConnectionBlocked{.connection = 3})
      .after(event::ChannelClosed{.connection = 3, .channel = 1})
      .after(event::ConsumerStarted{.vhost = "/",
                                    .queue = "amq.rabbitmq.reply-to",
                                    .consumer = "c",
                                    .connection = 3,
                                    .channel = 2,
                                    .reply_to = "amq.rabbitmq.reply-to.x"});
  CHECK(replay.to_json()["connections"]
        == json::parse(R"([{"connection":3,"name":"server 1","address":"127.0.0.1:5","user":"guest","vhost":"/",
                            "encoding":"json","blocked":true,"channels":[
                              {"channel":2,"mode":"confirm","prefetch":5,"shared_prefetch":0,"unacked_count":0,"unacked":[],
                               "reply_consumer":{"consumer":"c","reply_to":"amq.rabbitmq.reply-to.x"}}]}])"));
  replay.after(event::ChannelPrefetchSet{.connection = 3, .channel = 2, .prefetch = 9, .shared = true})
      .after(event::ConnectionUnblocked{.connection = 3})
      .after(event::ConsumerCancelled{
          .vhost = "/", .queue = "amq.rabbitmq.reply-to", .consumer = "c", .connection = 3, .channel = 2});
  CHECK(replay.to_json()["connections"].at(0)["channels"].at(0)
        == json::parse(
            R"({"channel":2,"mode":"confirm","prefetch":5,"shared_prefetch":9,"unacked_count":0,"unacked":[]})"));
  CHECK(replay.to_json()["connections"].at(0)["blocked"] == false);

  SECTION("one is closed") { replay.after(event::ConnectionClosed{.connection = 3}); }
  SECTION("one is lost") { replay.after(event::ConnectionLost{.connection = 3}); }
  CHECK(replay.to_json()["connections"].empty());
}

TEST_CASE("exchanges bindings queues and policies come and go in a state") {
  protocol::FieldTableWriter table;
  table.string("x-match", "any");
  Replay replay;
  const event::BindingCreated bound{
      .vhost = "v", .source = "e", .destination = "q", .routing_key = "k", .arguments = {table.table()}};
  replay.after(event::VhostCreated{.vhost = "v"})
      .after(event::ExchangeDeclared{.vhost = "v",
                                     .exchange = "e",
                                     .created = true,
                                     .type = "headers",
                                     .durable = true,
                                     .alternate = "a",
                                     .arguments = {table.table()}})
      .after(event::ExchangeDeclared{.vhost = "v", .exchange = "e", .created = false, .type = "headers"})
      .after(event::QueueDeclared{
          .vhost = "v", .queue = "q", .created = true, .type = "quorum", .exclusive = true, .connection = 4})
      .after(event::QueueDeclared{.vhost = "v", .queue = "q", .created = false, .type = "quorum"})
      .after(bound)
      .after(event::BindingCreated{
          .vhost = "v", .source = "d", .destination = "e", .destination_is = event::Target::exchange})
      .after(event::PolicySet{.vhost = "v",
                              .policy = "p",
                              .pattern = ".*",
                              .apply_to = "queues",
                              .priority = -1,
                              .settings = {table.table()}});
  CHECK(replay.vhost() == json::parse(R"({"name":"v",
      "exchanges":[{"name":"e","type":"headers","durable":true,"auto_delete":false,"internal":false,"alternate":"a",
                    "arguments":{"x-match":"any"}}],
      "bindings":[{"source":"d","destination":"e","destination_is":"exchange","routing_key":"","arguments":{}},
                  {"source":"e","destination":"q","destination_is":"queue","routing_key":"k",
                   "arguments":{"x-match":"any"}}],
      "queues":[{"name":"q","type":"quorum","durable":false,"auto_delete":false,"exclusive_to":4,"arguments":{},
                 "ready_count":0,"ready":[],"unacked":0,"consumers":[]}],
      "policies":[{"name":"p","pattern":".*","apply_to":"queues","priority":-1,"settings":{"x-match":"any"}}]})"));

  replay
      .after(event::BindingDeleted{
          .vhost = "v", .source = "e", .destination = "q", .routing_key = "k", .arguments = {table.table()}})
      .after(event::BindingDeleted{.vhost = "v", .source = "d", .destination = "other"})
      .after(event::QueueDeleted{.vhost = "v", .queue = "q"})
      .after(event::ExchangeDeleted{.vhost = "v", .exchange = "e"});
  CHECK(replay.vhost() == json::parse(R"({"name":"v","exchanges":[],"queues":[],
             "policies":[{"name":"p","pattern":".*","apply_to":"queues","priority":-1,"settings":{"x-match":"any"}}],"bindings":[
             {"source":"d","destination":"e","destination_is":"exchange","routing_key":"","arguments":{}}]})"));
}

TEST_CASE("a message is ready unacked and gone") {
  WithConsumer replay;
  replay.published(7);
  CHECK(replay.state.message_count() == 1);
  replay.enqueued(7, "q");
  CHECK(replay.ready("q") == json(Numbers{7}));
  replay.delivered(7, "q", 11);
  CHECK(replay.ready("q").empty());
  CHECK(replay.queue("q")["unacked"] == 1);
  CHECK(replay.queue("q")["consumers"]
        == json::parse(R"([{"consumer":"c","connection":2,"channel":1,"ack_mode":"manual","exclusive":false,
                            "prefetch":3,"priority":0,"unacked":1}])"));
  CHECK(replay.unacked_of_consumer()
        == json::parse(R"([{"delivery_tag":11,"message":7,"queue":"q","consumer":"c","redelivered":false}])"));
  CHECK(replay.state.message_count() == 1);
  replay.after(event::MessageAcked{.message = 7, .vhost = "/", .queue = "q"});
  CHECK(replay.queue("q")["unacked"] == 0);
  CHECK(replay.unacked_of_consumer().empty());
  CHECK(replay.state.message_count() == 0);
  CHECK(replay.to_json()["number"] == replay.journal.last_number());
}

TEST_CASE("ready messages stand in their order") {
  WithConsumer replay;
  for (const std::uint64_t message : {1, 2, 3, 4}) replay.published(message);
  replay.enqueued(1, "q").enqueued(2, "q").enqueued(3, "q", 5).enqueued(4, "q");
  CHECK(replay.ready("q") == json(Numbers{3, 1, 2, 4}));
  replay.delivered(3, "q", 1).delivered(1, "q", 2).delivered(2, "q", 3);
  // The second one comes back first.
  replay.after(event::MessageRequeued{.message = 2, .vhost = "/", .queue = "q", .position = 2});
  replay.after(event::MessageRequeued{.message = 1, .vhost = "/", .queue = "q", .position = 1});
  CHECK(replay.ready("q") == json(Numbers{1, 2, 4}));
  replay.after(event::MessageRequeued{.message = 3, .vhost = "/", .queue = "q", .position = 3});
  CHECK(replay.ready("q") == json(Numbers{3, 1, 2, 4}));
  CHECK(replay.queue("q")["unacked"] == 0);

  SECTION("on a quorum queue what comes back may stand behind all others") {
    replay.delivered(1, "q", 4);
    replay.after(event::MessageRequeued{.message = 1, .vhost = "/", .queue = "q", .position = 9, .at_end = true});
    CHECK(replay.ready("q") == json(Numbers{3, 2, 4, 1}));
  }
  SECTION("or behind those that came back before") {
    replay.delivered(1, "q", 4);
    replay.after(event::MessageRequeued{.message = 1, .vhost = "/", .queue = "q", .position = 9});
    CHECK(replay.ready("q") == json(Numbers{3, 2, 1, 4}));
  }
}

TEST_CASE("a message is in several queues until the last one has let it go") {
  WithConsumer replay;
  replay.declared("r").published(1, 3).enqueued(1, "q").enqueued(1, "r");
  replay.delivered(1, "q", 1).after(event::MessageAcked{.message = 1, .vhost = "/", .queue = "q"});
  replay.dropped(1, "r", event::Stage::queue);
  CHECK(replay.state.message_count() == 1);
  replay.dropped(1, "s", event::Stage::enter);
  CHECK(replay.state.message_count() == 0);
}

TEST_CASE("purged messages are not ready before they are told to be dropped") {
  WithConsumer replay;
  replay.published(1).enqueued(1, "q").published(2).enqueued(2, "q").published(3).enqueued(3, "q");
  replay.delivered(1, "q", 1);
  replay.after(event::QueuePurged{.vhost = "/", .queue = "q", .messages = 2});
  CHECK(replay.ready("q").empty());
  CHECK(replay.queue("q")["unacked"] == 1);
  replay.published(4).enqueued(4, "q").dropped(2, "q", event::Stage::queue).dropped(3, "q", event::Stage::queue);
  CHECK(replay.ready("q") == json(Numbers{4}));
  CHECK(replay.state.message_count() == 2);
}

TEST_CASE("what a deleted queue held has nothing to do with a new one of its name") {
  WithConsumer replay;
  replay.published(1).enqueued(1, "q").published(2).enqueued(2, "q").delivered(1, "q", 1);
  replay.after(event::QueueDeleted{.vhost = "/", .queue = "q", .messages = 1}).declared("q");
  CHECK(replay.unacked_of_consumer().size() == 1);
  CHECK(replay.queue("q")["unacked"] == 0);
  replay.published(3).enqueued(3, "q").dropped(2, "q", event::Stage::queue).dropped(1, "q", event::Stage::queue);
  CHECK(replay.ready("q") == json(Numbers{3}));
  CHECK(replay.unacked_of_consumer().empty());
  CHECK(replay.state.message_count() == 1);
}

TEST_CASE("deliveries of a channel that has gone do not touch another one of its number") {
  WithConsumer replay;
  replay.published(1).enqueued(1, "q").published(2).enqueued(2, "q").delivered(1, "q", 1);
  replay.after(event::ChannelClosed{.connection = 2, .channel = 1});
  replay.after(event::ChannelOpened{.connection = 2, .channel = 1});
  replay.delivered(2, "q", 1);
  replay.after(event::MessageRequeued{.message = 1, .vhost = "/", .queue = "q", .position = 1});
  CHECK(replay.unacked_of_consumer().at(0)["message"] == 2);
  CHECK(replay.ready("q") == json(Numbers{1}));
}

TEST_CASE("a dead letter is another message and its parent ends with it") {
  WithConsumer replay;
  replay.declared("dead").published(1).enqueued(1, "q");
  replay.after(event::MessageExpired{.message = 1, .vhost = "/", .queue = "q"});
  CHECK(replay.ready("q") == json(Numbers{1}));
  replay.after(event::MessageDeadLettered{.message = 1, .vhost = "/", .queue = "q", .reason = event::Death::expired});
  CHECK(replay.ready("q").empty());
  CHECK(replay.state.message_count() == 1);
  SECTION("where the exchange is there") {
    replay.after(event::DeadLetterPublished{.message = 2, .parent = 1, .vhost = "/", .queue = "q"});
    CHECK(replay.state.message_count() == 1);
    replay.after(event::MessageRouted{.message = 2, .vhost = "/", .queue_count = 1}).enqueued(2, "dead");
    CHECK(replay.ready("dead") == json(Numbers{2}));
  }
  SECTION("where it is not") {
    replay.dropped(1, "q", event::Stage::dead_letter);
    CHECK(replay.state.message_count() == 0);
  }
}

TEST_CASE("a full queue dead-letters a message that it never had") {
  WithConsumer replay;
  replay.published(1);
  replay.after(event::MessageDeadLettered{.message = 1, .vhost = "/", .queue = "q", .reason = event::Death::maxlen});
  CHECK(replay.state.message_count() == 1);
  replay.dropped(1, "q", event::Stage::dead_letter);
  CHECK(replay.state.message_count() == 0);
}

TEST_CASE("a message that goes nowhere ends") {
  Replay replay;
  replay.after(event::MessagePublished{.message = 1, .vhost = "/"});
  replay.after(event::MessageUnroutable{.message = 1, .vhost = "/"});
  CHECK(replay.state.message_count() == 1);
  SECTION("dropped") { replay.dropped(1, "", event::Stage::publish); }
  SECTION("or returned") { replay.after(event::MessageReturned{.message = 1, .connection = 1, .channel = 1}); }
  CHECK(replay.state.message_count() == 0);
}

TEST_CASE("a direct reply ends with its delivery or is dropped") {
  Replay replay;
  replay.after(event::MessagePublished{.message = 1, .vhost = "/"});
  replay.after(event::MessageRouted{.message = 1, .vhost = "/", .direct_reply = true});
  CHECK(replay.state.message_count() == 1);
  SECTION("delivered") { replay.after(event::MessageReplied{.message = 1}); }
  SECTION("dropped") { replay.dropped(1, "", event::Stage::reply); }
  SECTION("delivered, and returned as well") {
    replay.after(event::MessageReturned{.message = 1});
    CHECK(replay.state.message_count() == 1);
    replay.after(event::MessageReplied{.message = 1});
  }
  CHECK(replay.state.message_count() == 0);
}

TEST_CASE("a gap makes a state incomplete and what is unknown is passed over") {
  Replay replay;
  CHECK(replay.state.is_complete());
  replay.after(event::Gap{.from = 1, .to = 9});
  CHECK_FALSE(replay.state.is_complete());
  replay.delivered(1, "q", 1).dropped(2, "q", event::Stage::queue).enqueued(3, "q");
  replay.after(event::MessageAcked{.message = 1, .vhost = "/", .queue = "q"})
      .after(event::MessageRequeued{.message = 1, .vhost = "/", .queue = "q"})
      .after(event::MessageDeadLettered{.message = 1, .vhost = "/", .queue = "q"})
      .after(event::ChannelOpened{.connection = 1, .channel = 1})
      .after(event::ConsumerCancelled{.vhost = "/", .queue = "q", .consumer = "c"})
      .after(event::BindingDeleted{.vhost = "/", .source = "e", .destination = "q"})
      .after(event::QueueDeleted{.vhost = "/", .queue = "q"});
  CHECK(replay.state.message_count() == 0);
  CHECK(replay.to_json()["connections"].empty());
}

}  // namespace pocketmq::tests
