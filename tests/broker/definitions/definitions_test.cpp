// Definitions in RabbitMQ's format: what they make, and how what is wrong with them is told.
#include "broker/definitions/definitions.hpp"

#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using broker::Permission;

// A world whose broker was started with these definitions.
struct Defined : World {
  explicit Defined(std::string definitions) : World{{.options = {.definitions = std::move(definitions)}}} {}
};

broker::Options with(std::string definitions) { return {.definitions = std::move(definitions)}; }

std::vector<std::string> warnings(const std::string& definitions) {
  return broker::Broker{with(definitions)}.warnings();
}

std::string refusal_of_definitions(const std::string& definitions) {
  try {
    const broker::Broker broker{with(definitions)};
  } catch (const broker::DefinitionsError& error) {
    return error.what();
  }
  return "none";
}

// alice's password is "orders-secret", and a RabbitMQ has made the hash.
constexpr auto definition_of_alice =
    R"({"users": [{"name": "alice", "tags": ["management", "impersonator"], "limits": {},
    "password_hash": "aeNYVsbdL2om/JaZ3MWCM9UMM2Rol8X4TOWwy4jDZMNNfY6I",
    "hashing_algorithm": "rabbit_password_hashing_sha256"}],
  "permissions": [{"user": "alice", "vhost": "/", "configure": "^c", "write": "", "read": ".*"}]})";
const Login login_of_alice{.user = "alice", .password = "orders-secret"};

std::string queue_q(const std::string& more) {
  return R"({"queues": [{"name": "q", "vhost": "/", "durable": true, "auto_delete": false, )" + more + "}]}";
}

std::string policy_p(const std::string& more) {
  return R"({"policies": [{"name": "p", "vhost": "/", "pattern": "^q", )" + more + "}]}";
}

}  // namespace

// ---- users

TEST_CASE("a defined user logs in with the password that was hashed") {
  Defined world{definition_of_alice};
  const auto& user = world.connect(login_of_alice).session().user();
  CHECK(user.has_tag("impersonator"));
  CHECK(user.may(Permission::configure, "/", "cq"));
  CHECK_FALSE(user.may(Permission::configure, "/", "q"));
  CHECK_FALSE(user.may(Permission::write, "/", "q"));
  CHECK(user.may(Permission::read, "/", "q"));
}

TEST_CASE("a defined password may be hashed with SHA-512 or be plain") {
  Defined world{R"({"users": [
      {"name": "alice", "password": "orders-secret", "tags": "management, impersonator"},
      {"name": "bob", "hashing_algorithm": "rabbit_password_hashing_sha512", "tags": "", "password_hash":
       "c2FsdJSTmrhqhHBl0NtS0WUnCO6SIzV2oG6faMfkRc0LSuzBv8gXzhi3RpOldnYbd7YNpG2G1Hhv96mQ0XnU+j9aNiQ="}],
    "permissions": [
      {"user": "alice", "vhost": "/", "configure": "", "write": "", "read": ""},
      {"user": "bob", "vhost": "/", "configure": "", "write": "", "read": ""}]})"};
  CHECK(world.connect(login_of_alice).session().user().has_tag("impersonator"));
  world.connect({.user = "bob", .password = "orders-secret"}).is_fine();
}

TEST_CASE("a user without a password hash cannot log in with a password") {
  broker::Broker broker{with(R"({"users": [{"name": "alice", "password_hash": "", "tags": []}]})")};
  CHECK_FALSE(broker.users().find("alice")->password);
  CHECK(broker.warnings().empty());
}

TEST_CASE("a hash that PocketMQ does not have keeps its user out, and is named") {
  broker::Broker broker{with(R"({"users": [{"name": "alice", "password_hash": "AAAA", "tags": [],
    "hashing_algorithm": "rabbit_password_hashing_md5"}]})")};
  CHECK_FALSE(broker.users().find("alice")->password);
  REQUIRE(broker.warnings().size() == 1);
  CHECK_THAT(broker.warnings()[0], Catch::StartsWith("users[0]: user 'alice' cannot log in with a password")
                                       && Catch::Contains("'rabbit_password_hashing_md5'"));
}

