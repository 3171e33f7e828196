#include "broker/queue/queue_settings.hpp"

#include "tests/support/catch.hpp"

namespace pocketmq::tests {

using namespace std::chrono_literals;
using broker::settings_from;
using Table = protocol::FieldTableWriter;

TEST_CASE("a queue without arguments has no limits") {
  const auto settings = settings_from({});
  CHECK(settings.type == broker::QueueType::classic);
  CHECK_FALSE((settings.message_ttl || settings.expires || settings.max_length || settings.max_length_bytes));
  CHECK_FALSE((settings.dead_letter_exchange || settings.dead_letter_routing_key || settings.delivery_limit));
  CHECK(settings.overflow == broker::Overflow::drop_head);
  CHECK(settings.max_priority == 0);
  CHECK_FALSE(settings.single_active_consumer);
}

TEST_CASE("each argument becomes a setting") {
  const auto arguments = Table{}
                             .int32("x-message-ttl", 100)
                             .int64("x-expires", 200)
                             .int32("x-max-length", 3)
                             .int32("x-max-length-bytes", 4)
                             .string("x-overflow", "reject-publish-dlx")
                             .string("x-dead-letter-exchange", "")
                             .string("x-dead-letter-routing-key", "key")
                             .int32("x-max-priority", 255)
                             .boolean("x-single-active-consumer", true)
                             .int32("x-consumer-timeout", 5);
  const auto settings = settings_from(arguments.table());
  CHECK(settings.message_ttl == 100ms);
  CHECK(settings.expires == 200ms);
  CHECK(settings.max_length == 3);
  CHECK(settings.max_length_bytes == 4);
  CHECK(settings.overflow == broker::Overflow::reject_publish_dlx);
  CHECK(settings.dead_letter_exchange == "");
  CHECK(settings.dead_letter_routing_key == "key");
  CHECK(settings.max_priority == 255);
  CHECK(settings.single_active_consumer);
  CHECK(settings.consumer_timeout == 5ms);
}

TEST_CASE("a quorum queue does not know reject-publish-dlx") {
  const auto arguments =
      Table{}.string("x-queue-type", "quorum").string("x-overflow", "reject-publish-dlx").int32("x-delivery-limit", 5);
  const auto settings = settings_from(arguments.table());
  CHECK(settings.type == broker::QueueType::quorum);
  CHECK(settings.overflow == broker::Overflow::drop_head);
  CHECK(settings.delivery_limit == 5);
}

TEST_CASE("of an argument and a policy the lesser number counts and the argument's text") {
  const auto arguments =
      Table{}.int32("x-message-ttl", 100).int32("x-max-length", 9).string("x-dead-letter-exchange", "argument");
  const auto policy = Table{}
                          .int32("message-ttl", 200)
                          .int32("max-length", 5)
                          .int32("expires", 300)
                          .string("dead-letter-exchange", "policy")
                          .string("dead-letter-routing-key", "key");
  const auto settings = settings_from(arguments.table(), policy.table());
  CHECK(settings.message_ttl == 100ms);
  CHECK(settings.max_length == 5);
  CHECK(settings.expires == 300ms);
  CHECK(settings.dead_letter_exchange == "argument");
  CHECK(settings.dead_letter_routing_key == "key");
}

}  // namespace pocketmq::tests
