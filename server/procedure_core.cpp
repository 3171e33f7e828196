#include "server/procedure_core.hpp"

#include <utility>

#include "client/rpc_wire.hpp"

namespace pocketmq::server {

using namespace protocol;
using client::Payload;
using client::RpcCode;
using client::RpcError;

namespace {

// A mandatory message to RabbitMQ's direct reply-to always comes back, though it arrives.
bool is_queue(std::string_view reply_to) { return !reply_to.starts_with("amq.rabbitmq.reply-to"); }

}  // namespace

ProcedureCore::ProcedureCore(std::size_t place, Served served, std::uint16_t prefetch, ServerEvents& events,
                             EarlyCancels& early_cancels)
    : place_{place},
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
              .lost = [this] { forget_deliveries(); },
              .troubled = [this](const client::CloseReason& reason) { events_.troubled(reason); },
              .deadline_changed = [this] { events_.deadline_changed(); }}},
      answers_{served_.options.deduplicate_max, served_.options.deduplicate} {}

void ProcedureCore::receive(const basic::Deliver& method, const Content& content) {
  if (stopped_) return queue_.give_back(method.delivery_tag);
  auto message = client::to_message(content.properties, content.body);
  auto& properties = message.properties;
  const Asker asker{method.delivery_tag, properties.reply_to, properties.correlation_id};
  const auto caller = asker.caller();
  if (early_cancels_.find(caller, queue_.now()) != nullptr) {
    early_cancels_.erase(caller);
    return queue_.ack(method.delivery_tag);
  }
  const bool remembers = served_.options.deduplicate.count() > 0 && !served_.is_stream && properties.message_id;
  const auto message_id = remembers ? *properties.message_id : std::string{};
  if (remembers && join(message_id, asker)) return;
  if (method.redelivered && served_.options.redelivery == RedeliveryPolicy::refuse) {
    const RpcError refusal{RpcCode::aborted,
                           "the request was delivered before and may have run; it is not run again here"};
    send(asker, {to_body(refusal), {}, true}, 0);
    return queue_.ack(method.delivery_tag);
  }

  const auto number = ++last_number_;
  const auto deadline = deadline_of(properties);
  Request request{{place_, number}, std::move(message), method.redelivered, deadline};
  entries_.emplace(number, Entry{std::move(request), {asker}, message_id});
  by_caller_.insert_or_assign(caller, number);
  if (remembers) by_message_id_.emplace(message_id, number);
  waiting_.push_back(number);
  hand_out_waiting();
}

bool ProcedureCore::join(const std::string& message_id, const Asker& asker) {
  if (const auto* answer = answers_.find(message_id, queue_.now())) {
    send(asker, *answer, 0);
    queue_.ack(asker.delivery_tag);
    return true;
  }
  const auto running = by_message_id_.find(message_id);
  if (running == by_message_id_.end()) return false;
  entries_.at(running->second).askers.push_back(asker);
  by_caller_.insert_or_assign(asker.caller(), running->second);
  return true;
}

void ProcedureCore::hand_out_waiting() {
  while (!waiting_.empty() && (prefetch_ == 0 || running_ < prefetch_)) {
    const auto found = entries_.find(waiting_.front());
    waiting_.pop_front();
    if (found == entries_.end()) continue;
    found->second.is_running = true;
    ++running_;
    events_.requested(std::move(found->second.request));
  }
}

void ProcedureCore::reply(std::uint64_t number, const Payload& payload, TimePoint now) {
  if (payload.body.size() > Limits{}.body_max_bytes)
    return fail(number, {RpcCode::resource_exhausted, "the reply is larger than a message may be"}, now);
  answer(number, {payload.body, payload.content_type, false}, now);
}

void ProcedureCore::fail(std::uint64_t number, const RpcError& error, TimePoint now) {
  answer(number, {to_body(error), {}, true}, now);
}

void ProcedureCore::answer(std::uint64_t number, Answer answer, TimePoint now) {
  const auto entry = take(number);
  if (!entry) return;
  for (const auto& asker : entry->askers) {
    if (!entry->is_cancelled) send(asker, answer, entry->elements);
    queue_.ack(asker.delivery_tag);
  }
  if (!entry->message_id.empty()) answers_.put(entry->message_id, std::move(answer), now);
  hand_out_waiting();
}