TEST_CASE("definitions change guest and leave what they do not speak of") {
  broker::Broker broker{with(R"({
    "users": [{"name": "guest", "password": "secret", "tags": []}],
    "vhosts": [{"name": "shop"}, {"name": "/"}],
    "permissions": [{"user": "guest", "vhost": "shop", "configure": "", "write": "", "read": "^q$"}]})")};
  const auto guest = broker.users().find("guest");
  CHECK(guest->password->matches("secret"));
  CHECK_FALSE(guest->has_tag("administrator"));
  CHECK(guest->may(Permission::configure, "/", "x"));
  CHECK(guest->may(Permission::read, "shop", "q"));
  CHECK_FALSE(guest->may(Permission::write, "shop", "q"));
}

TEST_CASE("guest has no permissions in defined virtual hosts unless they are defined") {
  broker::Broker broker{with(R"({"vhosts": [{"name": "shop"}]})")};
  CHECK(broker.find_virtual_host("shop") != nullptr);
  CHECK_FALSE(broker.users().find("guest")->may_open("shop"));
}

TEST_CASE("a user of the options may do everything in defined virtual hosts too") {
  broker::Broker broker{{.definitions = R"({"vhosts": [{"name": "shop"}]})", .users = {{"ci", "secret"}}}};
  CHECK(broker.users().find("ci")->may(Permission::configure, "shop", "q"));
}

TEST_CASE("a defined user that the options name gets their password and keeps its permissions") {
  broker::Broker broker{{.definitions = definition_of_alice, .users = {{"alice", "known"}}}};
  const auto user = broker.users().find("alice");
  CHECK(user->password->matches("known"));
  CHECK(user->may(Permission::configure, "/", "cq"));
  CHECK_FALSE(user->may(Permission::configure, "/", "q"));
}

// ---- queues, exchanges, bindings, in a file whose sections refer to later ones

TEST_CASE("defined queues exchanges and bindings are there") {
  Defined world{R"({
    "bindings": [
      {"source": "e", "vhost": "/", "destination": "q", "destination_type": "queue", "routing_key": "k",
       "arguments": {}},
      {"source": "t", "vhost": "/", "destination": "e", "destination_type": "exchange", "routing_key": "#"},
      {"source": "", "vhost": "/", "destination": "q", "destination_type": "queue", "routing_key": "q"}],
    "exchanges": [
      {"name": "e", "vhost": "/", "type": "direct", "durable": true, "auto_delete": false, "internal": true,
       "arguments": {}},
      {"name": "t", "vhost": "/", "type": "topic", "durable": false, "auto_delete": false}],
    "queues": [
      {"name": "q", "vhost": "/", "durable": true, "auto_delete": false, "type": "classic", "arguments": {}},
      {"name": "amq.gen-JzTY20BRgKO-HjmUJj0wLg", "vhost": "/", "durable": false, "auto_delete": true}]})"};
  CHECK(world.broker().warnings().empty());
  const auto guest = world.connect();
  guest.declares({.queue = "q", .durable = true}).finds("amq.gen-JzTY20BRgKO-HjmUJj0wLg", {});
  guest.declares_exchange({.exchange = "e", .type = "direct", .durable = true, .internal = true});
  guest.publishes_to("t", "k", "m").gets("q", "m");
}

TEST_CASE("defined queues have their arguments") {
  Defined world{queue_q(R"("arguments": {"x-queue-type": "quorum"})")};
  protocol::FieldTableWriter quorum;
  quorum.string("x-queue-type", "quorum");
  world.connect().declares({.queue = "q", .durable = true, .arguments = quorum.table()});
}

TEST_CASE("defined exchanges have their arguments") {
  Defined world{R"({"queues": [{"name": "q", "vhost": "/", "durable": true, "auto_delete": false}],
    "exchanges": [{"name": "e", "vhost": "/", "type": "direct", "durable": true, "auto_delete": false,
      "arguments": {"alternate-exchange": "amq.fanout"}}],
    "bindings": [{"source": "amq.fanout", "vhost": "/", "destination": "q", "destination_type": "queue",
      "routing_key": ""}]})"};
  world.connect().publishes_to("e", "k", "m").gets("q", "m");
}

TEST_CASE("defined bindings have their arguments") {
  Defined world{R"({"queues": [{"name": "q", "vhost": "/", "durable": true, "auto_delete": false}],
    "bindings": [{"source": "amq.headers", "vhost": "/", "destination": "q", "destination_type": "queue",
      "routing_key": "", "arguments": {"x-match": "all", "level": 7}}]})"};
  protocol::FieldTableWriter six, seven;
  six.int32("level", 6);
  seven.int32("level", 7);
  const auto guest = world.connect();
  guest.publishes("", {.body = "6", .properties = {.headers = six.table()}, .exchange = "amq.headers"});
  guest.publishes("", {.body = "7", .properties = {.headers = seven.table()}, .exchange = "amq.headers"});
  guest.gets("q", message("7").leaving(0));
}

