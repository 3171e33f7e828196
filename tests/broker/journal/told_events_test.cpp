// Each kind of event, and each reason, occurs in one of these stories, in both encodings, and fits the schema.
#include <functional>
#include <set>

#include "broker/control/clock_control.hpp"
#include "broker/control/faults.hpp"
#include "broker/control/restart.hpp"
#include "broker/core/context.hpp"
#include "broker/journal/ndjson.hpp"
#include "broker/session/broker.hpp"
#include "protocol/vocabulary/field_table.hpp"
#include "tests/support/schema_check.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

namespace event = broker::event;
using Arguments = protocol::FieldTableWriter;
using nlohmann::json;

constexpr auto direct_reply_queue = "amq.rabbitmq.reply-to";

// "kind", or "kind value" for each value of a field of the kind that has one of a few.
using Occurrences = std::set<std::string>;

struct Story {
  std::string title;
  Occurrences shows;  // among others
  std::function<void(World&)> tell;
  broker::Options options{};
};

Arguments dead_letters_to(std::string_view exchange) { return Arguments{}.string("x-dead-letter-exchange", exchange); }

std::string direct_reply_to_of(const Client& requester, const Client& server) {
  server.declares("requests");
  requester.publishes("requests", {.body = "request", .properties = {.reply_to = direct_reply_queue}});
  server.sends(basic::Get{.queue = "requests", .no_ack = true});
  return std::string{server.answer<basic::GetOk>().decoded_properties().reply_to.value_or("")};
}

void connections(World& world) {
  auto alice = world.connect({.name = "alice"});
  alice.opens_channel(7).on_channel(7).closes_channel();
  alice.prefetches(3).sends(protocol::channel::Flow{.active = true});
  alice.is_answered(protocol::channel::FlowOk{.active = true});
  alice.closes();
}

void lost_connection(World& world) {
  auto alice = world.connect();
  alice.declares({.queue = "own", .exclusive = true}).publishes("own", {"1", "2"});
  alice.consumes("own").receives("1", "2").vanishes();
  world.settle();
}

void refusals(World& world) {
  auto alice = world.connect();
  alice.sends(queue::Declare{.queue = "none", .passive = true});
  alice.channel_is_closed(ReplyCode::not_found, "NOT_FOUND - no queue 'none' in vhost '/'");
  alice.sends(protocol::channel::Open{});
  alice.opens_channel(2).on_channel(2).sends(protocol::channel::Open{});
  world.settle();
  world.arrive({.password = "wrong"}).shakes_hands({.password = "wrong"});
  world.settle();
}

void garbage(World& world) {
  world.arrive_raw().sends_bytes(std::string_view{"\x16\x03\x01\x02", 4});
  world.settle();
}

