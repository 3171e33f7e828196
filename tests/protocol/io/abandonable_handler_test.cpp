// Handlers that are run, and handlers that are destroyed without being run.
#include "protocol/io/abandonable_handler.hpp"

#include <memory>
#include <string>
#include <utility>

#include "tests/support/catch.hpp"

namespace pocketmq::protocol {
namespace {

struct HandlerOwner {
  explicit HandlerOwner(std::string& tells) : story{tells} {}
  HandlerOwner(const HandlerOwner&) = delete;
  HandlerOwner& operator=(const HandlerOwner&) = delete;
  ~HandlerOwner() { story += " gone"; }

  void run() { story += " ran"; }
  void abandoned() { story += " abandoned"; }

  std::string& story;
};

using OwnersHandler = AbandonableHandler<HandlerOwner, &HandlerOwner::run, &HandlerOwner::abandoned>;

}  // namespace

TEST_CASE("a handler that is run keeps its owner until then") {
  std::string story;
  auto owner = std::make_shared<HandlerOwner>(story);
  OwnersHandler handler{std::exchange(owner, nullptr)};
  CHECK(story.empty());
  handler();
  CHECK(story == " ran gone");
}

TEST_CASE("a handler that is not run is abandoned once, however often it was moved") {
  std::string story;
  {
    OwnersHandler handler{std::make_shared<HandlerOwner>(story)};
    const OwnersHandler other{std::move(handler)};
    CHECK(story.empty());
  }
  CHECK(story == " abandoned gone");
}

}  // namespace pocketmq::protocol
