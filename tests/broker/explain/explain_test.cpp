// What a message would meet on its way, and why bindings do not match.
#include <algorithm>
#include <map>
#include <random>

#include <nlohmann/json.hpp>

#include "broker/explain/explain_json.hpp"
#include "broker/inspect.hpp"
#include "broker/request/control_error.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using broker::Explanation;
using protocol::FieldTableWriter;
using Outcome = Explanation::Outcome;

Explanation explained(World& world, const broker::ExplainRequest& request) {
  broker::Budget budget;
  return broker::explain(*world.broker().find_virtual_host("/"), request, budget);
}

std::string text(World& world, std::string_view exchange, std::string_view key) {
  return text_of(explained(world, {.exchange = std::string{exchange}, .routing_key = std::string{key}}));
}

std::string encoded(const FieldTableWriter& table) { return std::string{table.table().encoded()}; }

// The array of a CC or BCC header.
FieldTableWriter copies(std::string_view header, std::initializer_list<std::string_view> keys) {
  protocol::FieldArrayWriter array;
  for (const auto key : keys) array.string(key);
  return FieldTableWriter{}.value(header, array.array());
}

}  // namespace

TEST_CASE("the words that keep a topic pattern from matching are told") {
  World world;
  const auto alice = world.connect();
  alice.declares_exchange("orders", "topic").declares("billing").declares("mail");
  alice.binds("billing", "orders", "order.*").binds("mail", "orders", "*.created.eu").binds("mail", "orders", "x.#.y");
  CHECK(text(world, "orders", "orders.created")
        == "orders.created to exchange 'orders' (topic): no binding matched\n"
           "   nearest: 'order.*' -> queue 'billing': word 1 is 'orders', not 'order'\n"
           "   nearest: '*.created.eu' -> queue 'mail': the key has 2 words, the pattern wants 3; the word 'eu' is missing\n"
           "   nearest: 'x.#.y' -> queue 'mail': word 1 is 'orders', not 'x'; word 2 is 'created', not 'y'");
  CHECK(text(world, "orders", "x")
        == "x to exchange 'orders' (topic): no binding matched\n"
           "   nearest: 'x.#.y' -> queue 'mail': the key has 1 word, the pattern wants at least 2; the word 'y' is missing\n"
           "   nearest: 'order.*' -> queue 'billing': the key has 1 word, the pattern wants 2; the word 'order' is missing\n"
           "   nearest: '*.created.eu' -> queue 'mail': the key has 1 word, the pattern wants 3; the word 'created' is missing; "
           "the word 'eu' is missing");
}

TEST_CASE("a routed message has its way explained binding by binding") {
  World world;
  const auto alice = world.connect();
  alice.declares_exchange("in", "fanout").declares_exchange("out", "direct").declares("q").declares("other");
  alice.binds_exchange("out", "in").binds("q", "out", "k").binds("other", "out", "kk");
  const auto way = explained(world, {.exchange = "in", .routing_key = "k"});
  CHECK(way.outcome == Outcome::routed);
  CHECK(way.queues == std::vector<std::string>{"q"});
  REQUIRE(way.steps.size() == 2);
  CHECK(way.steps[0].bindings.front().to == "out");
  CHECK(way.steps[0].bindings.front().matches);
  REQUIRE(way.steps[1].bindings.size() == 2);
  CHECK(way.steps[1].bindings[0].to == "q");
  CHECK(way.steps[1].bindings[0].matches);
  CHECK_FALSE(way.steps[1].bindings[1].matches);
  CHECK(text_of(way)
        == "k to exchange 'in' (fanout): goes to queue 'q'\n"
           "   matched: exchange 'in': '' -> exchange 'out'\n"
           "   matched: exchange 'out': 'k' -> queue 'q'\n"
           "   nearest: exchange 'out': 'kk' -> queue 'other': 'kk' differs from 'k' by one letter");
}

