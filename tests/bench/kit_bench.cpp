// How fast a test begins: a broker in this process, a scope, a publish over a socket, and the first assertion; then
// scopes in a broker that is there, and very many brokers at once.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <string>
#include <vector>

#include <asio/use_future.hpp>

#include "client/connection.hpp"
#include "tests/kit/broker.hpp"

namespace {

using namespace pocketmq;
using Clock = std::chrono::steady_clock;
using Millis = std::chrono::duration<double, std::milli>;

constexpr std::size_t first_assertions = 200;
constexpr std::size_t scopes = 1'000;
constexpr std::size_t brokers = 200;

double since(Clock::time_point begin) { return Millis{Clock::now() - begin}.count(); }

void print(const char* what, std::vector<double> millis) {
  std::ranges::sort(millis);
  std::printf("%-58s p50 %7.2f ms   p99 %7.2f ms\n", what, millis[millis.size() / 2], millis[millis.size() * 99 / 100]);
}

// Declares, publishes, consumes and acks over a socket, and waits until the broker's account is empty.
void use(testkit::Scope& scope) {
  client::Connection connection{scope.url()};
  auto channel = connection.open_channel(asio::use_future).get();
  (void)channel.declare_queue("q", {}, asio::use_future).get();
  channel.publish({.routing_key = "q"}, {.body = "m"});
  (void)channel
      .consume(
          "q", {}, [&](client::Delivery delivery) { channel.ack(delivery.delivery_tag); }, asio::use_future)
      .get();
  scope.await(testkit::drained());
}

}  // namespace

int main() {
  std::vector<double> first;
  std::vector<double> scoped;
  for (std::size_t i = 0; i < first_assertions; ++i) {
    const auto begin = Clock::now();
    testkit::Broker broker;
    auto scope = broker.scope("first");
    use(scope);
    first.push_back(since(begin));
  }
  print("broker, scope, publish, consume, await", first);

  testkit::Broker broker;
  for (std::size_t i = 0; i < first_assertions; ++i) {
    const auto begin = Clock::now();
    auto scope = broker.scope("next");
    use(scope);
    scoped.push_back(since(begin));
    scope.close();
  }
  print("scope, publish, consume, await", scoped);

  const auto scopes_begin = Clock::now();
  for (std::size_t i = 0; i < scopes; ++i) broker.scope("empty").close();
  std::printf("%zu scopes, made and ended one after the other: %.0f ms\n", scopes, since(scopes_begin));

  const auto brokers_begin = Clock::now();
  std::deque<testkit::Broker> many;
  for (std::size_t i = 0; i < brokers; ++i) many.emplace_back();
  std::printf("%zu brokers at once in this process: %.0f ms\n", brokers, since(brokers_begin));
}
