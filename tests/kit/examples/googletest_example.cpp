#include <gtest/gtest.h>
#include <pocketmq/testkit/world.hpp>

#include "orders.hpp"

using namespace std::chrono_literals;
using pocketmq::testkit::Failure;
using pocketmq::testkit::World;

TEST(Orders, SurviveALostConnectionOfTheStock) {
  World world;
  auto& stock = world.server();
  serve_stock(stock);
  stock.start();
  Orders orders{world.client()};
  world.lose(stock);
  EXPECT_TRUE(orders.place("pens", 1));
  EXPECT_LT(world.elapsed(), 1s);  // the pause before the stock connected again
}

TEST(Orders, ATestThatWaitsForNothingFailsAtOnceAndNamesTheSeed) {
  World world{7};
  try {
    world.run_until([] { return false; });
    FAIL() << "it waited";
  } catch (const Failure& failure) {
    EXPECT_NE(std::string{failure.what()}.find("seed 7, after 0s: nothing can happen any more"), std::string::npos);
  }
}
