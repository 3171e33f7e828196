#include "broker/core/context.hpp"

#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

TEST_CASE("the names that a broker invents follow from its seed, if it has one, and else from nothing") {
  const auto name = [](std::optional<std::uint64_t> seed) {
    broker::Context context{{.seed = seed}, nullptr};
    return context.unique_name("amq.gen-");
  };
  CHECK(name(1) == name(1));
  CHECK(name(1) != name(2));
  CHECK(name(0) == name(0));
  CHECK(name(std::nullopt) != name(std::nullopt));
  CHECK(name(std::nullopt).size() == std::string_view{"amq.gen-JzTY20BRgKO-HjmUJj0wLg"}.size());
}

}  // namespace
}  // namespace pocketmq::tests
