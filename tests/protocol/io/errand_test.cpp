// Errands: what becomes of them where they are run, and where they are not.
#include "protocol/io/errand.hpp"

#include <memory>
#include <string>
#include <utility>

#include "tests/support/catch.hpp"

namespace pocketmq::protocol {
namespace {

struct Owner {
  explicit Owner(std::string& tells) : story{tells} {}
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  ~Owner() { story += " gone"; }

  void run() { story += " ran"; }
  void let_go() { story += " let go"; }

  std::string& story;
};

using Task = Errand<Owner, &Owner::run, &Owner::let_go>;

}  // namespace

TEST_CASE("an errand that is run keeps its owner until then") {
  std::string story;
  auto owner = std::make_shared<Owner>(story);
  Task task{std::exchange(owner, nullptr)};
  CHECK(story.empty());
  task();
  CHECK(story == " ran gone");
}

TEST_CASE("an errand that is not run is let go of once, however often it was handed on") {
  std::string story;
  {
    Task task{std::make_shared<Owner>(story)};
    const Task other{std::move(task)};
    CHECK(story.empty());
  }
  CHECK(story == " let go gone");
}

}  // namespace pocketmq::protocol
