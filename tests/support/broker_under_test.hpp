// The broker that a test of the libraries uses: a broker in the test's process, or the broker that POCKETMQ_URL names,
// for example a RabbitMQ (`./run test rabbitmq`). Tests that look inside their broker or end it use a broker::Embedded,
// and have the tag [own broker].
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

/// The encodings that this broker speaks.
[[nodiscard]] std::vector<protocol::Encoding> encodings_under_test();

/// Each object has queues of its own. On the broker of POCKETMQ_URL each object uses a virtual host of its own: its URL
/// is POCKETMQ_URL followed by a number, 1, 2, ..., in the order in which the objects are made.
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
