#include "server/procedure_core.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "client/values/rpc_wire.hpp"

namespace pocketmq::server {

using namespace protocol;
using client::Payload;
using client::RpcCode;
using client::RpcError;

namespace {

// At this interval the server checks whether the callers of long requests still exist. A request is long if it was
// running at the last check.
constexpr std::chrono::seconds caller_check_interval{2};

// RabbitMQ returns each mandatory message to a direct reply-to, although it delivers it.
bool is_queue(std::string_view reply_to) { return !reply_to.starts_with("amq.rabbitmq.reply-to"); }

// The number of the latest direct replies that are remembered: more than can be on their way at once.
constexpr std::size_t sent_directly_max = 1'024;
constexpr std::size_t suspects_max = 10'000;

RpcError call_cancelled() { return {RpcCode::cancelled, "the call was cancelled"}; }

}  // namespace

ProcedureCore::ProcedureCore(std::size_t procedure_number, Served served, std::uint16_t prefetch, ServerEvents& events,
                             EarlyCancels& early_cancels)
    : procedure_number_{procedure_number},
      served_{std::move(served)},
      prefetch_{prefetch},
      events_{events},
      early_cancels_{early_cancels},
      queue_{served_.queue,
             served_.options.queue,
             prefetch,
             {.delivered = [this](const basic::Deliver& method, const Content& content) { receive(method, content); },
              .returned =
                  [this](const basic::Return& method, const Content& content) {
                    const auto id = content.properties.decode().correlation_id;
                    cancel(caller_key(method.routing_key, id.value_or(ShortString{})));
                  },
              .lost = [this](const client::CloseReason& why) { forget_deliveries(why); },
              .troubled = [this](const client::CloseReason& reason) { events_.troubled(reason); },
              .deadline_changed = [this] { events_.deadline_changed(); }}},
      caller_watch_{[this](const std::string& reply_to) { forget_callers(reply_to); }},
      answers_{{served_.options.deduplicate_max, served_.options.deduplicate_max_bytes, served_.options.deduplicate}} {}

ProcedureCore::Delivery::Delivery(std::uint64_t tag, std::optional<ShortString> reply_to,
                                  std::optional<ShortString> correlation_id)
    : delivery_tag{tag},
      caller{caller_key(reply_to.value_or(ShortString{}), correlation_id.value_or(ShortString{}))},
      caller_hash{protocol::TextHash{}(caller)},
      reply_to_size{static_cast<std::uint8_t>(reply_to.value_or(ShortString{}).size())},
      wants_reply{reply_to.has_value()},
      has_correlation_id{correlation_id.has_value()} {}

std::optional<std::string_view> ProcedureCore::Delivery::reply_to() const {
  if (!wants_reply) return std::nullopt;
  return std::string_view{caller}.substr(0, reply_to_size);
}

std::optional<std::string_view> ProcedureCore::Delivery::correlation_id() const {
  if (!has_correlation_id) return std::nullopt;
  return std::string_view{caller}.substr(reply_to_size + 1U);
}

void ProcedureCore::receive(const basic::Deliver& method, const Content& content) {
  if (stopped_) return queue_.give_back(method.delivery_tag);
  Delivery delivery{method.delivery_tag, content.properties.find<&BasicProperties::reply_to>(),
                    content.properties.find<&BasicProperties::correlation_id>()};
  if (method.redelivered && !suspects_.empty()) delivery.is_acked_first = suspects_.erase(delivery.caller_hash) > 0;
  if (!content.fault.empty()) return refuse_unreadable(delivery, content.fault);
  if (early_cancels_.find(delivery.caller, queue_.now()) != nullptr) {
    early_cancels_.erase(delivery.caller);
    send(delivery, call_cancelled(), 0);
    return ack(delivery);
  }
  std::string message_id;
  if (served_.options.deduplicate.count() > 0 && !served_.is_stream)
    message_id = content.properties.find<&BasicProperties::message_id>().value_or(ShortString{});
  const bool remembers = !message_id.empty();
  if (remembers && join(message_id, delivery)) return;
  if (method.redelivered && served_.options.redelivery == RedeliveryPolicy::refuse) {
    send(delivery, {RpcCode::aborted, "the request was delivered before and may have run; it is not run again here"},
         0);
    return ack(delivery);
  }

  const auto number = ++last_number_;
  index_by_caller(delivery, number);
  if (remembers) by_message_id_.emplace(message_id, number);
  auto& entry = entries_.emplace(number);
  entry.request = {.id = {procedure_number_, number},
                   .body = std::string{content.body},
                   .properties = std::string{content.properties.encoded()},
                   .redelivered = method.redelivered,
                   .deadline = deadline_of(content.properties)};
  entry.deliveries.add(std::move(delivery));
  entry.message_id = std::move(message_id);
  waiting_.push_back(number);
  hand_out_waiting();
}

// The request is not requeued, because the broker would deliver it again and again. If the queue has a dead-letter
// exchange, the broker publishes the request there.
void ProcedureCore::refuse_unreadable(Delivery& delivery, std::string_view fault) {
  const auto text = "the request cannot be read: " + std::string{fault};
  queue_.refuse(delivery.delivery_tag);
  delivery.is_acked = true;
  send(delivery, {RpcCode::invalid_argument, text}, 0);
  events_.troubled({client::Error::unreadable, "'" + served_.queue + "': " + text + "; it was refused"});
}

bool ProcedureCore::join(const std::string& message_id, Delivery& delivery) {
  if (const auto* answer = answers_.find(message_id, queue_.now())) {
    send(delivery, AnswerView{answer->body, answer->content_type, answer->is_error}, 0);
    ack(delivery);
    return true;
  }
  const auto running = by_message_id_.find(message_id);
  if (running == by_message_id_.end()) return false;
  entries_.find(running->second)->deliveries.add(delivery);
  index_by_caller(delivery, running->second);
  return true;
}

void ProcedureCore::index_by_caller(const Delivery& delivery, std::uint64_t number) {
  if (auto* const known = by_caller_.find(delivery.caller_hash))
    *known = number;
  else
    by_caller_.emplace(delivery.caller_hash, number);
}

void ProcedureCore::hand_out_waiting() {
  while (!waiting_.empty() && (prefetch_ == 0 || running_ < prefetch_)) {
    auto* const entry = entries_.find(waiting_.front());
    waiting_.pop_front();
    if (entry == nullptr) continue;
    entry->is_running = true;
    ++running_;
    if (next_caller_check_ == TimePoint::max()) {
      next_caller_check_ = queue_.now() + caller_check_interval;
      events_.deadline_changed();
    }
    events_.requested(std::move(entry->request));
  }
}

void ProcedureCore::reply(std::uint64_t number, const Payload& payload, TimePoint now) {
  if (payload.body.size() > Limits{}.body_max_bytes)
    return fail(number, {RpcCode::resource_exhausted, "the reply is larger than a message may be"}, now);
  answer(number, {payload.body, payload.content_type, false}, now);
}

void ProcedureCore::fail(std::uint64_t number, const RpcError& error, TimePoint now) {
  const auto body = to_body(error);
  answer(number, {.body = body, .is_error = true}, now);
}

void ProcedureCore::answer(std::uint64_t number, const AnswerView& answer, TimePoint now) {
  auto* const entry = entries_.find(number);
  if (entry == nullptr) return;
  entry->deliveries.for_each([&](Delivery& delivery) {
    if (!delivery.is_answered) send(delivery, answer, entry->elements);
    ack(delivery);
  });
  if (!entry->message_id.empty())
    answers_.put(entry->message_id, {std::string{answer.body}, answer.content_type, answer.is_error},
                 answer.body.size(), now);
  remove(number, *entry);
  hand_out_waiting();
}

bool ProcedureCore::write(std::uint64_t number, const Payload& element) {
  auto* const entry = entries_.find(number);
  if (entry == nullptr || entry->is_cancelled) return false;
  entry->deliveries.for_each([&](Delivery& delivery) {
    if (delivery.is_answered) return;
    FieldTableWriter headers;
    headers.int64(client::rpc_sequence_header, entry->elements);
    BasicProperties properties{.headers = headers.table()};
    if (!element.content_type.empty()) properties.content_type = element.content_type;
    publish(delivery, properties, element.body, is_queue(delivery.reply_to().value_or("")));
  });
  ++entry->elements;
  return true;
}

void ProcedureCore::end(std::uint64_t number) { answer(number, {}, TimePoint{}); }

void ProcedureCore::send(Delivery& delivery, const RpcError& error, std::int64_t elements) {
  const auto body = to_body(error);
  send(delivery, AnswerView{.body = body, .is_error = true}, elements);
}

void ProcedureCore::send(Delivery& delivery, const AnswerView& answer, std::int64_t elements) {
  delivery.is_answered = true;
  BasicProperties properties;
  FieldTableWriter headers;
  if (served_.is_stream)
    properties.headers =
        headers.int64(client::rpc_sequence_header, elements).boolean(client::rpc_end_header, true).table();
  if (!answer.content_type.empty()) properties.content_type = answer.content_type;
  if (answer.is_error) properties.type = client::rpc_error_type;
  publish(delivery, properties, answer.body, false);
}

void ProcedureCore::publish(Delivery& delivery, const BasicProperties& properties, std::string_view body,
                            bool mandatory) {
  const auto reply_to = delivery.reply_to();
  if (!reply_to) return;
  if (delivery.is_acked_first) ack(delivery);
  if (!is_queue(*reply_to) && (sent_directly_.empty() || sent_directly_.back() != delivery.caller_hash)) {
    if (sent_directly_.size() == sent_directly_max) sent_directly_.pop_front();
    sent_directly_.push_back(delivery.caller_hash);
  }
  auto with_id = properties;
  if (const auto id = delivery.correlation_id()) with_id.correlation_id = *id;
  properties_.clear();
  encode(with_id, properties_);
  queue_.publish(*reply_to, Content{.properties = Properties{properties_}, .body = body}, mandatory);
}

void ProcedureCore::ack(Delivery& delivery) {
  if (!std::exchange(delivery.is_acked, true)) queue_.ack(delivery.delivery_tag);
}

void ProcedureCore::drop(std::uint64_t number) {
  auto* const entry = entries_.find(number);
  if (entry == nullptr) return;
  entry->deliveries.for_each([this](Delivery& delivery) { ack(delivery); });
  remove(number, *entry);
  hand_out_waiting();
}

void ProcedureCore::give_back(std::uint64_t number) {
  auto* const entry = entries_.find(number);
  if (entry == nullptr) return;
  entry->deliveries.for_each([this](const Delivery& delivery) { queue_.give_back(delivery.delivery_tag); });
  remove(number, *entry);
  hand_out_waiting();
}

bool ProcedureCore::cancel(const std::string& caller) {
  const auto* const known = by_caller_.find(protocol::TextHash{}(caller));
  if (known == nullptr) return false;
  const auto number = *known;
  auto& entry = *entries_.find(number);
  bool asked = false;
  bool is_awaited = false;
  entry.deliveries.for_each([&](Delivery& delivery) {
    asked |= delivery.caller == caller;
    // The caller is told at once, because the cancellation may come from somebody else.
    if (delivery.caller == caller && !delivery.is_answered) send(delivery, call_cancelled(), entry.elements);
    is_awaited |= !delivery.is_answered;
  });
  if (!asked || is_awaited) return asked;
  if (!entry.is_running) {
    drop(number);
  } else if (!std::exchange(entry.is_cancelled, true)) {
    events_.cancelled({procedure_number_, number});
  }
  return true;
}

void ProcedureCore::stop() {
  stopped_ = true;
  queue_.stop();
  for (const auto number : std::exchange(waiting_, {})) give_back(number);
}

void ProcedureCore::remove(std::uint64_t number, Entry& entry) {
  if (entry.is_running) --running_;
  entry.deliveries.for_each([&](const Delivery& delivery) {
    const auto* const caller = by_caller_.find(delivery.caller_hash);
    if (caller != nullptr && *caller == number) by_caller_.erase(delivery.caller_hash);
  });
  if (!entry.message_id.empty()) by_message_id_.erase(entry.message_id);
  entries_.erase(number);
}

// The broker delivers requests again that have not begun. A running request goes on if its answer is kept for the next
// delivery of the request.
void ProcedureCore::forget_deliveries(const client::CloseReason& why) {
  if (why.error == client::reply_error(number_of(ReplyCode::internal_error))) {
    if (suspects_.size() > suspects_max) suspects_.clear();
    suspects_.insert(sent_directly_.begin(), sent_directly_.end());
  }
  sent_directly_.clear();
  caller_watch_.forget();
  for (const auto number : std::exchange(waiting_, {}))
    if (auto* const entry = entries_.find(number)) remove(number, *entry);
  by_caller_ = {};
  std::vector<std::uint64_t> useless;
  entries_.for_each([&](std::uint64_t number, Entry& entry) {
    entry.deliveries.forget();
    if (entry.message_id.empty() && !std::exchange(entry.is_cancelled, true)) useless.push_back(number);
  });
  for (const auto number : useless) events_.cancelled({procedure_number_, number});
}

void ProcedureCore::tick(TimePoint now) {
  queue_.tick(now);
  if (next_caller_check_ <= now) check_callers(now);
}

// Requests whose answers are kept are left out: their callers may come back over another connection. A direct reply-to
// is left out because it is no queue.
void ProcedureCore::check_callers(TimePoint now) {
  std::set<std::string> reply_queues;
  entries_.for_each([&](std::uint64_t, Entry& entry) {
    if (!entry.is_running || entry.is_cancelled || !entry.message_id.empty()) return;
    if (!std::exchange(entry.ran_at_last_check, true)) return;
    entry.deliveries.for_each([&](const Delivery& delivery) {
      const auto reply_to = delivery.reply_to();
      if (reply_to && !reply_to->empty() && is_queue(*reply_to)) reply_queues.emplace(*reply_to);
    });
  });
  if (auto* const connection = queue_.connection()) caller_watch_.look(*connection, reply_queues);
  next_caller_check_ = running_ > 0 ? now + caller_check_interval : TimePoint::max();
}

void ProcedureCore::forget_callers(const std::string& reply_to) {
  std::vector<std::string> callers;
  entries_.for_each([&](std::uint64_t, Entry& entry) {
    entry.deliveries.for_each([&](const Delivery& delivery) {
      if (delivery.reply_to() == reply_to) callers.push_back(delivery.caller);
    });
  });
  for (const auto& caller : callers) cancel(caller);
}

}  // namespace pocketmq::server
