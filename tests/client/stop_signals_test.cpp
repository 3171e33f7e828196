#include "client/stop_signals.hpp"

#include <csignal>
#include <future>

#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

bool does_the_default(int signal) {
  struct ::sigaction action {};
  REQUIRE(::sigaction(signal, nullptr, &action) == 0);
  return action.sa_handler == SIG_DFL;
}

}  // namespace

TEST_CASE("the first signal requests a stop and the next does what it does by default") {
  const client::StopSignals signals{SIGUSR1, SIGUSR2};
  std::promise<void> stopped;
  const std::stop_callback stop{signals.token(), [&] { stopped.set_value(); }};
  CHECK(signals.received() == 0);
  CHECK(signals.exit_status() == 0);
  CHECK(!does_the_default(SIGUSR1));

  std::raise(SIGUSR2);
  stopped.get_future().wait();
  CHECK(signals.received() == SIGUSR2);
  CHECK(signals.exit_status() == 128 + SIGUSR2);
  CHECK(does_the_default(SIGUSR1));
  CHECK(does_the_default(SIGUSR2));
}

TEST_CASE("signals do what they do by default once nobody waits for them") {
  { const client::StopSignals signals{SIGUSR1}; }
  CHECK(does_the_default(SIGUSR1));
}

}  // namespace pocketmq::tests
