// A scope: a virtual host of its own for one test. Broker::scope makes it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "broker/account/allowance.hpp"
#include "protocol/url.hpp"
#include "tests/kit/failure.hpp"
#include "tests/kit/matchers.hpp"

namespace pocketmq::testkit {

class TestedBroker;

/// A message that the test itself publishes.
struct Publication {
  std::string exchange{};
  std::string routing_key{};
  std::string body{};
  /// Properties and headers as JSON: {"correlation_id": "7", "headers": {"tier": "gold"}}.
  std::string properties{"{}"};
};

/// All calls may be made on any thread but the broker's. They throw Failure, with a sentence, for what cannot be done.
class Scope {
 public:
  Scope(std::shared_ptr<TestedBroker> broker, std::string id);
  Scope(Scope&&) noexcept = default;
  Scope& operator=(Scope&&) = delete;
  /// Removes the virtual host with all that is in it. Says nothing about what was left behind: call `close` before.
  ~Scope();

  /// The name of the virtual host, the user, and the user's password.
  [[nodiscard]] const std::string& id() const { return id_; }
  /// For the application: "amqp://retry-1:retry-1@127.0.0.1:49152/retry-1".
  [[nodiscard]] std::string url(protocol::Encoding encoding = protocol::Encoding::amqp) const;

  /// From now on that happens to these commands. Returns the rule's number. A rule that never fires is a finding of
  /// `close`.
  std::uint64_t fault(const CommandsMatcher& on, broker::fault::Action action);

  /// Returns when the condition holds. Throws Failure with a diagnosis if it does not within that time, or as soon as
  /// it no longer can.
  void await(const broker::Condition& condition, std::chrono::nanoseconds within = std::chrono::seconds{5});
  /// Throws Failure, with the messages that are nearest, unless exactly that many messages match now.
  void expect(const MessageMatcher& messages);

  /// Publishes a message without a client.
  void publish(const Publication& message);
  /// The way that a message would take, in words, with near misses.
  [[nodiscard]] std::string explain(std::string_view exchange, std::string_view routing_key);
  /// What was left behind so far, in words; empty if nothing was.
  [[nodiscard]] std::string report();

  /// Waits up to a second until the scope's connections have gone, and ends the scope. Throws Failure with the report
  /// if something was left behind. Does nothing if it is closed already.
  void close();

 private:
  std::shared_ptr<TestedBroker> broker_;  // null once it is closed or moved from
  std::string id_;
};

}  // namespace pocketmq::testkit
