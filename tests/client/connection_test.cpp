#include "client/connection.hpp"

#include <future>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/use_future.hpp>

#include "broker/embedded.hpp"
#include "tests/client/any_encoding.hpp"
#include "tests/support/broker_under_test.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::client {
namespace {

using asio::use_future;

// The code that a future fails with.
template <class Future> std::error_code error_code_of(Future future) {
  try {
    future.get();
  } catch (const std::system_error& error) {
    return error.code();
  }
  return {};
}

TEST_CASE("a message goes to a queue and back") {
  tests::BrokerUnderTest broker;
  Connection connection{broker.url(any_encoding()), {.name = "test"}};
  auto channel = connection.open_channel(use_future).get();
  const auto queue = channel.declare_queue("", {.exclusive = true}, use_future).get();
  CHECK_FALSE(queue.name.empty());
  CHECK(queue.message_count == 0);

  Message message{
      .body = std::string{"a\0\xff\n", 4},
      .properties = {.content_type = "x/y",
                     .headers = Table{}.add("s", "text").add("i", 7).add("b", true).add("t", Table{}.add("n", -1)),
                     .delivery_mode = std::uint8_t{2},
                     .priority = std::uint8_t{3},
                     .correlation_id = "c",
                     .reply_to = "r",
                     .expiration = "60000",
                     .message_id = "m",
                     .timestamp = 1'700'000'000U,
                     .type = "t",
                     .app_id = "a"}};
  channel.publish({.routing_key = queue.name}, message);
  const auto got = channel.get(queue.name, true, use_future).get();
  REQUIRE(got);
  CHECK(got->message == message);
  CHECK(got->routing_key == queue.name);
  CHECK(got->message_count == 0);
  CHECK_FALSE(channel.get(queue.name, true, use_future).get());
}

TEST_CASE("messages are consumed, acked and given back") {
  tests::BrokerUnderTest broker;
  Connection connection{broker.url(any_encoding())};
  auto channel = connection.open_channel(use_future).get();
  channel.declare_queue("q", {}, use_future).get();
  channel.qos(1, use_future).get();

  std::promise<std::string> all;
  std::string story;
  const auto on_delivery = [&](const Delivery& delivery) {
    story += delivery.message.body + (delivery.redelivered ? "! " : " ");
    if (delivery.message.body == "b" && !delivery.redelivered)
      channel.nack(delivery.delivery_tag, Requeue::yes);
    else
      channel.ack(delivery.delivery_tag);
    if (delivery.message.body == "c") all.set_value(story);
  };
  const auto tag = channel.consume("q", {.consumer_tag = "mine"}, on_delivery, use_future).get();
  CHECK(tag == "mine");
  for (const auto* body : {"a", "b", "c"}) channel.publish({.routing_key = "q"}, {.body = body});
  CHECK(all.get_future().get() == "a b b! c ");
  channel.cancel(tag, use_future).get();
  CHECK(channel.purge_queue("q", use_future).get() == 0);
  channel.publish({.routing_key = "q"}, {.body = "d"});
  CHECK(channel.delete_queue("q", If::any, use_future).get() == 1);
}

TEST_CASE("an unroutable mandatory message comes back") {
  tests::BrokerUnderTest broker;
  Connection connection{broker.url(any_encoding())};
  auto channel = connection.open_channel(use_future).get();
  std::promise<Returned> returned;
  channel.on_return([&](Returned message) { returned.set_value(std::move(message)); });
  channel.publish({.routing_key = "nowhere", .mandatory = true}, {.body = "x", .properties = {.message_id = "7"}});
  const auto back = returned.get_future().get();
  CHECK(back.reply_code == 312);
  CHECK(back.routing_key == "nowhere");
  CHECK(back.message.body == "x");
  CHECK(back.message.properties.message_id == "7");
}

TEST_CASE("a consumer hears that its queue was deleted") {
  tests::BrokerUnderTest broker;
  Connection connection{broker.url(any_encoding())};
  auto channel = connection.open_channel(use_future).get();
  channel.declare_queue("q", {}, use_future).get();
  std::promise<void> cancelled;
  channel
      .consume(
          "q", {.cancelled = [&] { cancelled.set_value(); }}, [](const Delivery&) {}, use_future)
      .get();
  channel.delete_queue("q", If::any, use_future).get();
  cancelled.get_future().get();
}

TEST_CASE("an error closes its channel, which knows why, and no other") {
  tests::BrokerUnderTest broker;
  Connection connection{broker.url(any_encoding())};
  auto channel = connection.open_channel(use_future).get();
  auto other = connection.open_channel(use_future).get();
  CHECK_FALSE(channel.close_reason().error);
  CHECK(error_code_of(channel.declare_queue("q", QueueOptions::use_existing(), use_future)) == reply_error(404));
  CHECK(channel.close_reason().error == reply_error(404));
  CHECK_THAT(channel.close_reason().text, Catch::Contains("no queue 'q'"));
  CHECK(error_code_of(channel.ack(1, Upto::this_one, use_future)) == reply_error(404));
  CHECK(error_code_of(channel.publish({.routing_key = "q"}, {}, use_future)) == reply_error(404));
  CHECK(other.declare_queue("q", {}, use_future).get().name == "q");
  other.close(use_future).get();
  CHECK(error_code_of(other.declare_queue("q", {}, use_future)) == Error::closed);
}

TEST_CASE("a name that is too long is an error and leaves the channel open") {
  tests::BrokerUnderTest broker;
  Connection connection{broker.url(any_encoding())};
  auto channel = connection.open_channel(use_future).get();
  const std::string name(256, 'n');
  CHECK(error_code_of(channel.declare_queue(name, {}, use_future)) == Error::name_too_long);
  CHECK(error_code_of(channel.publish({.routing_key = name}, {}, use_future)) == Error::name_too_long);
  CHECK(error_code_of(channel.publish({}, {.properties = {.reply_to = name}}, use_future)) == Error::name_too_long);
  CHECK(error_code_of(channel.consume(
            name, {}, [](const Delivery&) {}, use_future))
        == Error::name_too_long);
  CHECK(channel.declare_queue("q", {}, use_future).get().name == "q");
  CHECK_THROWS_AS(Table{}.add(name, 1), std::length_error);
}

TEST_CASE("exchanges are bound to each other and to queues, unbound and deleted") {
  tests::BrokerUnderTest broker;
  Connection connection{broker.url(any_encoding())};
  auto channel = connection.open_channel(use_future).get();
  for (const auto* exchange : {"x", "y"}) channel.declare_exchange(exchange, "topic", {}, use_future).get();
  channel.declare_queue("q", {}, use_future).get();
  channel.bind_exchange({.source = "x", .destination = "y", .routing_key = "a.#"}, use_future).get();
  channel.bind_queue({.source = "y", .destination = "q", .routing_key = "#.b"}, use_future).get();
  const auto arrive = [&](const std::string& key) {
    channel.publish({.exchange = "x", .routing_key = key}, {.body = "m"}, use_future).get();
    return channel.purge_queue("q", use_future).get();
  };
  CHECK(arrive("a.b") == 1);
  CHECK(arrive("a.c") == 0);
  CHECK(arrive("c.b") == 0);
  channel.unbind_exchange({.source = "x", .destination = "y", .routing_key = "a.#"}, use_future).get();
  CHECK(arrive("a.b") == 0);
  channel.bind_exchange({.source = "x", .destination = "y", .routing_key = "#"}, use_future).get();
  CHECK(arrive("c.b") == 1);
  channel.unbind_queue({.source = "y", .destination = "q", .routing_key = "#.b"}, use_future).get();
  CHECK(arrive("c.b") == 0);
  channel.delete_exchange("y", If::unused, use_future).get();
  channel.bind_queue({.source = "x", .destination = "q", .routing_key = "k"}, use_future).get();
  CHECK(error_code_of(channel.delete_exchange("x", If::unused, use_future)) == reply_error(406));
  auto other = connection.open_channel(use_future).get();
  other.delete_exchange("x", If::any, use_future).get();
  CHECK(error_code_of(other.declare_exchange("x", "topic", {.passive = true}, use_future)) == reply_error(404));
}

TEST_CASE("what is declared has the options that were asked for") {
  tests::BrokerUnderTest broker;
  Connection connection{broker.url(any_encoding())};
  const auto fails = [&](const auto& declare) {
    auto channel = connection.open_channel(use_future).get();
    return error_code_of(declare(channel));
  };
  auto channel = connection.open_channel(use_future).get();
  channel.declare_exchange("inside", "fanout", {.internal = true}, use_future).get();
  CHECK(fails([](Channel& c) {
          c.publish({.exchange = "inside"}, {}, use_future).get();
          return c.qos(1, use_future);
        })
        == reply_error(403));
  channel.declare_exchange("mortal", "fanout", {.auto_delete = true}, use_future).get();
  channel.declare_queue("q", {.durable = true, .auto_delete = true}, use_future).get();
  CHECK(fails([](Channel& c) { return c.declare_queue("q", {.durable = true}, use_future); }) == reply_error(406));
  CHECK(fails([](Channel& c) { return c.declare_queue("q", {.auto_delete = true}, use_future); }) == reply_error(406));
  channel.bind_queue({.source = "mortal", .destination = "q"}, use_future).get();
  CHECK(channel.delete_queue("q", If::any, use_future).get() == 0);
  CHECK(fails([](Channel& c) { return c.declare_exchange("mortal", "fanout", {.passive = true}, use_future); })
        == reply_error(404));
  channel.declare_exchange("lasting", "fanout", {.durable = true}, use_future).get();
  CHECK(fails([](Channel& c) { return c.declare_exchange("lasting", "fanout", {}, use_future); }) == reply_error(406));
}

TEST_CASE("a queue is deleted only if it is as the client says") {
  tests::BrokerUnderTest broker;
  Connection connection{broker.url(any_encoding())};
  auto channel = connection.open_channel(use_future).get(), other = connection.open_channel(use_future).get(),
       third = connection.open_channel(use_future).get();
  channel.declare_queue("q", {}, use_future).get();
  channel.publish({.routing_key = "q"}, {.body = "m"}, use_future).get();
  CHECK(channel.declare_queue("q", {}, use_future).get().message_count == 1);
  CHECK(error_code_of(other.delete_queue("q", If::empty, use_future)) == reply_error(406));
  const auto tag = channel
                       .consume(
                           "q", {.exclusive = true}, [](const Delivery&) {}, use_future)
                       .get();
  CHECK(channel.declare_queue("q", {}, use_future).get().consumer_count == 1);
  CHECK(error_code_of(third.delete_queue("q", If::unused, use_future)) == reply_error(406));
  auto fourth = connection.open_channel(use_future).get();
  CHECK(error_code_of(fourth.consume(
            "q", {}, [](const Delivery&) {}, use_future))
        == reply_error(403));  // it is consumed exclusively
  channel.cancel(tag, use_future).get();
  channel.delete_queue("q", If::unused, use_future).get();
}

TEST_CASE("deliveries are acked one by one or all before, and refused ones are dropped or come again") {
  tests::BrokerUnderTest broker;
  Connection connection{broker.url(any_encoding())};
  auto channel = connection.open_channel(use_future).get();
  channel.declare_queue("q", {}, use_future).get();
  const auto got = [&](bool no_ack = false) { return channel.get("q", no_ack, use_future).get(); };
  const auto takes = [&](int count) {
    for (int i = 0; i < count; ++i) channel.publish({.routing_key = "q"}, {.body = std::to_string(i)});
    std::vector<std::uint64_t> tags;
    for (int i = 0; i < count; ++i) tags.push_back(got()->delivery_tag);
    return tags;
  };
  // What is still unacked comes back when its channel closes; how many that is.
  const auto left = [&] {
    channel.close(use_future).get();
    channel = connection.open_channel(use_future).get();
    return channel.purge_queue("q", use_future).get();
  };
  SECTION("acked") {
    const auto tags = takes(4);
    channel.ack(tags[3]);
    CHECK(left() == 3);
  }
  SECTION("acked up to one") {
    const auto tags = takes(4);
    channel.ack(tags[2], Upto::all_before);
    CHECK(left() == 1);
  }
  SECTION("refused") {
    const auto tags = takes(4);
    channel.nack(tags[3], Requeue::no);
    channel.reject(tags[2], Requeue::no);
    CHECK(left() == 2);
  }
  SECTION("refused up to one") {
    const auto tags = takes(4);
    channel.nack(tags[1], Requeue::no, Upto::all_before);
    CHECK(left() == 2);
  }
  SECTION("given back") {
    const auto tags = takes(2);
    channel.nack(tags[0], Requeue::yes);
    const auto again = got();
    REQUIRE(again);
    CHECK(again->redelivered);
    CHECK(again->message.body == "0");
    channel.reject(tags[1], Requeue::yes);
    CHECK(got()->message.body == "1");
    CHECK_FALSE(got());
  }
  SECTION("without acks") {
    channel.publish({.routing_key = "q"}, {.body = "m"});
    CHECK(got(true));
    channel.publish({.routing_key = "q"}, {.body = "m"});
    std::promise<void> delivered;
    channel
        .consume(
            "q", {.no_ack = true}, [&](const Delivery&) { delivered.set_value(); }, use_future)
        .get();
    delivered.get_future().get();
    CHECK(left() == 0);
  }
}

TEST_CASE("no operation takes a name that is too long") {
  tests::BrokerUnderTest broker;
  Connection connection{broker.url(any_encoding())};
  auto channel = connection.open_channel(use_future).get();
  const std::string longest(255, 'n'), name = longest + 'n';
  const auto is_too_long = [](auto future) { return error_code_of(std::move(future)) == Error::name_too_long; };
  CHECK(is_too_long(channel.delete_queue(name, If::any, use_future)));
  CHECK(is_too_long(channel.purge_queue(name, use_future)));
  CHECK(is_too_long(channel.get(name, true, use_future)));
  CHECK(is_too_long(channel.cancel(name, use_future)));
  CHECK(is_too_long(channel.declare_exchange(name, "fanout", {}, use_future)));
  CHECK(is_too_long(channel.declare_exchange("x", name, {}, use_future)));
  CHECK(is_too_long(channel.delete_exchange(name, If::any, use_future)));
  CHECK(is_too_long(channel.publish({.exchange = name}, {}, use_future)));
  CHECK(is_too_long(channel.consume(
      "q", {.consumer_tag = name}, [](const Delivery&) {}, use_future)));
  for (const Binding& binding : {Binding{.source = name}, Binding{.destination = name}, Binding{.routing_key = name}}) {
    CHECK(is_too_long(channel.bind_queue(binding, use_future)));
    CHECK(is_too_long(channel.unbind_queue(binding, use_future)));
    CHECK(is_too_long(channel.bind_exchange(binding, use_future)));
    CHECK(is_too_long(channel.unbind_exchange(binding, use_future)));
  }
  CHECK(channel.declare_queue(longest, {}, use_future).get().name == longest);
}

TEST_CASE("a connection may be replaced by another one, and closes then") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  Connection connection{url, {.name = "first"}};
  auto old = connection.open_channel(use_future).get();
  connection = Connection{url, {.name = "second"}};
  CHECK(error_code_of(old.declare_queue("q", {}, use_future)) == Error::closed);
  auto channel = connection.open_channel(use_future).get();
  auto& same = connection;
  connection = std::move(same);
  CHECK(channel.declare_queue("q", {}, use_future).get().name == "q");
  Connection moved{std::move(connection)};
  CHECK(moved.open_channel(use_future).get().declare_queue("q", {}, use_future).get().name == "q");
}

