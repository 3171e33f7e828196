#include "broker/routing/binding_table.hpp"

#include "broker/core/context.hpp"
#include "broker/routing/headers_exchange.hpp"
#include "broker/routing/topic_exchange.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

struct TableOfBindings {
  // How many steps the work takes.
  std::int64_t steps_of(auto&& work) {
    context.budget().grant(0);
    work(bindings);
    return -context.budget().left();
  }

  broker::Context context{{}, nullptr};
  broker::TopicExchange topics{{.name = "topics", .type = "topic"}};
  broker::HeadersExchange headers{{.name = "headers", .type = "headers"}};
  broker::BindingTable bindings{context};
};

protocol::FieldTableWriter many_arguments() {
  protocol::FieldTableWriter arguments;
  for (int i = 0; i < 5'000; ++i) arguments.int32("k" + std::to_string(i), i);
  return arguments;
}

}  // namespace

TEST_CASE("a binding with many arguments is looked for, made and removed at the budget's cost") {
  TableOfBindings table;
  const auto written = many_arguments();
  const auto arguments = written.table();
  CHECK(table.steps_of([&](auto& bindings) {
    CHECK(bindings.find(table.headers, table.topics, "", arguments) == nullptr);
  }) > 50'000);
  CHECK(table.steps_of([&](auto& bindings) { bindings.add(table.headers, table.topics, "", arguments); }) > 50'000);
  auto* made = table.bindings.find(table.headers, table.topics, "", arguments);
  REQUIRE(made != nullptr);
  CHECK(table.steps_of([&](auto& bindings) { CHECK(bindings.remove(*made) == nullptr); }) > 50'000);
}

TEST_CASE("a binding with a pattern of many words is made and removed at the budget's cost") {
  TableOfBindings table;
  std::string words = "a";
  while (words.size() < 250) words += ".a";
  CHECK(table.steps_of([&](auto& bindings) { bindings.add(table.topics, table.headers, words, {}); }) > 1'000);
  auto* made = table.bindings.find(table.topics, table.headers, words, {});
  REQUIRE(made != nullptr);
  CHECK(table.steps_of([&](auto& bindings) { CHECK(bindings.remove(*made) == nullptr); }) > 1'000);
}

}  // namespace pocketmq::tests