TEST_CASE("what the broker has anyway stays as it is and is named") {
  const auto told = warnings(R"({
    "exchanges": [{"name": "amq.direct", "vhost": "/", "type": "fanout", "durable": true, "auto_delete": false}]})");
  CHECK(told
        == std::vector<std::string>{
            "exchanges[0]: exchange 'amq.direct' in vhost '/' is there already, and stays as it is"});
}

TEST_CASE("what the definitions have twice is refused with both places") {
  const auto twice = [](const std::string& section, const std::string& definition) {
    return R"({"users": [{"name": "u", "tags": ""}], )"
           + ('"' + section + "\": [" + definition + ", " + definition + "]}");
  };
  const auto refused = [](const std::string& section, const std::string& key, const std::string& what) {
    return section + "[1]." + key + ": " + what + " is in the file twice, first at " + section
           + "[0]; leave one of them out";
  };
  CHECK(refusal_of_definitions(twice("queues", R"({"name": "q", "vhost": "/", "durable": true, "auto_delete": false})"))
        == refused("queues", "name", "queue 'q' in vhost '/'"));
  CHECK(refusal_of_definitions(twice(
            "exchanges", R"({"name": "e", "vhost": "/", "type": "topic", "durable": true, "auto_delete": false})"))
        == refused("exchanges", "name", "exchange 'e' in vhost '/'"));
  CHECK(refusal_of_definitions(twice("vhosts", R"({"name": "shop"})")) == refused("vhosts", "name", "vhost 'shop'"));
  CHECK(refusal_of_definitions(twice("policies", R"({"name": "p", "vhost": "/", "pattern": "", "definition": {}})"))
        == refused("policies", "name", "policy 'p' in vhost '/'"));
  CHECK(refusal_of_definitions(
            twice("permissions", R"({"user": "u", "vhost": "/", "configure": "", "write": "", "read": ""})"))
        == refused("permissions", "user", "permissions of user 'u' in vhost '/'"));
  CHECK(refusal_of_definitions(R"({"users": [{"name": "u", "tags": ""}, {"name": "u", "tags": ""}]})")
        == refused("users", "name", "user 'u'"));
  CHECK(refusal_of_definitions(R"({"users": [], "users": []})") == "key 'users' appears twice in one object");
}

TEST_CASE("a binding whose ends are not there is left out and named") {
  const auto binding = [](const std::string& source, const std::string& destination, const std::string& type) {
    return R"({"bindings": [{"source": ")" + source + R"(", "vhost": "/", "destination": ")" + destination
           + R"(", "destination_type": ")" + type + R"(", "routing_key": "k"}]})";
  };
  const std::string left_out = "bindings[0]: the binding is left out: there is no ";
  CHECK(warnings(binding("none", "q", "queue")) == std::vector{left_out + "exchange 'none' in vhost '/'"});
  CHECK(warnings(binding("amq.topic", "q", "queue")) == std::vector{left_out + "queue 'q' in vhost '/'"});
  CHECK(warnings(binding("amq.topic", "e", "exchange")) == std::vector{left_out + "exchange 'e' in vhost '/'"});
  CHECK(warnings(binding("", "amq.topic", "exchange")) == std::vector{left_out + "exchange '' in vhost '/'"});
}

// ---- policies

TEST_CASE("a policy of the definitions is in force for a queue that they define") {
  Defined world{R"({"policies": [{"name": "p", "vhost": "/", "pattern": "^q", "definition": {"message-ttl": 5000}}],
    "queues": [{"name": "q", "vhost": "/", "durable": false, "auto_delete": false}]})"};
  const auto guest = world.connect();
  guest.declares("other").publishes("q", "m").publishes("other", "n");
  world.advance(6s);
  guest.gets_nothing("q").gets("other", "n");
}

TEST_CASE("a policy of the definitions is in force for a queue that a client declares") {
  Defined world{policy_p(R"("definition": {"max-length": 1}, "apply-to": "queues", "priority": 3)")};
  const auto guest = world.connect();
  guest.declares("q").publishes("q", {"1", "2"}).gets("q", message("2").leaving(0));
}

