#include "broker/channel/commit.hpp"

#include <utility>

#include "broker/vhost/virtual_host.hpp"

namespace pocketmq::broker {

Commit::Commit(Context& context, VirtualHost& virtual_host, Transaction::Content content, const Settler& by,
               Owner& owner)
    : Item{context.backlog()},
      context_{context},
      virtual_host_{virtual_host},
      owner_{&owner},
      left_{std::move(content)},
      by_{by},
      committed_{.connection = by.channel.connection,
                 .channel = by.channel.channel,
                 .publishes = left_.publications.size(),
                 .settlements = context.tells_messages() ? left_.settled_count() : 0} {}

bool Commit::go_on() {
  while (do_next())
    if (budget().is_used_up()) return false;
  return stage_ == Stage::settling && left_.settlements.empty();
}

// Does the next piece of work. Returns false if there is none, or if the piece is incomplete because the budget is used
// up.
bool Commit::do_next() {
  if (fan_out_) {
    if (!fan_out_->go_on(*this, budget())) return false;
    fan_out_.reset();
  } else if (routing_) {
    if (!routing_->go_on()) return false;
    const auto routing = std::move(routing_);
    found_ = routing->take_queues();
    current_->record = std::move(routing->record());
    hand_over(routing->take_share());
  } else if (current_ && !current_->queues.empty()) {
    find_queue(current_->queues.back());
    current_->queues.pop_back();
  } else if (current_) {
    hand_over(WidePublishes::Share{context_.wide_publishes()});
  } else if (!left_.publications.empty()) {
    auto next = std::move(left_.publications.front());
    left_.publications.pop_front();
    begin(std::move(next));
  } else if (stage_ == Stage::publishing) {
    end_publishing();
  } else if (!left_.settlements.empty()) {
    settle_next();
  } else {
    return false;
  }
  return true;
}

void Commit::begin(Transaction::Publication publication) {
  current_ = std::move(publication);
  budget().use(steps::for_a_command);
  if (!current_->message.exchange().empty()) return;
  auto& routing = virtual_host_.route(virtual_host_.require_exchange(""), current_->message);
  if (!routing.is_finished()) {
    routing_ = virtual_host_.keep_route();
    return;
  }
  announce(RoutedTo::of(routing.queues(), context_), routing.record());
  fan_out_ = FanOut::begin(current_->message, 0, routing.queues(), *this, context_);
  current_.reset();
}

void Commit::find_queue(const protocol::Ref<Queue>& published_to) {
  budget().use(steps::for_a_routing_key);
  if (auto* there = virtual_host_.find_queue(published_to->name())) found_.emplace_back(there);
}

void Commit::hand_over(WidePublishes::Share share) {
  announce(RoutedTo::of(found_, context_), current_->record);
  fan_out_ = std::make_unique<FanOut>(std::move(current_->message), 0, std::exchange(found_, {}), std::move(share));
  current_.reset();
}

void Commit::announce(const RoutedTo& to, const RouteRecord& record) {
  awaited_ += to.count;
  const auto& message = current_->message;
  if (owner_ != nullptr) return owner_->on_committed(message, to, record, current_->mandatory);
  tell_route(context_, virtual_host_.name(), message, to, record);
  if (to.count == 0) drop_at_publish(context_, virtual_host_.name(), message, event::Dropped::unroutable);
}

// The client gets tx.commit-ok before the deliveries for which the settlements make room.
void Commit::end_publishing() {
  stage_ = Stage::settling;
  left_.prefetch_used = 0;
  committed_.complete = !has_failed_;
  context_.journal().tell(committed_);
  if (awaited_ == 0 && !has_failed_ && owner_ != nullptr) owner_->on_all_taken();
}

void Commit::settle_next() {
  auto next = std::move(left_.settlements.front());
  left_.settlements.pop_front();
  budget().use(steps::for_a_settlement);
  virtual_host_.settlements().carry_out(next.outcome, std::move(next.deliveries), by_);
}

void Commit::accepted(std::uint64_t) { --awaited_; }

void Commit::refused(std::uint64_t) {
  --awaited_;
  has_failed_ = true;
}

}  // namespace pocketmq::broker
