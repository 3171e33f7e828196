// What a channel publishes.

#include <charconv>

#include "broker/core/time_max.hpp"
#include "broker/message/copies.hpp"
#include "broker/session/channel.hpp"
#include "protocol/vocabulary/property_sizes.hpp"

namespace pocketmq::broker {
namespace {

namespace basic = protocol::basic;
using protocol::BasicProperties;

// The publisher's `expiration`: whole milliseconds in decimal digits, as RabbitMQ reads them.
std::chrono::milliseconds parse_expiration(std::string_view text) {
  const auto* begin = text.data();
  const auto* end = begin + text.size();
  if (text.starts_with('+')) ++begin;
  std::int64_t milliseconds = 0;
  const auto [stopped, error] = std::from_chars(begin, end, milliseconds);
  if (error != std::errc{} || stopped != end || milliseconds < 0 || milliseconds > time_max.count())
    throw ChannelError{
        ReplyCode::precondition_failed,
        "invalid expiration '" + std::string{text}
            + "': write the message's time to live in whole milliseconds, such as '60000', up to ten years"};
  return std::chrono::milliseconds{milliseconds};
}

void check_size(protocol::Properties properties, const protocol::Limits& limits) {
  const auto size = properties.encoded().size();
  if (const auto max = protocol::published_properties_max_bytes(limits); size > max)
    throw ChannelError{ReplyCode::precondition_failed,
                       "message properties of " + std::to_string(size) + " bytes are larger than the "
                           + std::to_string(max)
                           + " that every consumer can be sent; put into the body what is large in the headers"};
}

void check_delivery_mode(protocol::Properties properties) {
  const auto mode = properties.find<&BasicProperties::delivery_mode>();
  if (mode && *mode != 1 && *mode != 2)
    throw ChannelError{ReplyCode::precondition_failed, "invalid message: delivery_mode is " + std::to_string(*mode)
                                                           + "; 1 (transient) and 2 (persistent) exist"};
}

ConnectionError lack_of_memory(const Memory& memory, const std::string& why) {
  return {ReplyCode::resource_error, "the broker holds " + std::to_string(memory.used()) + " bytes, " + why + " the "
                                         + std::to_string(memory.hard_mark())
                                         + " it may; publish again when queues are shorter"};
}

ConnectionError exhaustion(const Memory& memory) { return lack_of_memory(memory, "more than"); }

// Whoever gets so far while memory is scarce may free some, but is not to go far beyond the hard mark: by a sixteenth
// of the mark at most.
void require_memory_for(std::string_view body, const Memory& memory) {
  if (!memory.is_scarce()) return;
  if (memory.is_exhausted()) throw exhaustion(memory);
  if (body.size() > memory.hard_mark() - memory.used() + memory.mark() / 16)
    throw lack_of_memory(memory, "and with the " + std::to_string(body.size()) + " of this message more than");
}

// What the properties say of blind copies is not for those who get the message.
Message make_message(const basic::Publish& m, protocol::Content&& content,
                     std::optional<std::chrono::milliseconds> time_to_live,
                     const std::optional<protocol::FieldValue>& blind_copies) {
  if (!blind_copies) return {m.exchange, m.routing_key, content, time_to_live};
  const auto visible = without_blind_copies(content.properties);
  content.properties = protocol::Properties{visible};
  return {m.exchange, m.routing_key, content, time_to_live, blind_copies->bytes};
}

// Queues that were found for a message and do not get it. To let go of very many takes long.
class Spared final : public Backlog::Item {
 public:
  Spared(Context& context, std::vector<protocol::Ref<Queue>> queues, WidePublishes::Share share)
      : Item{context.backlog()}, queues_{std::move(queues)}, share_{std::move(share)} {}

  bool go_on() override {
    for (; !queues_.empty(); queues_.pop_back()) {
      if (budget().is_used_up()) return false;
      budget().use(steps::for_a_binding);
    }
    return true;
  }

