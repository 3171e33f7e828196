// How a connection begins: AMQP's three steps, JSON's one or none, and who does not get in.
#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

std::string text_in(protocol::FieldTable table, std::string_view name) {
  const auto value = table.find(name);
  return value && value->string() ? std::string{*value->string()} : "(none)";
}

// An AMQP client of which connection.start is asked for, and what it answers.
Client started(World& world) {
  const auto alice = world.arrive().sends_header().on_channel(0);
  (void)alice.answer<connection::Start>();
  return alice;
}

connection::StartOk guest() { return {.mechanism = "PLAIN", .response = {std::string_view{"\0guest\0guest", 12}}}; }

Client tuned(World& world) {
  const auto alice = started(world).sends(guest());
  (void)alice.answer<connection::Tune>();
  return alice;
}

connection::TuneOk usual() { return {.channel_max = 2'047, .frame_max = 131'072, .heartbeat = 0}; }

}  // namespace

TEST_CASE("connection.start introduces the broker as clients want to read it") {
  World world{Encoding::amqp};
  const auto start = world.arrive().sends_header().answer<connection::Start>();
  const auto& method = std::get<connection::Start>(start.method);
  CHECK(method.version_major == 0);
  CHECK(method.version_minor == 9);
  CHECK(method.mechanisms == "PLAIN AMQPLAIN");
  CHECK(method.locales == "en_US");
  CHECK(text_in(method.server_properties, "product") == "RabbitMQ");
  CHECK(text_in(method.server_properties, "version") == "3.10.8");
  CHECK_THAT(text_in(method.server_properties, "platform"), Catch::StartsWith("PocketMQ "));
  CHECK_THAT(text_in(method.server_properties, "information"), Catch::StartsWith("PocketMQ "));
  const auto capabilities = method.server_properties.find("capabilities")->table();
  REQUIRE(capabilities);
  for (const auto* name : {"publisher_confirms", "exchange_exchange_bindings", "basic.nack", "consumer_cancel_notify",
                           "authentication_failure_close", "per_consumer_qos", "direct_reply_to", "connection.blocked",
                           "consumer_priorities"})
    CHECK(capabilities->find(name)->boolean() == true);
}

TEST_CASE("the header of 0-9 asks for 0-9-1 as well") {
  World world{Encoding::amqp};
  (void)world.arrive().sends_bytes({"AMQP\1\1\0\x09", 8}).answer<connection::Start>();
}

TEST_CASE("names are UTF-8") {
  World world;
  auto alice = world.connect();
  SECTION("and are refused if not") {
    const auto method = GENERATE(values<protocol::Method>(
        {queue::Declare{.queue = "\xff"}, basic::Get{.queue = "\xff"}, basic::Cancel{.consumer_tag = "\xff"}}));
    alice.sends(method).connection_is_closed(ReplyCode::frame_error, "FRAME_ERROR - Malformed UTF-8 in shortstr");
  }
  SECTION("but a publish may look for any") {
    alice.sends(basic::Publish{.routing_key = "\xff"}, {.body = "m"}).is_fine();
  }
}

TEST_CASE("the product is what the broker was told to say") {
  World world{{.encoding = Encoding::amqp, .options = {.product = "Pocket", .product_version = "9"}}};
  const auto start = world.arrive().sends_header().answer<connection::Start>();
  const auto& properties = std::get<connection::Start>(start.method).server_properties;
  CHECK(text_in(properties, "product") == "Pocket");
  CHECK(text_in(properties, "version") == "9");
}