TEST_CASE("a connection that does not open says why") {
  tests::BrokerUnderTest broker;
  const std::string scheme = any_encoding() == protocol::Encoding::amqp ? "amqp" : "amqp+json";
  const auto why = [](const std::string& url) -> std::string {
    try {
      Connection connection{url};
    } catch (const std::system_error& error) {
      return error.what();
    }
    return "it opened";
  };
  using Catch::Contains;
  CHECK_THAT(why(scheme + "://nobody:secret@" + broker.address()), Contains("ACCESS_REFUSED") && !Contains("secret"));
  CHECK_THAT(why(scheme + "://" + broker.address() + "/nowhere"), Contains("nowhere") && Contains("530"));
  CHECK_THAT(why("http://" + broker.address()), Contains("the scheme is amqp://"));
}

TEST_CASE("a connection may run on the caller's executor, without a thread") {
  tests::BrokerUnderTest broker;
  asio::io_context io;
  Connection connection{io.get_executor(), broker.url(any_encoding())};
  Channel channel;
  std::string story;
  connection.async_open([&](std::error_code error) {
    REQUIRE_FALSE(error);
    connection.open_channel([&](std::error_code failed, Channel opened) {
      REQUIRE_FALSE(failed);
      channel = std::move(opened);
      channel.declare_queue("", {.exclusive = true}, [&](std::error_code refused, const QueueInfo& queue) {
        REQUIRE_FALSE(refused);
        story = queue.name;
        connection.close([](std::error_code) {});
      });
    });
  });
  io.run();
  CHECK_FALSE(story.empty());
}