 private:
  std::vector<protocol::Ref<Queue>> queues_;
  const WidePublishes::Share share_;
};

void spare_queues(Routing& routing, Context& context) {
  context.backlog().carry_out(std::make_unique<Spared>(context, routing.take_queues(), routing.take_share()));
}

// A publish that takes more than a slice and whose channel has ended.
class LatePublish final : public Backlog::Item, private Publisher {
 public:
  LatePublish(Context& context, std::unique_ptr<Routing> routing, std::unique_ptr<FanOut> fan_out)
      : Item{context.backlog()}, context_{context}, routing_{std::move(routing)}, fan_out_{std::move(fan_out)} {}

  bool go_on() override {
    if (routing_) {
      if (!routing_->go_on()) return false;
      const auto routing = std::move(routing_);
      if (context_.memory().is_exhausted()) {
        context_.tell(&Observer::on_dropped, routing->message());
        spare_queues(*routing, context_);
        return true;
      }
      auto queues = routing->take_queues();
      context_.tell(&Observer::on_routed, routing->message(), queues.size());
      if (queues.empty()) context_.tell(&Observer::on_dropped, routing->message());
      fan_out_ = std::make_unique<FanOut>(routing->message(), 0, std::move(queues), routing->take_share());
    }
    return fan_out_->go_on(*this, budget());
  }

 private:
  void accepted(std::uint64_t) override {}
  void refused(std::uint64_t) override {}