void topology(World& world) {
  auto alice = world.connect();
  alice.declares("q").declares("q").publishes("q", {"1", "2"}).purges("q", 2);
  alice.declares_exchange("e", "topic").binds("q", "e", "a.*").unbinds("q", "e", "a.*").binds("q", "e", "b");
  alice.declares_exchange("f", "fanout").binds_exchange("f", "e", "c").deletes_exchange("f");
  alice.declares_exchange({.exchange = "auto", .type = "direct", .auto_delete = true});
  alice.binds("q", "auto", "k").unbinds("q", "auto", "k");
  alice.consumes("q", "one").cancels("one").consumes("q", "two").publishes("q", "held").receives("held");
  alice.publishes("q", "dropped").deletes("q", 0);
  alice.is_cancelled("two").closes_channel();
  alice.opens_channel(1);
  alice.declares({.queue = "auto", .auto_delete = true}).consumes("auto", "three").cancels("three");
  alice.declares({.queue = "unused", .arguments = Arguments{}.int32("x-expires", 1'000).table()});
  alice.declares("full").publishes("full", "m").deletes("full", 1);
  world.advance(2s);
}

void confirms_and_transactions(World& world) {
  auto alice = world.connect();
  const auto arguments = Arguments{}.int32("x-max-length", 1).string("x-overflow", "reject-publish");
  alice.declares({.queue = "one", .arguments = arguments.table()}).selects_confirms();
  alice.publishes("one", "1").is_confirmed(1).publishes("one", "2").is_refused(2);
  auto bob = world.connect();
  bob.declares("q").selects_tx().publishes("q", "1").commits().publishes("q", "2").rolls_back().gets("q", "1");
}

void endings(World& world) {
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3"});
  alice.gets("q", "1").acks("1").gets("q", "2").rejects("2").gets("q", "3").requeues("3");
  alice.gets("q", redelivered("3")).sends(basic::Recover{.requeue = true});
  alice.is_answered(basic::RecoverOk{});
  alice.gets("q", redelivered("3")).closes_channel();
  world.settle();
  alice.opens_channel(1);
  alice.publishes("none", "m").publishes("none", {.body = "m", .mandatory = true}).is_returned("m");
  alice.publishes("q", {.body = "short", .properties = {.expiration = "1"}});
  alice.consumes({.queue = "q", .consumer_tag = "c", .no_ack = true});
  world.advance(1s);
  alice.declares({.queue = "short", .arguments = Arguments{}.int32("x-max-length", 1).table()});
  alice.publishes("short", {"1", "2"});
  alice.declares({.queue = "brief", .arguments = Arguments{}.int32("x-message-ttl", 1).table()})
      .publishes("brief", "m");
  world.advance(1s);
  alice.declares({.queue = "full"}).publishes("full", "m").deletes("full", 1);
}

void quorum_queue(World& world) {
  auto alice = world.connect();
  const auto limited = Arguments{}.string("x-queue-type", "quorum").int32("x-delivery-limit", 1);
  alice.declares({.queue = "q", .durable = true, .arguments = limited.table()}).publishes("q", "m");
  alice.gets("q", "m").requeues("m").gets("q", redelivered("m")).requeues("m");
  auto dead = Arguments{limited};
  alice.declares({.queue = "d", .durable = true, .arguments = dead.string("x-dead-letter-exchange", "").table()});
  alice.publishes("d", "m").gets("d", "m").requeues("m").gets("d", redelivered("m")).requeues("m");
}

void dead_letters(World& world) {
  auto alice = world.connect();
  alice.declares_exchange("dlx", "fanout").declares("dead").binds("dead", "dlx");
  alice.declares({.queue = "q", .arguments = dead_letters_to("dlx").int32("x-max-length", 1).table()});
  alice.publishes("q", {"1", "2"}).gets("q", "2").rejects("2");
  alice.publishes("q", {.body = "3", .properties = {.expiration = "1"}});
  world.advance(1s);
  alice.declares({.queue = "lost", .arguments = dead_letters_to("none").table()}).publishes("lost", "m");
  alice.gets("lost", "m").rejects("m");
  alice.declares({.queue = "self", .arguments = dead_letters_to("").int32("x-message-ttl", 1).table()})
      .publishes("self", "m");
  world.advance(1s);
  const auto refusing = dead_letters_to("dlx").int32("x-max-length", 0).string("x-overflow", "reject-publish-dlx");
  alice.declares({.queue = "none", .arguments = refusing.table()}).publishes("none", "m");
}

// The message has an x-death that says that a client has rejected it. Then RabbitMQ's rule finds no cycle, and only the
// broker's own count ends the dead letters.
void endless_dead_letters(World& world) {
  auto alice = world.connect();
  const auto to = [](std::string_view queue) {
    return dead_letters_to("").string("x-dead-letter-routing-key", queue).int32("x-message-ttl", 0);
  };
  alice.declares({.queue = "a", .arguments = to("b").table()});
  alice.declares({.queue = "b", .arguments = to("a").table()});
  const auto record = Arguments{}.string("queue", "elsewhere").string("reason", "rejected").int64("count", 1);
  const auto forged = Arguments{}.value("x-death", protocol::FieldArrayWriter{}.table(record.table()).array());
  alice.publishes("a", {.body = "m", .properties = {.headers = forged.table()}});
  alice.gets_nothing("a").gets_nothing("b");
}

void routes(World& world) {
  auto alice = world.connect();
  alice.declares("q").declares("r");
  alice.declares_exchange(
      {.exchange = "e", .type = "direct", .arguments = Arguments{}.string("alternate-exchange", "amq.fanout").table()});
  alice.binds("q", "e", "k").binds("r", "amq.fanout");
  alice.publishes_to("e", "k", "1").publishes_to("e", "other", "2");
  const auto keys = protocol::FieldArrayWriter{}.string("r");
  const auto copies = Arguments{}.value("CC", keys.array());
  alice.publishes("q", {.body = "3", .properties = {.headers = copies.table()}});
}

void replies(World& world) {
  auto alice = world.connect().consumes({.queue = direct_reply_queue, .consumer_tag = "r", .no_ack = true});
  auto server = world.connect();
  const auto reply_to = direct_reply_to_of(alice, server);
  server.publishes(reply_to, "reply");
  alice.receives("reply");
  alice.stops_reading();
  for (int i = 0; i < 40; ++i) server.publishes(reply_to, std::string(10'000, 'x'));
  alice.vanishes();
  world.settle();
}

void scarce_memory(World& world) {
  auto alice = world.connect({.understands_blocked = true}), bob = world.connect();
  alice.declares("q").publishes("q", std::string(120'000, 'x')).publishes("q", "held").is_blocked();
  bob.purges("q", 1);
  alice.is_unblocked();
}

// The search through so many bindings takes more than one slice. Before the next slice, others use up the memory.
void no_memory_for_a_wide_publish(World& world) {
  auto alice = world.connect();
  alice.declares("q");
  for (int i = 0; i < 40'000; ++i)
    alice.sends(queue::Bind{.queue = "q", .exchange = "amq.fanout", .routing_key = std::to_string(i), .no_wait = true});
  world.settle();
  auto& memory = world.broker().context().memory();
  alice.end().send(
      {.channel = 1, .method = basic::Publish{.exchange = "amq.fanout"}, .content = protocol::Content{.body = "m"}});
  alice.end().take_turn(world.now());
  memory.charge(2 * memory.mark());
  alice.vanishes();
  world.settle();
  memory.release(2 * memory.mark());
}

void clock(World& world) {
  (void)world.connect();
  broker::ClockControl control{world.broker().context()};
  control.freeze(world.now());
  bool is_done = false;
  control.advance(1h, [&] { is_done = true; });
  world.settle();
  CHECK(is_done);
  control.run(world.now());
}

void deleted_vhost(World& world) {
  auto alice = world.connect({.virtual_host = "shop"});
  alice.declares("q").declares_exchange("e", "fanout").binds("q", "e").publishes("q", "m");
  world.broker().remove_virtual_host("shop");
  world.settle();
}

void restart(World& world) {
  auto alice = world.connect();
  alice.declares({.queue = "q", .durable = true}).publishes("q", "m");
  alice.declares("brief").declares_exchange("e", "fanout").publishes("brief", "m");
  broker::Restart restart{world.broker()};
  restart.restart({}, {});
  world.settle();
}

void faults(World& world) {
  namespace fault = broker::fault;
  broker::Faults faults{world.broker()};
  faults.add({.on = {.method = "basic.publish"}, .when = fault::Nth{1}, .act = fault::Nack{}});
  faults.add({.on = {.method = "basic.deliver"}, .when = fault::Nth{1}, .act = fault::Redeliver{}});
  auto alice = world.connect();
  alice.declares("q").selects_confirms().publishes("q", "1").is_refused(1).publishes("q", "2").is_confirmed(2);
  alice.consumes("q").receives("2").acks("2").receives(redelivered("2")).acks("2");
}

constexpr auto policies = R"({"vhosts": [{"name": "/"}, {"name": "other"}], "policies": [
  {"vhost": "/", "name": "p", "pattern": "^q", "apply-to": "queues", "priority": 1, "definition": {"max-length": 5}}]})";

const std::vector<Story>& stories() {
  static const std::vector<Story> stories{
      {"a client works and leaves",
       {"connection.opened", "connection.authenticated", "connection.authenticated json",
        "connection.authenticated amqp", "connection.closed client", "channel.opened", "channel.closed client",
        "channel.closed connection", "channel.prefetch_set", "channel.flow client", "exchange.declared",
        "vhost.created"},
       connections},
      {"a connection is lost",
       {"connection.lost", "message.requeued connection_lost", "queue.deleted connection_ended",
        "consumer.cancelled channel_ended", "message.dropped queue", "consumer.started manual",
        "message.delivered manual"},
       lost_connection},
      {"commands are refused",
       {"command.refused channel", "command.refused connection", "command.refused login", "connection.closed broker",
        "channel.closed broker"},
       refusals},
      {"bytes of no protocol come", {"connection.unintelligible", "connection.closed broker"}, garbage},
      {"queues, exchanges, bindings and consumers come and go",
       {"queue.declared", "queue.purged", "queue.deleted asked", "queue.deleted auto_delete", "queue.deleted expired",
        "exchange.declared", "exchange.deleted asked", "exchange.deleted auto_delete", "binding.created queue",
        "binding.created exchange", "binding.deleted asked", "binding.deleted queue_deleted",
        "binding.deleted exchange_deleted", "binding.deleted queue", "binding.deleted exchange",
        "consumer.cancelled asked", "consumer.cancelled queue_deleted", "message.dropped purged",
        "message.dropped queue_deleted"},
       topology},
      {"publishes are confirmed, refused, committed and rolled back",
       {"channel.mode_set confirm", "channel.mode_set transaction", "publish.confirmed", "publish.nacked",
        "message.dropped queue_full", "message.dropped enter", "message.dropped rolled_back", "transaction.committed",
        "transaction.rolled_back"},
       confirms_and_transactions},
      {"messages end in their ways",
       {"message.published", "message.routed", "message.unroutable", "message.enqueued", "message.acked manual",
        "message.acked automatic", "consumer.started automatic", "message.delivered automatic", "message.rejected",
        "message.requeued asked", "message.requeued recovered", "message.requeued channel_ended", "message.expired",
        "message.dropped unroutable", "message.dropped publish", "message.dropped rejected", "message.dropped maxlen",
        "message.dropped expired", "message.returned"},
       endings},
      {"deliveries come back too often",
       {"message.dropped delivery_limit", "message.dead_lettered delivery_limit", "message.dead_letter delivery_limit"},
       quorum_queue},
      {"messages are dead-lettered",
       {"message.dead_lettered rejected", "message.dead_lettered expired", "message.dead_lettered maxlen",
        "message.dead_letter rejected", "message.dead_letter expired", "message.dead_letter maxlen",
        "message.dropped no_dead_letter_exchange", "message.dropped dead_letter", "message.dropped dead_letter_cycle"},
       dead_letters},
      {"dead letters have no end", {"message.dropped dead_letter_limit"}, endless_dead_letters},
      {"messages take all kinds of routes",
       {"message.routed binding", "message.routed queue_name", "message.routed alternate", "message.routed queue",
        "message.routed exchange"},
       routes},
      {"replies come to a requester",
       {"message.replied", "message.dropped requester_slow", "message.dropped requester_gone", "message.dropped reply"},
       replies,
       {.limits = {.output_deliver_bytes = 20'000}, .memory_max_bytes = 800'000}},
      {"memory is scarce",
       {"memory.scarce", "memory.freed", "connection.blocked", "connection.unblocked"},
       scarce_memory,
       {.memory_max_bytes = 100'000}},
      {"memory is exhausted", {"message.dropped no_memory"}, no_memory_for_a_wide_publish},
      {"a virtual host is deleted",
       {"vhost.deleted", "queue.deleted vhost_deleted", "exchange.deleted vhost_deleted", "connection.closed broker"},
       deleted_vhost,
       {.virtual_hosts = {"shop"}}},
      {"the broker is restarted",
       {"broker.restarted", "queue.deleted restarted", "exchange.deleted restarted", "message.dropped restarted"},
       restart},
      {"a test sets the clock", {"clock.frozen", "clock.moved", "clock.released"}, clock},
      {"faults happen", {"fault.fired", "message.dropped fault", "message.requeued ack_lost"}, faults},
      {"definitions are loaded", {"vhost.created", "policy.set"}, [](World&) {}, {.definitions = policies}}};
  return stories;
}

// Kinds that need a real listener, or a ring that is too small: see listener_test.cpp and journal_test.cpp.
const Occurrences shown_elsewhere{"broker.accept_failed", "gap"};

// Adds "kind value" for each field of the object that has one of a few values. Values in a route get the event's kind.
void add_values(const json& fields, const json& object, const std::string& kind, Occurrences& to) {
  for (const auto& field : fields) {
    const auto name = field["name"].get<std::string>();
    if (!object.contains(name)) continue;
    if (field["type"] == "name") to.insert(kind + ' ' + object[name].get<std::string>());
    if (field["type"] == "list" && field["of"]["type"] == "object")
      for (const auto& element : object[name]) add_values(field["of"]["fields"], element, kind, to);
  }
}

// Calls `visit` for each field of the kind, or of its routes, that has one of a few values.
void for_each_named(const json& fields, const std::function<void(const json& values)>& visit) {
  for (const auto& field : fields) {
    if (field["type"] == "name") visit(field["values"]);
    if (field["type"] == "list" && field["of"]["type"] == "object") for_each_named(field["of"]["fields"], visit);
  }
}

// Collects what the journal tells in a world. Checks the lines of the first events of each kind against the schema.
class Listener {
 public:
  explicit Listener(World& world) {
    auto& journal = world.broker().journal();
    subscription_ = journal.subscribe([this](const broker::Entry& entry) { hear(entry); }, {.since = 1});
    journal.keep_last(0);
  }

  Occurrences heard{};

 private:
  void hear(const broker::Entry& entry) {
    constexpr int checked_max = 100;
    const std::string kind{entry.kind().name};
    if (++times_[kind] > checked_max && kind != "message.dropped") return;
    std::string line;
    broker::append_ndjson(entry, line);
    if (times_[kind] <= checked_max) CHECK(faults_in_line(line).empty());
    heard.insert(kind);
    add_values(schema_of(kind)["fields"], json::parse(line), kind, heard);
  }

  std::map<std::string, int> times_;
  broker::Subscription subscription_;
};

}  // namespace

TEST_CASE("stories of all kinds are told in events that fit the schema") {
  const auto story = static_cast<std::size_t>(GENERATE(range(0, static_cast<int>(stories().size()))));
  const auto& [title, shows, tell, given] = stories()[story];
  INFO(title);
  auto options = given;
  options.journal_bytes = 1 << 16;
  World world{{.options = options}};
  Listener listener{world};
  tell(world);
  world.take_turns();
  for (const auto& shown : shows) {
    const bool is_encodings = shown == "connection.authenticated json" || shown == "connection.authenticated amqp";
    INFO(shown);
    if (!is_encodings) CHECK(listener.heard.contains(shown));
  }
  CHECK(listener.heard.contains(world.speaks_json() ? "connection.authenticated json" : "connection.authenticated amqp")
        == listener.heard.contains("connection.authenticated"));
}

TEST_CASE("each kind of event and each reason is shown by a story") {
  Occurrences shown = shown_elsewhere;
  for (const auto& story : stories()) shown.insert(story.shows.begin(), story.shows.end());
  // Several kinds share reasons. Each of them need be shown only by one kind.
  std::set<std::pair<json, std::string>> values, shown_values;
  for (const auto& kind : schema()["kinds"]) {
    const auto name = kind["kind"].get<std::string>();
    INFO(name);
    const auto first = shown.lower_bound(name);
    CHECK((first != shown.end() && (*first == name || first->starts_with(name + ' '))));
    for_each_named(kind["fields"], [&](const json& names) {
      for (const auto& value : names) {
        const auto text = value.get<std::string>();
        values.insert({names, text});
        if (shown.contains(name + ' ' + text)) shown_values.insert({names, text});
      }
    });
  }
  for (const auto& [names, value] : values) {
    INFO(value << " of " << names.dump());
    CHECK(shown_values.contains({names, value}));
  }
}

}  // namespace pocketmq::tests
