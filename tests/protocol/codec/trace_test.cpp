#include "protocol/codec/trace.hpp"

#include "protocol/vocabulary/secrets.hpp"
#include "tests/protocol/codec/generator.hpp"
#include "tests/support/catch.hpp"

using namespace pocketmq::protocol;
using namespace std::string_view_literals;

namespace {

std::string line(const Method& method, std::uint16_t channel = 1) {
  return trace_text({.channel = channel, .method = method});
}

Command publish_command(const BasicProperties& properties, std::string_view body) {
  static std::string encoded;
  encoded.clear();
  encode(properties, encoded);
  return {.channel = 1,
          .method = basic::Publish{.routing_key = "rpc_queue"},
          .content = Content{.properties = Properties{encoded}, .body = body}};
}

}  // namespace

TEST_CASE("a line names the method and what differs from its default") {
  CHECK(line(queue::Declare{.queue = "rpc_queue", .exclusive = true})
        == "queue.declare queue=rpc_queue exclusive=true");
  CHECK(line(queue::Declare{}) == "queue.declare");
  CHECK(line(basic::Ack{.delivery_tag = 3}) == "basic.ack delivery_tag=3");
  CHECK(line(queue::DeclareOk{.queue = "q", .message_count = 2}) == "queue.declare-ok queue=q message_count=2");
  CHECK(line(connection::Open{}, 0) == "connection.open");
  CHECK(line(connection::Open{.virtual_host = "v", .user = "alice"}, 0) == "connection.open virtual_host=v user=alice");
  CHECK(line(channel::Close{.reply_code = 404, .reply_text = "no queue 'q'"})
        == R"(channel.close reply_code=404 reply_text="no queue 'q'")");
}

TEST_CASE("a channel is named where it is not the usual one") {
  CHECK(line(tx::Select{}, 2) == "tx.select channel=2");
  CHECK(line(tx::Select{}, 0) == "tx.select channel=0");
  CHECK(line(connection::CloseOk{}, 0) == "connection.close-ok");
}

TEST_CASE("a content shows its properties and its body") {
  FieldTableWriter headers;
  headers.int64("x-rpc-deadline", 1'700'000'000'000);
  CHECK(trace_text(publish_command(
            {.headers = headers.table(), .correlation_id = "1", .reply_to = "amq.gen-X", .expiration = "2000"}, "30"))
        == R"(basic.publish routing_key=rpc_queue headers={"x-rpc-deadline":1700000000000} correlation_id=1 )"
           R"(reply_to=amq.gen-X expiration=2000 body=30)");
  CHECK(trace_text(publish_command({}, "")) == "basic.publish routing_key=rpc_queue body=(0 bytes)");
  CHECK(trace_text(publish_command({}, R"({"code": "not_found"})"))
        == R"(basic.publish routing_key=rpc_queue body={"code": "not_found"})");
}