  Context& context_;
  std::unique_ptr<Routing> routing_;
  std::unique_ptr<FanOut> fan_out_;
};

}  // namespace

// What belongs to a transaction that is not committed is given up.
void Channel::leave_work_to_itself() {
  if ((routing_ || fan_out_) && !transaction_)
    context_.backlog().keep(std::make_unique<LatePublish>(context_, std::move(routing_), std::move(fan_out_)));
  if (!commit_) return;
  commit_->leave_to_itself();
  context_.backlog().keep(std::move(commit_));
}

void Channel::check_user_id(protocol::Properties properties) const {
  const auto id = properties.find<&BasicProperties::user_id>();
  if (id && *id != session_.user().name && !session_.user().has_tag("impersonator"))
    throw ChannelError{
        ReplyCode::precondition_failed,
        "user_id property set to '" + std::string{*id} + "' but authenticated user was '" + session_.user().name + "'"};
}

void Channel::handle(const basic::Publish& m, protocol::Content& content) {
  if (m.immediate) throw ConnectionError{ReplyCode::not_implemented, "immediate=true"};
  if (content.refused_size_bytes > 0)
    throw ChannelError{ReplyCode::precondition_failed, "message size " + std::to_string(content.refused_size_bytes)
                                                           + " is larger than configured max size "
                                                           + std::to_string(context_.options().limits.body_max_bytes)};
  require_memory_for(content.body, context_.memory());
  require_exchange_permission(Permission::write, m.exchange);
  auto& to = virtual_host().require_exchange(m.exchange);
  if (to.declaration().internal)
    throw ChannelError{ReplyCode::access_refused,
                       "cannot publish to internal " + virtual_host().describe_exchange(m.exchange)};
  std::string addressed;  // the properties, where the broker has to rewrite them
  if (content.properties.find<&BasicProperties::reply_to>() == direct_reply_queue) {
    addressed = address_replies(content.properties);
    content.properties = protocol::Properties{addressed};
  }
  check_size(content.properties, context_.options().limits);
  check_user_id(content.properties);
  std::optional<std::chrono::milliseconds> time_to_live;
  if (const auto expiration = content.properties.find<&BasicProperties::expiration>())
    time_to_live = parse_expiration(*expiration);
  const auto blind_copies = find_blind_copies(content.properties);
  check_delivery_mode(content.properties);
  if (m.exchange.empty()) refuse_forged(m.routing_key);

  auto message = make_message(m, std::move(content), time_to_live, blind_copies);
  context_.tell(&Observer::on_published, message);
  // Most messages go to one queue by its name, and there is nothing to search for.
  if (auto* queue = transaction_ ? nullptr : virtual_host().find_only_queue(to, message)) {
    context_.tell(&Observer::on_routed, message, std::size_t{1});
    const auto publish = confirms_ ? confirms_->expect(1) : 0;
    return queue->enqueue(std::move(message), *this, publish);
  }
  const auto& routing = virtual_host().route(to, message);
  if (!routing.is_finished()) {
    routing_ = virtual_host().keep_route();
    routes_mandatory_ = m.mandatory;
    return begin_work();
  }
  const auto& queues = routing.queues();
  if (transaction_) return add_to_transaction(message, {queues.begin(), queues.end()}, m.mandatory);
  announce(message, queues.size(), m.mandatory);
  const auto publish = confirms_ ? confirms_->expect(queues.size()) : 0;
  fan_out_ = FanOut::begin(message, publish, queues, *this, context_);
  if (fan_out_) return begin_work();
  if (queues.empty()) tell_of_confirms();
}

void Channel::finish_routing() {
  const auto routing = std::move(routing_);
  const auto& message = routing->message();
  if (context_.memory().is_exhausted()) {  // others have taken it since the publish came
    const auto why = exhaustion(context_.memory());
    context_.tell(&Observer::on_dropped, message);
    spare_queues(*routing, context_);
    throw why;
  }
  auto queues = routing->take_queues();
  if (transaction_) return add_to_transaction(message, std::move(queues), routes_mandatory_);
  announce(message, queues.size(), routes_mandatory_);
  const auto publish = confirms_ ? confirms_->expect(queues.size()) : 0;
  if (queues.empty()) return tell_of_confirms();
  fan_out_ = std::make_unique<FanOut>(message, publish, std::move(queues), routing->take_share());
}

void Channel::add_to_transaction(const Message& message, std::vector<protocol::Ref<Queue>> queues, bool mandatory) {
  auto& memory = context_.memory();
  message.charge_to(memory);
  context_.budget().use(steps::for_a_binding * queues.size());
  const auto bytes = Message::place_bytes + queues.size() * sizeof(protocol::Ref<Queue>);
  transaction_->add(
      {.message = message, .queues = std::move(queues), .mandatory = mandatory, .charge = {memory, bytes}});
}

// What is to be said of it, before it goes to that many queues.
void Channel::announce(const Message& message, std::size_t queues, bool mandatory) {
  // A reply consumer is no queue: a mandatory reply is returned as well, as on RabbitMQ.
  const bool replied = message.exchange().empty() && deliver_reply(message);
  context_.tell(&Observer::on_routed, message, queues);
  if (queues == 0 && mandatory) return_to_publisher(message);
  if (queues == 0 && !mandatory && !replied) context_.tell(&Observer::on_dropped, message);
}

void Channel::return_to_publisher(const Message& message) {
  context_.tell(&Observer::on_returned, message);
  session_.send_answer({.channel = number_,
                        .method = basic::Return{.reply_code = number_of(ReplyCode::no_route),
                                                .reply_text = "NO_ROUTE",
                                                .exchange = message.exchange(),
                                                .routing_key = message.routing_key()},
                        .content = message.content()});
}

// ---- what the queues say

void Channel::handle(const protocol::confirm::Select& m) {
  if (transaction_) throw ChannelError{ReplyCode::precondition_failed, "cannot switch from tx to confirm mode"};
  if (!confirms_) confirms_ = std::make_unique<Confirms>();
  reply(m, protocol::confirm::SelectOk{});
}

void Channel::accepted(std::uint64_t publish) {
  if (confirms_) confirms_->accepted(publish);
  tell_of_confirms();
}

void Channel::refused(std::uint64_t publish) {
  if (confirms_) confirms_->refused(publish);
  tell_of_confirms();
}

void Channel::tell_of_confirms() {
  if (confirms_ && confirms_->has_news()) session_.report_confirms_of(*this);
}

void Channel::report_confirms() {
  if (confirms_) confirms_->report([this](const protocol::Method& confirm) { send(confirm); });
}

}  // namespace pocketmq::broker
