// What a user without the permission is told, verb by verb, as RabbitMQ tells it.
#include "broker/access/permission.hpp"

#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

const Login alices{.user = "alice", .password = "secret"};

// alice may do in the virtual host "/" what these patterns say; guest may do everything.
void give(World& world, const std::string& configure, const std::string& write, const std::string& read) {
  broker::User alice{.name = "alice", .password = broker::PasswordHash::of("secret", "salt")};
  using broker::permission_pattern;
  alice.permissions.emplace(
      "/", broker::Permissions{permission_pattern(configure), permission_pattern(write), permission_pattern(read)});
  world.broker().users().put(std::move(alice));
}

std::string refused(const std::string& resource) {
  return "ACCESS_REFUSED - access to " + resource + " in vhost '/' refused for user 'alice'";
}

}  // namespace

TEST_CASE("who has no permission on a queue is told so before whether it is there") {
  World world;
  give(world, "", "", "");
  world.connect().declares("q");
  const std::string name = GENERATE(as<std::string>{}, "q", "missing");
  const auto method = GENERATE_REF(values<protocol::Method>({
      queue::Declare{.queue = name},
      queue::Delete{.queue = name},
      queue::Purge{.queue = name},
      basic::Consume{.queue = name},
      basic::Get{.queue = name},
  }));
  world.connect(alices).sends(method).channel_is_closed(ReplyCode::access_refused, refused("queue '" + name + "'"));
}

TEST_CASE("another's exclusive queue is refused for want of permission first") {
  World world;
  give(world, "", "", "^free$");
  auto owner = world.connect();
  owner.declares({.queue = "q", .exclusive = true}).declares({.queue = "free", .exclusive = true});
  world.connect(alices)
      .sends(basic::Get{.queue = "q"})
      .channel_is_closed(ReplyCode::access_refused, refused("queue 'q'"));
  const auto alice = world.connect(alices).sends(basic::Get{.queue = "free"});
  CHECK(std::get<channel::Close>(alice.answer<channel::Close>().method).reply_code == 405);
}

TEST_CASE("declaring and deleting wants configure and reading wants read") {
  World world;
  give(world, "^mine", "", "^read");
  world.connect().declares("read.me");
  const auto alice = world.connect(alices);
  alice.declares("mine").deletes("mine").purges("read.me", 0).gets_nothing("read.me").consumes("read.me");
  alice.sends(basic::Get{.queue = "mine"}).channel_is_closed(ReplyCode::access_refused, refused("queue 'mine'"));
}

TEST_CASE("a passive declare wants no permission") {
  World world;
  give(world, "", "", "");
  world.connect().declares("q");
  world.connect(alices).finds("q", {});
}

TEST_CASE("a name for the server's queues is asked for like any other") {
  World world;
  give(world, GENERATE(as<std::string>{}, "^amq\\.gen-", "^mine"), "", "");
  const auto alice = world.connect(alices).sends(queue::Declare{.exclusive = true});
  const auto& user = alice.session().user();
  if (user.may(broker::Permission::configure, "/", "amq.gen-x")) {
    (void)alice.answer<queue::DeclareOk>();
  } else {
    const auto close = alice.answer<channel::Close>();
    CHECK_THAT(std::string{std::get<channel::Close>(close.method).reply_text},
               Catch::Matches("ACCESS_REFUSED - access to queue 'amq\\.gen-.{22}' in vhost '/' refused for .*"));
  }
}

TEST_CASE("a reserved name is refused before permission is asked") {
  World world;
  give(world, "", "", "");
  world.connect(alices)
      .sends(queue::Declare{.queue = "amq.q"})
      .channel_is_closed(ReplyCode::access_refused,
                         "ACCESS_REFUSED - queue name 'amq.q' contains reserved prefix 'amq.*'");
}

TEST_CASE("the queue last declared is asked for by its name") {
  World world;
  give(world, "^q$", "", "");
  world.connect(alices)
      .declares("q")
      .sends(basic::Get{})
      .channel_is_closed(ReplyCode::access_refused, refused("queue 'q'"));
}