TEST_CASE("long and binary bodies show their size") {
  CHECK(trace_text(publish_command({}, std::string(65'536, 'x')))
        == "basic.publish routing_key=rpc_queue body=(65536 bytes)");
  CHECK(trace_text(publish_command({}, "\xff\xfe")) == "basic.publish routing_key=rpc_queue body=(2 bytes)");
  auto refused = publish_command({}, "");
  refused.content->refused_size_bytes = 200'000'000;
  CHECK(trace_text(refused) == "basic.publish routing_key=rpc_queue body=(refused: 200000000 bytes)");
  CHECK_THAT(trace_json(refused), Catch::EndsWith(R"("properties":{},"body_bytes":200000000})"));
}

TEST_CASE("long tables are cut") {
  FieldTableWriter arguments;
  for (int i = 0; i < 100; ++i) arguments.string("é", "é");
  const auto shown = line(queue::Declare{.arguments = arguments.table()});
  CHECK(shown.size() < 300);
  CHECK_THAT(shown, Catch::EndsWith("..."));
}

TEST_CASE("a JSON trace is the header with the body") {
  CHECK(trace_json(publish_command({.reply_to = "r"}, "30"))
        == R"({"method":"basic.publish","exchange":"","routing_key":"rpc_queue","mandatory":false,"immediate":false,)"
           R"("properties":{"reply_to":"r"},"body":"30"})");
  CHECK_THAT(trace_json(publish_command({}, "")), Catch::EndsWith(R"("properties":{},"body":""})"));
  CHECK_THAT(trace_json(publish_command({}, "\xff")), Catch::EndsWith(R"("properties":{},"body_bytes":1})"));
  CHECK_THAT(trace_json(publish_command({}, std::string(2'000, 'x'))), Catch::EndsWith(R"("body_bytes":2000})"));
  CHECK(trace_json({.channel = 3, .method = tx::SelectOk{}}) == R"({"method":"tx.select-ok","channel":3})");
}

TEST_CASE("what a peer says of itself is shown in JSON only") {
  FieldTableWriter properties;
  properties.string("connection_name", "alice");
  const Command start_ok{.method = connection::StartOk{.client_properties = properties.table(), .mechanism = "PLAIN"}};
  CHECK(trace_text(start_ok) == "connection.start-ok mechanism=PLAIN");
  CHECK_THAT(trace_json(start_ok), Catch::Contains(R"("client_properties":{"connection_name":"alice"})"));
}

TEST_CASE("secrets are never shown") {
  FieldTableWriter login;
  login.string("LOGIN", "alice").string("PASSWORD", "hunter2");
  const Method methods[] = {
      connection::StartOk{.mechanism = "PLAIN", .response = LongString{"\0alice\0hunter2"sv}},
      connection::StartOk{.client_properties = login.table(), .response = "hunter2"},
      connection::SecureOk{.response = "hunter2"},
      connection::UpdateSecret{.new_secret = "hunter2"},
      connection::Open{.user = "alice", .password = "hunter2"},
  };
  for (const auto& method : methods) {
    for (const auto& shown :
         {trace_text({.channel = 0, .method = method}), trace_json({.channel = 0, .method = method})}) {
      CHECK_THAT(shown, !Catch::Contains("hunter2") && Catch::Contains("***"));
    }
  }
  FieldTableWriter outer;
  outer.table("nested", login.table());
  for (const auto& shown : {trace_text(publish_command({.headers = outer.table()}, "")),
                            trace_json(publish_command({.headers = outer.table()}, ""))})
    CHECK_THAT(shown, !Catch::Contains("hunter2") && Catch::Contains("alice"));
}

TEST_CASE("what is a secret is known by its name") {
  for (const auto* name : {"Authorization", "x-auth-token", "dbPassword", "client_secret", "TOKEN", "aws-credentials",
                           "Cookie", "response"})
    CHECK(is_secret(name));
  for (const auto* name : {"", "tok", "user", "correlation_id", "authentication_failure_close", "x-response-time"})
    CHECK_FALSE(is_secret(name));
}

TEST_CASE("secrets are hidden wherever a table has them") {
  FieldTableWriter inner;
  inner.string("x-auth-token", "hunter2").string("user", "alice");
  FieldTableWriter in_array;  // an array's elements have types and no names
  in_array.value("", {'F', inner.table().encoded()});
  const auto named = in_array.table().encoded().substr(1);
  FieldTableWriter headers;
  headers.value("list", {'A', named}).string("Authorization", "Bearer hunter2");
  for (const auto& command : {publish_command({.headers = headers.table()}, ""),
                              Command{.channel = 1, .method = queue::Declare{.arguments = headers.table()}}})
    for (const auto& shown : {trace_text(command), trace_json(command)})
      CHECK_THAT(shown, !Catch::Contains("hunter2") && Catch::Contains("alice")
                            && Catch::Contains(R"("Authorization":"***")"));
}

TEST_CASE("secrets are hidden in a JSON body") {
  for (const auto* body :
       {R"({"user": "alice", "password": "hunter2"})", R"([{"user": "alice", "Token": ["hunter2"]}])",
        R"({"user": {"name": "alice", "secret": {"pin": "hunter2"}}})"})
    for (const auto& shown : {trace_text(publish_command({}, body)), trace_json(publish_command({}, body))})
      CHECK_THAT(shown, !Catch::Contains("hunter2") && Catch::Contains("***") && Catch::Contains("alice"));
  CHECK(trace_text(publish_command({}, R"({"password": "hunter2", "n": 1})"))
        == R"(basic.publish routing_key=rpc_queue body={"password":"***","n":1})");
}

TEST_CASE("no control character reaches a terminal, and a line is one line") {
  constexpr auto evil =
      "\x1b[2J\r\n\x7f\xc2\x9b"
      "31m\xe2\x80\xae!"sv;
  FieldTableWriter table;
  table.string(evil, evil).value("x", {'x', evil}).string("not UTF-8", "\xff\x1b");
  const Command commands[] = {
      {.channel = 1, .method = queue::Declare{.queue = evil, .arguments = table.table()}},
      {.channel = 1, .method = queue::Declare{.queue = "\xff\x1b"}},
      publish_command({.headers = table.table(), .correlation_id = evil}, evil),
  };
  for (const auto& command : commands) {
    for (const auto& shown : {trace_text(command), trace_json(command)}) {
      for (const char c : shown) CHECK((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
      CHECK_THAT(shown, !Catch::Contains("\xc2\x9b") && !Catch::Contains("\xe2\x80\xae") && !Catch::Contains("\xff"));
    }
  }
  CHECK(line(queue::Declare{.queue = "a\nb"}) == R"(queue.declare queue="a\nb")");
}

TEST_CASE("every method has a line in both forms") {
  pocketmq::tests::Generator any{40};
  for_each_method([&]<class M>() {
    Command command{.channel = 1, .method = any.method<M>(Encoding::amqp)};
    if (has_content<M>) command.content = any.content(100);
    CHECK_THAT(trace_text(command), Catch::StartsWith(std::string{M::id.name}));
    CHECK_THAT(trace_json(command), Catch::StartsWith("{\"method\":\"" + std::string{M::id.name} + '"'));
  });
}

TEST_CASE("a word is quoted only where it would not read as one") {
  CHECK(trace_word("fib_client") == "fib_client");
  CHECK(trace_word("my client") == R"("my client")");
  CHECK(trace_word("\x1b[2J") == R"("\u001b[2J")");
}
