#include "server/handler_threads.hpp"

#include <condition_variable>
#include <mutex>

#include <asio/post.hpp>

#include "tests/support/catch.hpp"

namespace pocketmq::server {
namespace {

TEST_CASE("there are as many threads as were asked for, and never more than allowed") {
  HandlerThreads threads{3};
  std::mutex mutex;
  std::condition_variable changed;
  int here = 0, most = 0;
  bool may_go = false;
  for (int i = 0; i < 10; ++i)
    asio::post(threads.executor(), [&] {
      std::unique_lock lock{mutex};
      most = std::max(most, ++here);
      changed.notify_all();
      changed.wait(lock, [&] { return may_go; });
      --here;
    });
  threads.grow_to(2);
  threads.grow_to(10);
  {
    std::unique_lock lock{mutex};
    changed.wait(lock, [&] { return here == 3; });
    may_go = true;
    changed.notify_all();
  }
  threads.join();
  CHECK(here == 0);
  CHECK(most == 3);
}

TEST_CASE("without a thread there is nothing to wait for") {
  HandlerThreads threads{3};
  threads.join();
  threads.join();
}

}  // namespace
}  // namespace pocketmq::server