TEST_CASE("names that differ in letters, in case or in spaces are near misses") {
  World world;
  const auto alice = world.connect();
  alice.declares("orders").declares("Ordres").declares("ordres ").declares("billing");
  CHECK(text(world, "", "ordres")
        == "ordres to the default exchange: there is no queue 'ordres'\n"
           "   nearest: queue 'Ordres': 'Ordres' differs from 'ordres' only in upper and lower case\n"
           "   nearest: queue 'orders': 'orders' differs from 'ordres' by one letter\n"
           "   nearest: queue 'ordres ': 'ordres ' differs from 'ordres' only in spaces");
  alice.binds("orders", "amq.direct", "orders.created").binds("billing", "amq.direct", "orders.*");
  CHECK(text(world, "amq.direct", "order.created")
        == "order.created to exchange 'amq.direct' (direct): no binding matched\n"
           "   nearest: 'orders.created' -> queue 'orders': 'orders.created' differs from 'order.created' by one letter\n"
           "   nearest: 'orders.*' -> queue 'billing': 'orders.*' is not 'order.created'");
  CHECK(text(world, "amq.direct", "orders.paid").find("patterns with * and # need a topic exchange")
        != std::string::npos);
}

TEST_CASE("headers that differ or are missing are named") {
  World world;
  const auto alice = world.connect();
  alice.declares("eu").declares("any").declares("number");
  const auto all = FieldTableWriter{}.string("region", "eu").string("tier", "gold").string("token", "a");
  const auto any = FieldTableWriter{}.string("x-match", "any").string("region", "asia").string("b", "1");
  const auto number = FieldTableWriter{}.string("n", "1");
  alice.binds({.queue = "eu", .exchange = "amq.headers", .arguments = all.table()});
  alice.binds({.queue = "any", .exchange = "amq.headers", .arguments = any.table()});
  alice.binds({.queue = "number", .exchange = "amq.headers", .arguments = number.table()});
  const auto headers = FieldTableWriter{}.string("region", "us").string("token", "b").int32("n", 1);
  const auto way = explained(world, {.exchange = "amq.headers", .routing_key = "k", .headers = encoded(headers)});
  CHECK(way.outcome == Outcome::unroutable);
  REQUIRE(way.nearest.size() == 3);
  CHECK(way.nearest[0].binding.miss.why == "x-match all: 'n' is a signedint '1', not a longstr '1'");
  CHECK(way.nearest[0].binding.miss.distance.first == 1);
  CHECK(way.nearest[1].binding.miss.why == "x-match any: 'b' is missing; 'region' is 'us', not 'asia'");
  CHECK(way.nearest[1].binding.miss.distance.first == 1);
  CHECK(way.nearest[2].binding.miss.why
        == "x-match all: 'region' is 'us', not 'eu'; 'tier' is missing; 'token' has another value");
  CHECK(way.nearest[2].binding.miss.distance.first == 3);
}

TEST_CASE("an exchange that does not exist is explained by those with similar names") {
  World world;
  world.connect().declares_exchange("orders", "topic");
  const auto way = explained(world, {.exchange = "order", .routing_key = "k"});
  CHECK(way.outcome == Outcome::refused);
  CHECK(text_of(way)
        == "k to exchange 'order': there is no exchange 'order' (404)\n"
           "   nearest: exchange 'orders': 'orders' differs from 'order' by one letter");
}

TEST_CASE("what a publish refuses is refused in an explanation") {
  World world;
  world.connect().declares_exchange({.exchange = "inner", .type = "fanout", .internal = true});
  CHECK(text(world, "inner", "k")
        == "k to exchange 'inner' (fanout): exchange 'inner' is internal: only bindings from other exchanges lead to it "
           "(403)");
  const auto way = explained(world, {.routing_key = "q", .headers = encoded(FieldTableWriter{}.string("CC", "q"))});
  CHECK(way.outcome == Outcome::refused);
  CHECK_FALSE(way.refusal.empty());
}

TEST_CASE("alternate exchanges are on the way of what nothing matches") {
  World world;
  const auto alice = world.connect();
  const auto alternate = FieldTableWriter{}.string("alternate-exchange", "rest");
  alice.declares_exchange({.exchange = "orders", .type = "direct", .arguments = alternate.table()});
  CHECK(text(world, "orders", "k")
        == "k to exchange 'orders' (direct): no binding matched\n"
           "   exchange 'orders' has no bindings\n"
           "   exchange 'orders' has the alternate exchange 'rest', which does not exist");
  alice.declares_exchange("rest", "fanout").declares("q").binds("q", "rest");
  CHECK(text(world, "orders", "k")
        == "k to exchange 'orders' (direct): goes to queue 'q'\n"
           "   exchange 'orders' matched nothing: on to its alternate exchange 'rest'\n"
           "   matched: exchange 'rest': '' -> queue 'q'\n"
           "   exchange 'orders' has no bindings");
}