TEST_CASE("the default exchange is asked for as amq.default") {
  World world;
  world.connect().declares("q");
  SECTION("refused") {
    give(world, ".*", "^amq.direct", ".*");
    world.connect(alices).publishes("q", "m").channel_is_closed(ReplyCode::access_refused,
                                                                refused("exchange 'amq.default'"));
  }
  SECTION("granted") {
    give(world, "", "^amq\\.default$", "q");
    world.connect(alices).publishes("q", {"one", "two"}).gets("q", "one");
  }
}

TEST_CASE("an exchange is refused for want of permission before it is found missing") {
  World world;
  give(world, "", "", "");
  world.connect(alices)
      .publishes("k", Publication{.body = "m", .exchange = "missing"})
      .channel_is_closed(ReplyCode::access_refused, refused("exchange 'missing'"));
}

TEST_CASE("a permission is for the name it was given for even if another was given before") {
  World world;
  give(world, "^a", "", "");
  world.connect(alices)
      .declares("a")
      .declares("ab")
      .sends(queue::Declare{.queue = "b"})
      .channel_is_closed(ReplyCode::access_refused, refused("queue 'b'"));
}

TEST_CASE("user_id may be another's for an impersonator only") {
  World world;
  give(world, "", ".*", ".*");
  world.connect().declares("q");
  const Publication as_guest{.body = "m", .properties = {.user_id = "guest"}};
  SECTION("alice is none") {
    world.connect(alices)
        .publishes("q", as_guest)
        .channel_is_closed(ReplyCode::precondition_failed,
                           "PRECONDITION_FAILED - user_id property set to 'guest' but authenticated user was 'alice'");
  }
  SECTION("alice is one") {
    auto alice = *world.broker().users().find("alice");
    alice.tags.emplace_back("impersonator");
    world.broker().users().put(alice);
    world.connect(alices).publishes("q", as_guest).gets("q", "m");
  }
}

TEST_CASE("declaring and deleting an exchange wants configure and finding it nothing") {
  World world;
  give(world, "^mine", "", "");
  world.connect().declares_exchange("e", "direct");
  const auto alice = world.connect(alices);
  alice.declares_exchange("mine", "topic").declares_exchange({.exchange = "e", .passive = true});
  alice.deletes_exchange("mine").deletes_exchange("mine too");
  const std::string name = GENERATE(as<std::string>{}, "e", "amq.direct", "amq.new", "missing");
  alice.sends(exchange::Declare{.exchange = name, .type = "fanout"})
      .channel_is_closed(ReplyCode::access_refused, refused("exchange '" + name + "'"));
  if (name.starts_with("amq.")) return;  // not deleted by anybody
  alice.opens_channel(1)
      .sends(exchange::Delete{.exchange = name})
      .channel_is_closed(ReplyCode::access_refused, refused("exchange '" + name + "'"));
}

TEST_CASE("a new exchange with an alternate wants read on itself and write on the alternate") {
  World world;
  world.connect().declares_exchange("there", "direct");
  protocol::FieldTableWriter alternate;
  alternate.string("alternate-exchange", "other");
  const auto declare = [&](std::string_view name) {
    return exchange::Declare{.exchange = name, .type = "direct", .arguments = alternate.table()};
  };
  SECTION("with neither") {
    give(world, ".*", "", "");
    const auto alice = world.connect(alices);
    alice.sends(declare("e")).channel_is_closed(ReplyCode::access_refused, refused("exchange 'e'"));
    alice.opens_channel(1).sends(declare("there"));  // is not new: no question
    CHECK(std::get<channel::Close>(alice.answer<channel::Close>().method).reply_code == 406);
  }
  SECTION("with read only") {
    give(world, ".*", "", ".*");
    world.connect(alices).sends(declare("e")).channel_is_closed(ReplyCode::access_refused, refused("exchange 'other'"));
  }
  SECTION("with both") {
    give(world, ".*", "^other$", "^e$");
    world.connect(alices).declares_exchange(declare("e"));
  }
}

