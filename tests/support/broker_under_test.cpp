#include "tests/support/broker_under_test.hpp"

#include <atomic>
#include <cstdlib>
#include <stdexcept>

#include "broker/embedded.hpp"
#include "protocol/url.hpp"

namespace pocketmq::tests {
namespace {

using protocol::Encoding;

std::string url_of_next() {
  static std::atomic<int> number{0};
  const auto* url = std::getenv("POCKETMQ_URL");
  return url == nullptr ? "" : url + std::to_string(++number);
}

}  // namespace

std::vector<Encoding> encodings_under_test() {
  if (std::getenv("POCKETMQ_URL") != nullptr) return {Encoding::amqp};
  return {Encoding::amqp, Encoding::json};
}

BrokerUnderTest::BrokerUnderTest() : url_{url_of_next()} {
  if (url_.empty()) embedded_ = std::make_unique<broker::Embedded>();
}

BrokerUnderTest::~BrokerUnderTest() = default;

std::string BrokerUnderTest::url(Encoding encoding) const {
  if (embedded_) return embedded_->url(encoding);
  if (encoding != Encoding::amqp) throw std::logic_error{"the broker that POCKETMQ_URL names speaks AMQP only"};
  return url_;
}

std::string BrokerUnderTest::address() const {
  const auto parsed = protocol::parse_url(url(Encoding::amqp)).url.value();
  return parsed.host + ":" + std::to_string(parsed.port);
}

}  // namespace pocketmq::tests
