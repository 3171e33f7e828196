#include "protocol/vocabulary/method.hpp"

#include <set>

#include "protocol/codec/make_codec.hpp"
#include "tests/protocol/codec/generator.hpp"
#include "tests/protocol/codec/transcript.hpp"
#include "tests/support/catch.hpp"

using namespace pocketmq::protocol;
using namespace pocketmq::tests;

TEST_CASE("there are 66 methods, each with a number and a name of its own") {
  std::set<std::pair<int, int>> numbers;
  std::set<std::string_view> names;
  for_each_method([&]<class M>() {
    numbers.emplace(M::id.class_id, M::id.method_id);
    names.insert(M::id.name);
  });
  CHECK(numbers.size() == 66);
  CHECK(names.size() == 66);
}

TEST_CASE("a method is found by its numbers and by its name") {
  for_each_method([]<class M>() {
    INFO(M::id.name);
    const Method* by_number = find_method(M::id.class_id, M::id.method_id);
    REQUIRE(by_number != nullptr);
    CHECK(std::holds_alternative<M>(*by_number));
    CHECK(find_method(M::id.name) == by_number);
    CHECK(id_of(*by_number).name == M::id.name);
    CHECK(std::get<M>(*by_number) == M{});
  });
}

TEST_CASE("what is no method is not found") {
  CHECK(find_method(0, 0) == nullptr);
  CHECK(find_method(10, 0) == nullptr);
  CHECK(find_method(20, 71) == nullptr);
  CHECK(find_method(65535, 65535) == nullptr);
  CHECK(find_method("") == nullptr);
  CHECK(find_method("queue") == nullptr);
  CHECK(find_method("queue.declare_ok") == nullptr);
  CHECK(find_method("Queue.declare") == nullptr);
  CHECK(find_method("tx.rollback-okay") == nullptr);
}

TEST_CASE("names are AMQP's, class and method") {
  CHECK(id_of(queue::DeclareOk{}).name == "queue.declare-ok");
  CHECK(id_of(queue::DeclareOk{}).class_id == 50);
  CHECK(id_of(queue::DeclareOk{}).method_id == 11);
  CHECK(id_of(exchange::UnbindOk{}).method_id == 51);  // the specification's own exception from "ok is one more"
  CHECK(id_of(basic::RecoverAsync{}).name == "basic.recover-async");
}

TEST_CASE("the reply to a request is of its class, with its name and -ok") {
  int requests = 0;
  for_each_method([&]<class M>() {
    if constexpr (requires { typename M::Reply; }) {
      ++requests;
      CHECK(M::Reply::id.class_id == M::id.class_id);
      CHECK(M::Reply::id.name
            == (M::id.name == "connection.start"    ? "connection.start-ok"
                : M::id.name == "connection.secure" ? "connection.secure-ok"
                : M::id.name == "connection.tune"   ? "connection.tune-ok"
                                                    : std::string{M::id.name} + "-ok"));
    }
  });
  CHECK(requests > 20);
}

TEST_CASE("a content follows publish, return, deliver and get-ok, and nothing else") {
  std::set<std::string_view> with_content;
  for_each_method([&]<class M>() {
    CHECK(carries_content(M{}) == has_content<M>);
    if (carries_content(M{})) with_content.insert(M::id.name);
  });
  CHECK(with_content == std::set<std::string_view>{"basic.publish", "basic.return", "basic.deliver", "basic.get-ok"});
}

TEST_CASE("every method comes out of either encoding as it went in") {
  const auto encoding = GENERATE(Encoding::amqp, Encoding::json);
  const auto codec = make_codec(encoding, {});
  Generator any{5};
  for_each_method([&]<class M>() {
    INFO(M::id.name);
    constexpr bool on_connection = M::id.class_id == connection::Start::id.class_id;
    for (int i = 0; i < 20; ++i) {
      Command sent{.channel = on_connection ? std::uint16_t{0} : static_cast<std::uint16_t>(1 + any.up_to(9)),
                   .method = any.method<M>(encoding)};
      if (has_content<M>) sent.content = any.content(any.chance(2) ? 0 : 10'000);
      int received = 0;
      Decoding decoding{*codec};
      const bool accepted = decoding.feed(encoded(*codec, sent), std::string_view::npos, [&](const Command& command) {
        ++received;
        REQUIRE(command.channel == sent.channel);
        REQUIRE((std::get<M>(command.method) == std::get<M>(sent.method)));
        REQUIRE(command.content.has_value() == has_content<M>);
        if (has_content<M>) {
          REQUIRE((command.content->properties.decode() == sent.content->properties.decode()));
          REQUIRE(command.content->properties == sent.content->properties);
          REQUIRE(command.content->body == sent.content->body);
        }
      });
      REQUIRE(accepted);
      REQUIRE(received == 1);
    }
  });
}
