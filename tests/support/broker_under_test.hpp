// The broker that a test of the libraries talks to: one in its own process, or the one that POCKETMQ_URL names, say a
// RabbitMQ (`./run test rabbitmq`). Tests that look inside their broker or end it take a broker::Embedded, and are
// tagged [own broker].
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "protocol/codec/codec.hpp"

namespace pocketmq::broker {
class Embedded;
}

namespace pocketmq::tests {

/// The encodings that it speaks.
[[nodiscard]] std::vector<protocol::Encoding> encodings_under_test();

/// Each has queues of its own. On the broker of POCKETMQ_URL each is a virtual host, whose name is what the URL ends
/// with and a number: 1, 2, ... in the order in which they are made.
class BrokerUnderTest {
 public:
  BrokerUnderTest();
  ~BrokerUnderTest();

  [[nodiscard]] std::string url(protocol::Encoding encoding) const;
  /// "127.0.0.1:49152"
  [[nodiscard]] std::string address() const;

 private:
  std::unique_ptr<broker::Embedded> embedded_;
  std::string url_;  // if it is not embedded
};

}  // namespace pocketmq::tests