TEST_CASE("further keys of a message are explained") {
  World world;
  world.connect().declares("alpha").declares("beta");
  for (const std::string_view header : {"CC", "BCC"}) {
    const auto way =
        explained(world, {.routing_key = "nothing", .headers = encoded(copies(header, {"alpha", "betta"}))});
    CHECK(way.queues == std::vector<std::string>{"alpha"});
    REQUIRE(way.nearest.size() == 1);
    CHECK(way.nearest.front().binding.key == "betta");
  }
}

TEST_CASE("very many bindings are looked at within a bound") {
  World world{{.encoding = Encoding::amqp, .checks_state = false}};
  world.connect().declares("q").declares_exchange("many", "topic");
  auto& host = *world.broker().find_virtual_host("/");
  for (int i = 0; i < 60'000; ++i)
    host.bind(host.require_exchange("many"), host.require_queue("q"), "a.b.c" + std::to_string(i), {});
  broker::Budget budget;
  const auto way = broker::explain(host, {.exchange = "many", .routing_key = "a.b.d"}, budget);
  CHECK(-budget.left() >= broker::ExplainLimits::steps / 2);
  CHECK(-budget.left() <= broker::ExplainLimits::steps + 1'000);
  CHECK(way.outcome == Outcome::unroutable);
  CHECK(way.nearest.size() == broker::ExplainLimits::nearest_max);
  CHECK(way.steps.front().bindings.size() == broker::ExplainLimits::bindings_of_a_step_max);
  REQUIRE(way.notes.size() == 1);
  CHECK(way.notes.front().ends_with("bindings of exchange 'many' were not looked at, because there are so many"));
  FieldTableWriter arguments;
  for (int i = 0; i < 60'000; ++i)
    host.bind(host.require_exchange("many"), host.require_queue("q"), "#", arguments.assign({}).int32("n", i).table());
  CHECK(broker::explain(host, {.exchange = "many", .routing_key = "a.b.d"}, budget).outcome == Outcome::unfinished);
}

TEST_CASE("requests for an explanation are read from JSON and it is written as JSON") {
  World world;
  world.connect().declares("orders").binds("orders", "amq.topic", "a.*");
  const auto json = nlohmann::ordered_json::parse(R"({"exchange":"amq.topic","routing_key":"b.c","headers":{"n":1}})");
  const auto request = broker::explain_request_of(json);
  CHECK(request.exchange == "amq.topic");
  CHECK(request.headers == encoded(FieldTableWriter{}.int32("n", 1)));
  const auto answer = broker::json_of(explained(world, request));
  CHECK(answer["outcome"] == "unroutable");
  CHECK(answer["queues"].empty());
  CHECK(
      answer["nearest"].dump()
      == R"([{"exchange":"amq.topic","binding_key":"a.*","to":"orders","to_is":"queue","why":"word 1 is 'b', not 'a'","distance":1}])");
  CHECK(answer["steps"][0]["bindings"][0]["matches"] == false);
  CHECK(answer["text"].get<std::string>().starts_with("b.c to exchange 'amq.topic' (topic): no binding matched\n"));
  CHECK_THROWS_AS(broker::explain_request_of({{"routingkey", "a"}}), broker::ControlError);
  CHECK_THROWS_AS(broker::explain_request_of({{"routing_key", 1}}), broker::ControlError);
}

TEST_CASE("bytes that are no text are explained too") {
  World world{Encoding::amqp};
  world.connect().declares("q").binds("q", "amq.topic", "b.*");
  const auto way = explained(world, {.exchange = "amq.topic", .routing_key = "\xfe.a"});
  CHECK(broker::json_of(way)["nearest"][0]["why"] == "word 1 is '\\xfe', not 'b'");
}

// ---- random topologies

namespace {

class RandomTopology {
 public:
  RandomTopology(World& world, unsigned seed) : world_{world}, alice_{world.connect()}, random_{seed} {
    const std::array types{"direct", "fanout", "topic", "headers"};
    for (int i = 0; i < 6; ++i) {
      FieldTableWriter arguments;
      if (random_() % 3 == 0) arguments.string("alternate-exchange", exchange());
      alice_.declares_exchange(
          {.exchange = "e" + std::to_string(i), .type = types.at(random_() % 4), .arguments = arguments.table()});
    }
    for (int i = 0; i < queues; ++i) alice_.declares(queue(i));
    for (auto i = random_() % 20; i > 0; --i) {
      const auto key = pattern();
      const auto arguments = table();
      alice_.binds({.queue = queue(static_cast<int>(random_() % queues)),
                    .exchange = exchange(),
                    .routing_key = key,
                    .arguments = arguments.table()});
    }
    for (auto i = random_() % 5; i > 0; --i) alice_.binds_exchange(exchange(), exchange(), pattern());
  }

  // Explains a random message, and publishes it.
  void explain_and_publish() {
    const bool to_default = random_() % 5 == 0;
    const broker::ExplainRequest request{.exchange = to_default ? "" : exchange(),
                                         .routing_key = to_default ? queue(static_cast<int>(random_() % 6)) : key(),
                                         .headers = headers()};
    INFO("to " << request.exchange << " with " << request.routing_key);
    const auto events = world_.broker().journal().last_number();
    const auto way = explained(world_, request);
    REQUIRE(world_.broker().journal().last_number() == events);
    const protocol::FieldTable table{request.headers};
    alice_.publishes(request.routing_key,
                     {.body = "m", .properties = {.headers = table}, .exchange = request.exchange});
    std::vector<std::string> got;
    for (int i = 0; i < queues; ++i)
      if (const auto ready = world_.queue(queue(i)).ready(); ready > 0) {
        REQUIRE(ready == 1);
        got.push_back(queue(i));
        alice_.purges(queue(i), 1);
      }
    REQUIRE(way.queues == got);
    REQUIRE((way.outcome == Outcome::routed) == !got.empty());
    check_misses(way);
  }

 private:
  static constexpr int queues = 4;
  [[nodiscard]] static std::string queue(int i) { return "q" + std::to_string(i); }
  std::string exchange() { return "e" + std::to_string(random_() % 6); }
  std::string words(std::string_view of) {
    std::string text;
    for (auto i = random_() % 4; i > 0; --i) (text += text.empty() ? "" : ".") += of[random_() % of.size()];
    return text;
  }
  std::string key() { return words("abc"); }
  std::string pattern() { return words("aab*#"); }
  FieldTableWriter table() {
    FieldTableWriter table;
    const std::array matches{"all", "any", "all-with-x", "any-with-x"};
    if (random_() % 2 == 0) table.string("x-match", matches.at(random_() % 4));
    for (const std::string_view name : {"a", "b", "x-c"})
      if (random_() % 3 == 0) table.int32(name, static_cast<int>(random_() % 2));
    return table;
  }
  std::string headers() {
    FieldTableWriter table;
    for (const std::string_view name : {"a", "b", "x-c"})
      if (random_() % 2 == 0) table.int32(name, static_cast<int>(random_() % 2));
    for (const std::string_view name : {"CC", "BCC"}) {
      if (random_() % 4 != 0) continue;
      protocol::FieldArrayWriter array;
      const auto first = key(), second = queue(static_cast<int>(random_() % 6));
      array.string(first).string(second);
      table.value(name, array.array());
    }
    return encoded(table);
  }

  // What is explained as a miss has a reason, and each binding is listed once.
  static void check_misses(const Explanation& way) {
    for (const auto& step : way.steps) {
      INFO("exchange " << step.exchange);
      std::size_t matches = 0;
      for (const auto& binding : step.bindings) {
        matches += binding.matches ? 1 : 0;
        INFO(binding.binding_key << " to " << binding.to);
        REQUIRE(binding.matches == binding.miss.why.empty());
        REQUIRE(binding.matches == (binding.miss.distance.first == 0));
      }
      REQUIRE(matches == step.match_count);
      if (!step.exchange.empty()) REQUIRE(step.bindings.size() == step.binding_count);
    }
  }

  World& world_;
  Client alice_;
  std::mt19937 random_;
};

}  // namespace

TEST_CASE("an explanation names the queues that a publish goes to in random topologies") {
  const auto seed = GENERATE(range(1U, 41U));
  INFO("seed " << seed);
  World world{Encoding::amqp};
  RandomTopology topology{world, seed};
  for (int i = 0; i < 40; ++i) topology.explain_and_publish();
}

}  // namespace pocketmq::tests