TEST_CASE("a refused connection is a system's error") {
  asio::io_context io;
  asio::ip::tcp::acceptor unused{io, {asio::ip::address_v4::loopback(), 0}};
  const auto port = unused.local_endpoint().port();
  unused.close();
  Connection connection{io.get_executor(), "amqp://127.0.0.1:" + std::to_string(port)};
  std::error_code error;
  connection.async_open([&](std::error_code refused) { error = refused; });
  io.run();
  CHECK(error == std::errc::connection_refused);
}

TEST_CASE("a broker that accepts and says nothing is given up in the time given") {
  asio::io_context io;
  asio::ip::tcp::acceptor silent{io, {asio::ip::address_v4::loopback(), 0}};
  const auto port = std::to_string(silent.local_endpoint().port());
  const std::string scheme = any_encoding() == protocol::Encoding::amqp ? "amqp" : "amqp+json";
  Connection connection{io.get_executor(), scheme + "://127.0.0.1:" + port + "/?connection_timeout=20"};
  std::error_code error;
  connection.async_open([&](std::error_code late) {
    error = late;
    silent.close();  // resets the connection, so that nothing waits for a farewell
  });
  io.run();
  CHECK(error == Error::timed_out);
}

TEST_CASE("whatever waits completes when the connection goes, and its own thread may let it go") {
  tests::BrokerUnderTest broker;
  std::promise<std::error_code> cut;
  {
    Connection connection{broker.url(any_encoding())};
    auto channel = connection.open_channel(use_future).get();
    auto tag = channel
                   .consume(
                       channel.declare_queue("", {.exclusive = true}, use_future).get().name, {},
                       [](const Delivery&) {}, use_future)
                   .get();
    channel.close([](std::error_code) {});
    channel.cancel(tag, [&](std::error_code error) { cut.set_value(error); });
  }
  CHECK(cut.get_future().get() == Error::closed);

  auto owned = std::make_shared<Connection>(broker.url(any_encoding()));
  std::promise<void> gone;
  auto& connection = *owned;
  connection.open_channel([owned = std::move(owned), &gone](std::error_code, Channel) mutable {
    owned.reset();
    gone.set_value();
  });
  gone.get_future().get();
}