TEST_CASE("a policy gives an exchange its alternate, also one that is there from the start") {
  const std::string name = GENERATE(as<std::string>{}, "qe", "amq.direct");
  Defined world{R"({"policies": [{"name": "p", "vhost": "/", "pattern": "^)" + name + R"($", "apply-to": "exchanges",
    "definition": {"alternate-exchange": "amq.fanout"}}]})"};
  const auto guest = world.connect();
  guest.declares("rest").binds("rest", "amq.fanout");
  guest.declares_exchange({.exchange = name, .type = "direct", .durable = name == "amq.direct"});
  guest.publishes_to(name, "k", "m").gets("rest", "m");
}

TEST_CASE("an exchange's own alternate goes before a policy's") {
  Defined world{policy_p(R"("definition": {"alternate-exchange": "amq.fanout"})")};
  protocol::FieldTableWriter arguments;
  arguments.string("alternate-exchange", "amq.topic");
  const auto guest = world.connect();
  guest.declares("a").declares("b").binds("a", "amq.fanout").binds("b", "amq.topic", "#");
  guest.declares_exchange({.exchange = "qe", .type = "direct", .arguments = arguments.table()});
  guest.publishes_to("qe", "k", "m").gets("b", "m").gets_nothing("a");
}

TEST_CASE("a policy is in force in its own virtual host only") {
  Defined world{R"({"vhosts": [{"name": "shop"}],
    "permissions": [{"user": "guest", "vhost": "shop", "configure": ".*", "write": ".*", "read": ".*"}],
    "policies": [{"name": "p", "vhost": "shop", "pattern": "", "definition": {"max-length": 1}}]})"};
  world.connect().declares("q").publishes("q", {"1", "2"}).gets("q", message("1").leaving(1));
  world.connect({.virtual_host = "shop"}).declares("q").publishes("q", {"1", "2"}).gets("q", message("2").leaving(0));
}

// ---- what PocketMQ does not have

TEST_CASE("what the definitions ask for and PocketMQ does not have is named in a line each") {
  const auto told = warnings(R"({
    "rabbit_version": "3.10.8", "product_name": "RabbitMQ",
    "users": [{"name": "alice", "password": "x", "tags": [], "limits": {"max-connections": 10}}],
    "vhosts": [{"name": "shop", "limits": [["max-queues", 1]], "metadata": {"description": "", "tags": []},
                "default_queue_type": "quorum"}],
    "topic_permissions": [{"user": "alice", "vhost": "/", "exchange": "amq.topic", "write": "^a", "read": "^a"}],
    "parameters": [{"component": "federation-upstream", "name": "up", "vhost": "/", "value": {"uri": "amqp://"}}],
    "global_parameters": [{"name": "cluster_name", "value": "c"}, {"name": "mqtt_port", "value": {}}],
    "policies": [{"name": "p", "vhost": "/", "pattern": "", "definition": {"ha-mode": "all", "max-length": 1}},
                 {"name": "s", "vhost": "/", "pattern": "", "apply-to": "streams", "definition": {"max-age": "1D"}}],
    "queues": [{"name": "s", "vhost": "/", "durable": true, "auto_delete": false,
                "arguments": {"x-queue-type": "stream"}}],
    "exchanges": [{"name": "d", "vhost": "/", "type": "x-delayed-message", "durable": true, "auto_delete": false}],
    "shovels": [1]})");
  const std::vector<std::string> wanted{
      "users[0].limits: has no effect",
      "vhosts[0]: default_queue_type 'quorum' has no effect",
      "vhosts[0].limits: has no effect",
      "topic_permissions[0]: topic permissions of user 'alice' on exchange 'amq.topic' have no effect",
      "parameters[0]: parameter 'up' of component 'federation-upstream' has no effect",
      "global_parameters[1]: global parameter 'mqtt_port' has no effect",
      "policies[0]: setting 'ha-mode' of policy 'p' in vhost '/' has no effect",
      "policies[1]: policy 's' in vhost '/' has no effect",
      "queues[0]: queue 's' in vhost '/' is left out: PocketMQ has no streams",
      "exchanges[0]: unknown exchange type 'x-delayed-message'; it is left out",
      "shovels: has no effect",
  };
  REQUIRE(told.size() == wanted.size());
  for (std::size_t i = 0; i < told.size(); ++i) CHECK_THAT(told[i], Catch::StartsWith(wanted[i]));
}