TEST_CASE("tune offers what the broker was told to") {
  World world{{.encoding = Encoding::amqp,
               .options = {.limits = {.frame_max_bytes = 65'536}, .heartbeat = 20s, .channel_max = 100}}};
  started(world).sends(guest()).is_answered(connection::Tune{.channel_max = 100, .frame_max = 65'536, .heartbeat = 20});
}

TEST_CASE("tune offers RabbitMQ's figures unless told otherwise") {
  World world{Encoding::amqp};
  started(world).sends(guest()).is_answered(
      connection::Tune{.channel_max = 2'047, .frame_max = 131'072, .heartbeat = 60});
}

TEST_CASE("a tune-ok of 0 is no limit of the client's own") {
  World world{Encoding::amqp};
  const auto alice = tuned(world).sends(connection::TuneOk{});
  alice.sends(connection::Open{.virtual_host = "/"}).is_answered(connection::OpenOk{});
  alice.on_channel(1).opens_channel(1).is_fine();
}

TEST_CASE("a tune-ok beyond the offer is refused") {
  World world{Encoding::amqp};
  const auto [answer, text] = GENERATE(table<connection::TuneOk, std::string>({
      {{.channel_max = 2'048}, "channel_max = 2048 is out of range; offered was 2047"},
      {{.frame_max = 131'073}, "frame_max = 131073 is out of range; offered was 131072"},
      {{.frame_max = 4'095}, "frame_max = 4095 is out of range; offered was 131072"},
  }));
  tuned(world).sends(answer).connection_is_closed(ReplyCode::not_allowed, "NOT_ALLOWED - negotiated " + text);
}

TEST_CASE("a client of the smallest frames is served") {
  World world;
  auto alice = world.connect({.frame_max_bytes = 4'096});
  const std::string body(100'000, 'x');
  alice.declares("q").publishes("q", body).gets("q", body);
}

TEST_CASE("the steps of the handshake come in their order") {
  World world{Encoding::amqp};
  const auto out_of_order = [](const std::string& state, const std::string& awaited, const std::string& given) {
    return "unexpected method in connection state " + state + ": expected '" + awaited + "' on channel 0, got '" + given
           + "'";
  };
  const std::string channel_error = "CHANNEL_ERROR - ", unexpected_frame = "UNEXPECTED_FRAME - ";
  SECTION("open before start-ok") {
    started(world)
        .sends(connection::Open{.virtual_host = "/"})
        .connection_is_closed(ReplyCode::channel_error,
                              channel_error + out_of_order("starting", "connection.start-ok", "connection.open"));
  }
  SECTION("tune-ok before start-ok") {
    started(world).sends(usual()).connection_is_closed(
        ReplyCode::channel_error,
        channel_error + out_of_order("starting", "connection.start-ok", "connection.tune-ok"));
  }
  SECTION("channel.open before start-ok") {
    started(world)
        .on_channel(1)
        .sends(channel::Open{})
        .connection_is_closed(ReplyCode::unexpected_frame,
                              unexpected_frame + out_of_order("starting", "connection.start-ok", "channel.open"));
  }
  SECTION("start-ok on another channel") {
    started(world).on_channel(1).sends(guest()).connection_is_closed(
        ReplyCode::unexpected_frame,
        unexpected_frame + out_of_order("starting", "connection.start-ok", "connection.start-ok"));
  }
  SECTION("start-ok twice") {
    tuned(world).sends(guest()).connection_is_closed(
        ReplyCode::channel_error, channel_error + out_of_order("tuning", "connection.tune-ok", "connection.start-ok"));
  }
  SECTION("channel.open before open") {
    tuned(world)
        .sends(usual())
        .on_channel(1)
        .sends(channel::Open{})
        .connection_is_closed(ReplyCode::unexpected_frame,
                              unexpected_frame + out_of_order("opening", "connection.open", "channel.open"));
  }
}

TEST_CASE("nothing of the handshake is repeated on an open connection") {
  World world;
  auto alice = world.connect();
  const auto method = GENERATE(values<protocol::Method>({
      connection::StartOk{.mechanism = "PLAIN"},
      connection::TuneOk{},
      connection::Open{.virtual_host = "/"},
      connection::CloseOk{},
      connection::Start{.mechanisms = "PLAIN"},
  }));
  alice.on_channel(0).sends(method).connection_is_closed(
      ReplyCode::channel_error, "CHANNEL_ERROR - unexpected method in connection state running");
}

TEST_CASE("the connection's methods are for channel 0") {
  World world{Encoding::amqp};  // in JSON they name no channel
  world.connect()
      .sends(connection::Close{})
      .connection_is_closed(ReplyCode::command_invalid, "COMMAND_INVALID - unimplemented method");
}

TEST_CASE("channel 0 is for the connection's methods") {
  World world;
  world.connect()
      .on_channel(0)
      .sends(queue::Declare{.queue = "q"})
      .connection_is_closed(ReplyCode::channel_error, "CHANNEL_ERROR - unexpected method in connection state running");
}

TEST_CASE("a secret is updated") {
  World world;
  world.connect()
      .on_channel(0)
      .sends(connection::UpdateSecret{.new_secret = "s", .reason = "r"})
      .is_answered(connection::UpdateSecretOk{});
}

TEST_CASE("an unknown virtual host is refused") {
  World world;
  const std::string name = GENERATE(as<std::string>{}, "nope", "", "//");
  const Login login{.virtual_host = name};
  world.arrive(login).shakes_hands(login).connection_is_closed(ReplyCode::not_allowed,
                                                               "NOT_ALLOWED - vhost " + name + " not found");
}

TEST_CASE("a client is known by the name it gives and otherwise by its address") {
  World world;
  CHECK(world.connect({.name = "fib client"}).session().name() == "fib client");
  CHECK(world.connect().session().name() == "client 2");
}

TEST_CASE("a JSON client that shakes no hands is guest with channel 1 open") {
  World world{Encoding::json};
  auto alice = world.arrive().declares("q").publishes("q", "m").gets("q", "m").acks("m");
  CHECK(alice.session().user().name == "guest");
  world.advance(1h);
  alice.is_fine();
  CHECK(alice.heartbeats() == 0);
}

TEST_CASE("a JSON client may not shake hands once it has begun") {
  World world{Encoding::json};
  auto alice = world.arrive().declares("q");
  alice.on_channel(0)
      .sends(connection::Open{})
      .connection_is_closed(ReplyCode::channel_error, "CHANNEL_ERROR - unexpected method in connection state running");
}

TEST_CASE("a handshake in single bytes succeeds") {
  World world;
  const auto alice = world.arrive();
  auto& end = alice.end();
  end.send_piecewise(1);
  alice.shakes_hands({}).is_answered(connection::OpenOk{});
}

TEST_CASE("a handshake that does not finish is cut after 10 seconds") {
  World world;
  const auto alice = world.arrive_raw();
  const auto json = world.speaks_json();
  SECTION("nothing came") {}
  SECTION("the beginning came") { alice.sends_bytes(json ? std::string_view{"\0\0\0\x20{\"meth", 10} : "AMQP\0"); }
  SECTION("it goes on slowly") {
    for (const char byte : json ? std::string_view{"\0\0\1\0{", 5} : std::string_view{"AMQP\0", 5}) {
      alice.sends_bytes({&byte, 1});
      world.advance(1'900ms);
    }
    world.advance(499ms);
    alice.is_connected();
    world.advance(1ms);
    return alice.is_cut();
  }
  world.advance(9'999ms);
  alice.is_connected();
  world.advance(1ms);
  alice.is_cut();
}

TEST_CASE("an AMQP handshake that stops between two steps is cut after 10 seconds") {
  World world{Encoding::amqp};
  auto alice = GENERATE(true, false) ? started(world) : tuned(world);
  world.advance(9'999ms);
  alice.is_connected();
  world.advance(1ms);
  alice.is_cut();
}

TEST_CASE("a finished handshake is not cut") {
  World world;
  auto alice = world.connect();
  world.advance(24h);
  alice.is_fine();
}

TEST_CASE("the time for a handshake is what the broker was told") {
  World world{{.options = {.handshake_max = 3s}}};
  const auto alice = world.arrive_raw();
  world.advance(2'999ms);
  alice.is_connected();
  world.advance(1ms);
  alice.is_cut();
}

TEST_CASE("anything but the two encodings is answered with AMQP's header and closed") {
  World world;
  const auto bytes = GENERATE(values<std::string>({
      {"AMQP\0\0\x09\0", 8},
      {"AMQP\0\1\0\0", 8},
      {"AMQP\3\1\0\0", 8},
      {"AMQP\0\0\x08\0", 8},
      "AMQPxxxx",
      "GET / HTTP/1.1\r\n\r\n",
      "GET ",
      {"\x16\3\1\0\0\0\0\0", 8},
      "\xff\xff\xff\xff",
  }));
  const auto alice = world.arrive_raw().sends_bytes(bytes);
  alice.receives_bytes({"AMQP\0\0\x09\x01", 8}).is_cut();
}

TEST_CASE("a client that leaves in the middle of its handshake leaves nothing behind") {
  World world;
  const auto alice = world.arrive_raw().sends_bytes("AM");
  CHECK(world.broker().connection_count() == 1);
  alice.vanishes();
  CHECK(world.broker().connection_count() == 0);
  CHECK(world.broker().deadline() == TimePoint::max());
}

}  // namespace pocketmq::tests