TEST_CASE("a new queue with dead letters wants read on itself and write on their exchange") {
  World world;
  world.connect().declares("there");
  protocol::FieldTableWriter to_other, to_number;
  to_other.string("x-dead-letter-exchange", "other").int32("x-message-ttl", -1);
  to_number.int32("x-dead-letter-exchange", 1);
  const queue::Declare q{.queue = "q", .arguments = to_other.table()};
  SECTION("with neither") {
    give(world, ".*", "", "");
    const auto alice = world.connect(alices);
    alice.sends(q).channel_is_closed(ReplyCode::access_refused, refused("queue 'q'"));
    alice.opens_channel(1).sends(queue::Declare{.queue = "q", .arguments = to_number.table()});  // 406 comes first
    CHECK(std::get<channel::Close>(alice.answer<channel::Close>().method).reply_code == 406);
    alice.sends(channel::CloseOk{}).opens_channel(1);
    alice.sends(queue::Declare{.queue = "there", .arguments = to_other.table()});  // is not new: no question
    CHECK(std::get<channel::Close>(alice.answer<channel::Close>().method).reply_code == 406);
  }
  SECTION("with read only") {
    give(world, ".*", "", ".*");
    world.connect(alices).sends(q).channel_is_closed(ReplyCode::access_refused, refused("exchange 'other'"));
  }
  SECTION("with both the other arguments are looked at") {
    give(world, ".*", "^other$", "^q$");
    const auto alice = world.connect(alices).sends(q);
    CHECK(std::get<channel::Close>(alice.answer<channel::Close>().method).reply_code == 406);
  }
}

TEST_CASE("binding and unbinding want write on the destination and read on the source") {
  World world;
  world.connect().declares("q").declares_exchange("source", "fanout").declares_exchange("destination", "fanout");
  SECTION("nothing on the destination, there or not") {
    give(world, "", "", ".*");
    const std::string name = GENERATE(as<std::string>{}, "q", "missing");
    const auto to_queue = GENERATE_REF(values<protocol::Method>(
        {queue::Bind{.queue = name, .exchange = ""}, queue::Unbind{.queue = name, .exchange = "missing"}}));
    const auto alice = world.connect(alices);
    alice.sends(to_queue).channel_is_closed(ReplyCode::access_refused, refused("queue '" + name + "'"));
    alice.opens_channel(1)
        .sends(exchange::Bind{.destination = name, .source = "source"})
        .channel_is_closed(ReplyCode::access_refused, refused("exchange '" + name + "'"));
    alice.opens_channel(1)
        .sends(exchange::Unbind{.destination = "", .source = "source"})
        .channel_is_closed(ReplyCode::access_refused, refused("exchange 'amq.default'"));
  }
  SECTION("nothing on the source, there or not") {
    give(world, "", ".*", "");
    const std::string name = GENERATE(as<std::string>{}, "source", "missing");
    const auto method = GENERATE_REF(values<protocol::Method>({
        queue::Bind{.queue = "q", .exchange = name},
        queue::Unbind{.queue = "q", .exchange = name},
        exchange::Bind{.destination = "destination", .source = name},
        exchange::Unbind{.destination = "destination", .source = name},
    }));
    world.connect(alices).sends(method).channel_is_closed(ReplyCode::access_refused,
                                                          refused("exchange '" + name + "'"));
  }
  SECTION("both") {
    give(world, "", "^(q|destination)$", "^source$");
    const auto alice = world.connect(alices);
    alice.binds("q", "source").binds_exchange("destination", "source");
    alice.unbinds("q", "source").unbinds_exchange("destination", "source");
  }
}

TEST_CASE("an internal exchange is refused for want of permission first") {
  World world;
  give(world, "", GENERATE(as<std::string>{}, "", ".*"), "");
  const auto alice = world.connect(alices).publishes_to("amq.rabbitmq.trace", "k", "m");
  const bool may_write = alice.session().user().may(broker::Permission::write, "/", "amq.rabbitmq.trace");
  alice.channel_is_closed(ReplyCode::access_refused,
                          may_write ? "ACCESS_REFUSED - cannot publish to internal exchange 'amq.rabbitmq.trace' in "
                                      "vhost '/'"
                                    : refused("exchange 'amq.rabbitmq.trace'"));
}

}  // namespace pocketmq::tests