bool ProcedureCore::write(std::uint64_t number, const Payload& element) {
  const auto found = entries_.find(number);
  if (found == entries_.end() || found->second.is_cancelled) return false;
  auto& entry = found->second;
  for (const auto& asker : entry.askers) {
    if (!asker.reply_to) continue;
    FieldTableWriter headers;
    headers.int64(client::rpc_sequence_header, entry.elements);
    BasicProperties properties{.headers = headers.table()};
    if (!element.content_type.empty()) properties.content_type = element.content_type;
    if (asker.correlation_id) properties.correlation_id = *asker.correlation_id;
    std::string encoded;
    encode(properties, encoded);
    queue_.publish(*asker.reply_to, Content{.properties = Properties{encoded}, .body = element.body},
                   is_queue(*asker.reply_to));
  }
  ++entry.elements;
  return true;
}

void ProcedureCore::end(std::uint64_t number) { answer(number, {}, TimePoint{}); }

void ProcedureCore::send(const Asker& asker, const Answer& answer, std::int64_t elements) {
  if (!asker.reply_to) return;
  BasicProperties properties;
  FieldTableWriter headers;
  if (served_.is_stream)
    properties.headers =
        headers.int64(client::rpc_sequence_header, elements).boolean(client::rpc_end_header, true).table();
  if (!answer.content_type.empty()) properties.content_type = answer.content_type;
  if (asker.correlation_id) properties.correlation_id = *asker.correlation_id;
  if (answer.is_error) properties.type = client::rpc_error_type;
  std::string encoded;
  encode(properties, encoded);
  queue_.publish(*asker.reply_to, Content{.properties = Properties{encoded}, .body = answer.body}, false);
}

void ProcedureCore::drop(std::uint64_t number) {
  const auto entry = take(number);
  if (!entry) return;
  for (const auto& asker : entry->askers) queue_.ack(asker.delivery_tag);
  hand_out_waiting();
}

void ProcedureCore::give_back(std::uint64_t number) {
  const auto entry = take(number);
  if (!entry) return;
  for (const auto& asker : entry->askers) queue_.give_back(asker.delivery_tag);
  hand_out_waiting();
}

bool ProcedureCore::cancel(const std::string& caller) {
  const auto known = by_caller_.find(caller);
  if (known == by_caller_.end()) return false;
  const auto number = known->second;
  auto& entry = entries_.at(number);
  if (!entry.is_running) {
    drop(number);
  } else if (!std::exchange(entry.is_cancelled, true)) {
    events_.cancelled({place_, number});
  }
  return true;
}

void ProcedureCore::stop() {
  stopped_ = true;
  queue_.stop();
  for (const auto number : std::exchange(waiting_, {})) give_back(number);
}

std::optional<ProcedureCore::Entry> ProcedureCore::take(std::uint64_t number) {
  auto node = entries_.extract(number);
  if (node.empty()) return std::nullopt;
  auto& entry = node.mapped();
  if (entry.is_running) --running_;
  for (const auto& asker : entry.askers) {
    const auto caller = by_caller_.find(asker.caller());
    if (caller != by_caller_.end() && caller->second == number) by_caller_.erase(caller);
  }
  if (!entry.message_id.empty()) by_message_id_.erase(entry.message_id);
  return std::move(entry);
}

// What has not begun comes again; what runs goes on if its answer is kept for when its request comes again.
void ProcedureCore::forget_deliveries() {
  for (const auto number : std::exchange(waiting_, {})) static_cast<void>(take(number));
  by_caller_.clear();
  std::vector<std::uint64_t> useless;
  for (auto& [number, entry] : entries_) {
    entry.askers.clear();
    if (entry.message_id.empty() && !std::exchange(entry.is_cancelled, true)) useless.push_back(number);
  }
  for (const auto number : useless) events_.cancelled({place_, number});
}

}  // namespace pocketmq::server