TEST_CASE("the rest of the definitions is loaded beside what is left out") {
  broker::Broker broker{with(policy_p(R"("definition": {"ha-mode": "all"})"))};
  CHECK(broker.warnings().size() == 1);
  CHECK(broker.find_virtual_host("/") != nullptr);
}

// ---- what is wrong

TEST_CASE("definitions that are no JSON are refused with line and column") {
  CHECK_THAT(refusal_of_definitions("{\n  \"users\": [}\n"), Catch::StartsWith("parse error at line 2, column 13: "));
  CHECK(refusal_of_definitions("[]") == "wants a JSON object, got an array");
}

TEST_CASE("definitions that refer to what is not there are refused") {
  CHECK(refusal_of_definitions(R"({"queues": [{"name": "q", "vhost": "shop", "durable": true, "auto_delete": false}]})")
        == "queues[0].vhost: there is no virtual host 'shop'; add it to \"vhosts\"");
  CHECK(refusal_of_definitions(
            R"({"permissions": [{"user": "alice", "vhost": "/", "configure": "", "write": "", "read": ""}]})")
        == "permissions[0].user: there is no user 'alice'; add it to \"users\"");
}

TEST_CASE("the export of a single virtual host is refused and told what to do") {
  CHECK_THAT(refusal_of_definitions(R"({"queues": [{"name": "q", "durable": true, "auto_delete": false}]})"),
             Catch::StartsWith("queues[0].vhost: is missing; the export of a single virtual host does not say it"));
}

TEST_CASE("definitions of the wrong type are refused with their place") {
  CHECK(refusal_of_definitions(R"({"users": {}})") == "users: wants an array, got an object");
  CHECK(refusal_of_definitions(R"({"users": [7]})") == "users[0]: wants a JSON object, got the integer 7");
  CHECK(refusal_of_definitions(queue_q(R"("arguments": [])"))
        == "queues[0].arguments: wants a JSON object, got an array");
  CHECK(refusal_of_definitions(R"({"bindings": [{"source": "amq.topic", "vhost": "/", "destination": "q",
                   "destination_type": "topic", "routing_key": ""}]})")
        == "bindings[0].destination_type: wants 'queue' or 'exchange', got 'topic'");
}

TEST_CASE("a password that is given twice or that is no hash is refused") {
  CHECK(refusal_of_definitions(R"({"users": [{"name": "a", "password": "x", "password_hash": "AAAA"}]})")
        == "users[0].password: is there beside password_hash; leave one of them out");
  CHECK(refusal_of_definitions(R"({"users": [{"name": "a", "password_hash": "AAAA"}]})")
        == "users[0].password_hash: wants a salt of 4 bytes and the SHA-256 digest of salt and password, together in "
           "base64");
}

TEST_CASE("a malformed pattern is refused") {
  CHECK_THAT(refusal_of_definitions(
                 R"({"permissions": [{"user": "guest", "vhost": "/", "configure": "", "write": "(", "read": ""}]})"),
             Catch::StartsWith("permissions[0].write: "));
  CHECK_THAT(refusal_of_definitions(R"({"policies": [{"name": "p", "vhost": "/", "pattern": "[", "definition": {}}]})"),
             Catch::StartsWith("policies[0].pattern: "));
}

TEST_CASE("a policy that says what it may not say is refused") {
  CHECK(refusal_of_definitions(policy_p(R"("definition": {"max-length": "5"})"))
        == "policies[0].definition.max-length: wants an integer from 0 to 9223372036854775807");
  CHECK_THAT(refusal_of_definitions(policy_p(R"("definition": {}, "apply-to": "users")")),
             Catch::StartsWith("policies[0].apply-to: wants 'all', 'queues'"));
}

TEST_CASE("an argument that a client could not declare is refused") {
  CHECK_THAT(refusal_of_definitions(queue_q(R"("arguments": {"x-queue-type": "odd"})")),
             Catch::StartsWith("queues[0]: invalid arg 'x-queue-type' for queue 'q' in vhost '/'"));
}

TEST_CASE("a queue wants a name of at most 255 bytes") {
  const auto named = [](const std::string& name) {
    return R"({"queues": [{"name": ")" + name + R"(", "vhost": "/", "durable": true, "auto_delete": false}]})";
  };
  CHECK(refusal_of_definitions(named("")) == "queues[0].name: is empty");
  CHECK(refusal_of_definitions(named(std::string(256, 'q'))) == "queues[0].name: is longer than 255 bytes");
}

}  // namespace pocketmq::tests
