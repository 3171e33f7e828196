#include "broker/channel/channel.hpp"

#include <utility>
#include <vector>

namespace pocketmq::broker {

namespace basic = protocol::basic;
namespace tx = protocol::tx;

Channel::Channel(ChannelHost& connection, Context& context, std::uint16_t number)
    : counted_{context.quotas().channels}, scope_{connection, context, number} {}

Channel::~Channel() {
  std::vector<Consumers> consumers;
  consumers.push_back(stop_consuming());
  if (!consumers.back().empty()) scope_.virtual_host().delete_consumers_and_queues(std::move(consumers), {}, nullptr);
  publisher_.finish_without_channel();
  transactions_.end_without_channel();
  deliveries_.requeue_unacked();
}

Consumers Channel::stop_consuming() {
  replies_.stop();
  return consumers_.stop();
}

bool Channel::may_free_memory() const {
  const auto* transaction = scope_.transaction();
  return deliveries_.size() > 0 || deliveries_.is_settling() || (transaction != nullptr && !transaction->is_empty());
}

void Channel::add_to(Holdings& holdings) const {
  consumers_.add_to(holdings);
  replies_.add_to(holdings);
  deliveries_.add_to(holdings);
  if (const auto* transaction = scope_.transaction()) holdings.uncommitted += transaction->publication_count();
}

bool Channel::go_on_with_work() {
  if (!publisher_.go_on()) return false;
  if (deliveries_.is_settling() && !deliveries_.go_on_settling()) return false;
  if (!transactions_.go_on()) return false;
  consumers_.on_prefetch_released();
  return true;
}

void Channel::settle(Outcome outcome, std::uint64_t tag, bool multiple) {
  if (!deliveries_.settle(outcome, tag, multiple)) return scope_.begin_work();
  consumers_.on_prefetch_released();
}

// The deliveries are settled one by one. So those that come back are delivered again only when all others are settled.
void Channel::ack_all_but(const basic::Ack& m, const std::set<std::uint64_t>& lost) {
  std::set<std::uint64_t> acked;
  std::set<std::uint64_t> requeued;
  deliveries_.for_each([&](const Unacked& delivery) {
    const bool is_meant =
        m.multiple ? m.delivery_tag == 0 || delivery.tag <= m.delivery_tag : delivery.tag == m.delivery_tag;
    if (is_meant) (lost.contains(delivery.tag) ? requeued : acked).insert(delivery.tag);
    return true;
  });
  if (requeued.empty()) return settle(Outcome::acked, m.delivery_tag, m.multiple);
  for (const auto tag : acked) (void)deliveries_.settle(Outcome::acked, tag, false);
  for (const auto tag : requeued) deliveries_.lose_ack(tag);
  consumers_.on_prefetch_released();
}

void Channel::handle(const basic::Recover& m) {
  if (m.requeue) scope_.reply(m, basic::RecoverOk{});
  recover(m.requeue);
}

void Channel::recover(bool requeue) {
  if (!requeue) throw ConnectionError{ReplyCode::not_implemented, "requeue=false"};
  deliveries_.requeue_all();
  consumers_.on_prefetch_released();
}

void Channel::handle(const tx::Commit&) {
  if (!transactions_.commit()) return scope_.begin_work();
  consumers_.on_prefetch_released();
}

void Channel::handle(const tx::Rollback&) {
  if (!transactions_.roll_back()) scope_.begin_work();
}

// A relic of AMQP 0-9 that every broker grants. The ticket is ignored.
void Channel::handle(const protocol::access::Request& m) { scope_.reply(m, protocol::access::RequestOk{.ticket = 1}); }

void Channel::handle(const protocol::channel::Flow& m) {
  if (!m.active) throw ConnectionError{ReplyCode::not_implemented, "active=false"};
  scope_.context().journal().tell(event::ChannelFlow{
      .connection = scope_.actor().connection, .channel = scope_.number(), .by = event::By::client, .active = true});
  scope_.reply(m, protocol::channel::FlowOk{.active = true});
}

void Channel::refuse_as_not_a_clients() { throw ConnectionError{ReplyCode::command_invalid, "unimplemented method"}; }

}  // namespace pocketmq::broker