TEST_CASE("a channel may outlive its connection, and fails") {
  tests::BrokerUnderTest broker;
  Channel channel;
  {
    Connection connection{broker.url(any_encoding())};
    channel = connection.open_channel(use_future).get();
  }
  CHECK(error_code_of(channel.declare_queue("q", {}, use_future)) == Error::closed);
  CHECK(channel.close_reason().error == Error::closed);
}

TEST_CASE("a broker that goes takes its connections along", "[own broker]") {
  std::optional<broker::Embedded> broker{std::in_place};
  Connection connection{broker->url(any_encoding())};
  auto channel = connection.open_channel(use_future).get();
  channel.declare_queue("q", {}, use_future).get();
  broker.reset();
  const auto error = error_code_of(channel.get("q", true, use_future));
  CHECK((error == Error::connection_lost || error == reply_error(320)));
}

TEST_CASE("many threads use one channel") {
  tests::BrokerUnderTest broker;
  Connection connection{broker.url(any_encoding())};
  auto channel = connection.open_channel(use_future).get();
  channel.declare_queue("q", {}, use_future).get();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 100; ++n)
        channel.publish({.routing_key = "q"}, {.body = std::to_string(n)}, use_future).get();
    });
  for (auto& thread : threads) thread.join();
  CHECK(channel.purge_queue("q", use_future).get() == 400);
}

}  // namespace
}  // namespace pocketmq::client
