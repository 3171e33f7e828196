#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#include <pocketmq/testkit/world.hpp>

#include "orders.hpp"

using namespace std::chrono_literals;
using pocketmq::testkit::World;

TEST_CASE("an order is placed if the stock has enough") {
  World world;
  auto& stock = world.server();
  serve_stock(stock);
  stock.start();
  Orders orders{world.client()};
  CHECK(orders.place("pens", 10));
  CHECK_FALSE(orders.place("pens", 11));
}

TEST_CASE("an order is refused after five seconds if the stock does not answer") {
  World world;
  auto& stock = world.server();
  stock.serve("stock.left", [&](const std::string&) -> asio::awaitable<int> {
    co_await world.sleep(24h);
    co_return 10;
  });
  stock.start();
  Orders orders{world.client()};
  CHECK_FALSE(orders.place("pens", 1));
  CHECK(world.elapsed() == 5s);
}
