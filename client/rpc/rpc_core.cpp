#include "client/rpc/rpc_core.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

#include "client/values/rpc_wire.hpp"

namespace pocketmq::client {

using namespace protocol;

namespace {

using std::chrono::milliseconds;

// The longest `expiration` that RabbitMQ takes, 49 days.
constexpr milliseconds expiration_max{0xFFFF'FFFFLL};
// The pause before a request is sent again because its server was not back yet.
constexpr milliseconds unserved_pause{100};
// The bytes of a content header frame that are not properties: 8 of the frame, 12 before the properties.
constexpr std::size_t header_frame_overhead = 8 + 12;
// At least this many entries of finished calls may stay in `due_` before they are removed.
constexpr std::size_t due_spare = 64;

RpcError connection_lost(const CloseReason& reason) {
  return {RpcCode::unavailable, reason.text.empty() ? reason.error.message() : reason.text, reason::connection_lost};
}

class Decimal {
 public:
  explicit Decimal(std::uint64_t number) : end_{std::to_chars(digits_.begin(), digits_.end(), number).ptr} {}
  Decimal(const Decimal&) = delete;
  Decimal& operator=(const Decimal&) = delete;

  [[nodiscard]] std::string_view text() const { return {digits_.data(), end_}; }

 private:
  std::array<char, 20> digits_;  // a 64-bit number has at most 20
  const char* end_;
};

}  // namespace

RpcCore::RpcCore(RpcSettings settings, MoveOnlyFunction<void()> deadline_changed)
    : settings_{settings}, deadline_changed_{std::move(deadline_changed)}, random_{settings.seed} {}

// --- Connections -----------------------------------------------------------------------------------

void RpcCore::open(ConnectionCore& connection, CallbackChannel::OnOpen opened) {
  if (closed_) return opened({Error::closed, closed_->message()});
  connection_ = &connection;
  queues_ = std::make_shared<QueuePreparation>(connection);
  Owner& owner = *this;
  channel_ = std::make_shared<CallbackChannel>(connection, owner,
                                               CallbackOptions{settings_.reply_to, settings_.confirm, may_cancel_});
  channel_->open([this, opened = std::move(opened)](const CloseReason& reason) mutable {
    if (reason.error) {
      end_connection(reason);
    } else {
      opened_at_ = connection_->now();
      start_waiting();
    }
    opened(reason);
  });
}

void RpcCore::start_waiting() {
  for (const auto id : std::exchange(waiting_, {})) {
    auto* const call = calls_.find(id);
    if (call == nullptr || call->stage != Stage::waiting) continue;  // another call's callback completed it
    if (!channel_)
      waiting_.insert(id);
    else
      start(id, *call, connection_->now());
  }
}

void RpcCore::on_lost(const CloseReason& reason) {
  if (reason.text.find(rpc_cancel_exchange) != std::string::npos) may_cancel_ = false;
  auto& connection = *connection_;
  const auto lost = keep_sendable_calls(connection.now());
  end_connection(reason);
  if (connection.is_open())  // only the channel is over
    open(connection, [&connection](const CloseReason& failure) {
      if (failure.error && connection.is_open()) connection.close(connection.now(), [](std::error_code) {});
    });
  for (const auto id : lost) complete(id, {.error = connection_lost(reason)});
}

void RpcCore::end_connection(const CloseReason& reason) {
  last_loss_ = reason;
  connection_ = nullptr;
  channel_ = nullptr;
  queues_ = nullptr;
  unconfirmed_.clear();
}

std::vector<RpcCore::CallId> RpcCore::keep_sendable_calls(TimePoint now) {
  std::vector<CallId> lost;
  calls_.for_each([&](CallId id, Call& call) {
    if (call.stage == Stage::waiting) return;
    if (!call.was_sent)
      wait(id, call, now + settings_.connection_wait);
    else if (call.request.idempotent)
      wait(id, call, call.deadline);
    else
      lost.push_back(id);
  });
  std::ranges::sort(lost);
  return lost;
}

void RpcCore::close(const RpcError& why) {
  closed_ = why;
  auto calls = std::exchange(calls_, {});
  due_.clear();
  waiting_.clear();
  std::vector<CallId> ids;
  calls.for_each([&](CallId id, const Call&) { ids.push_back(id); });
  std::ranges::sort(ids);
  if (const auto channel = channel_) {
    for (const auto id : ids)
      if (const auto* const call = calls.find(id); call->stage == Stage::sent)
        channel->cancel(call->ids.correlation_id());
    channel->close();
  }
  end_connection({Error::closed, why.message()});
  for (const auto id : ids) calls.find(id)->completed({.error = why});
}

// --- Calls -----------------------------------------------------------------------------------------

RpcCore::CallId RpcCore::call(RpcRequest&& request, TimePoint now, WallTime wall, Completed&& completed) {
  const auto id = ++last_id_;
  if (const auto fault = closed_ ? closed_ : find_fault(request)) {
    completed({.error = fault});
    return id;
  }
  const bool is_bounded = request.timeout <= expiration_max;
  const auto deadline = is_bounded ? now + request.timeout : TimePoint::max();
  const auto wall_deadline = is_bounded ? wall + request.timeout : WallTime::max();
  auto& call =
      calls_.emplace(id, CallIds{id, random_}, std::move(request), std::move(completed), deadline, wall_deadline);
  if (channel_ && channel_->is_open())
    start(id, call, now);
  else
    wait(id, call, now + settings_.connection_wait);
  return id;
}

void RpcCore::wait(CallId id, Call& call, TimePoint until) {
  call.stage = Stage::waiting;
  call.is_confirmed = false;
  call.was_lost = call.was_sent;
  waiting_.insert(id);
  set_due(id, call, std::min(until, call.deadline));
}

void RpcCore::start(CallId id, Call& call, TimePoint now) {
  if (queues_->is_ready(call.request)) return send(id, call, now);
  call.stage = Stage::preparing;
  set_due(id, call, call.deadline);
  queues_->prepare(call.request, [this, id](const std::optional<RpcError>& error) {
    auto* const found = calls_.find(id);
    if (found == nullptr) return;  // it was completed meanwhile, for example at its deadline
    if (error && (error->reason() == reason::no_queue || error->reason() == reason::no_consumer))
      return on_unserved(id, *found, *error);
    if (error) return complete(id, {.error = error});
    send(id, *found, connection_->now());
  });
}

void RpcCore::send(CallId id, Call& call, TimePoint now) {
  BasicProperties properties{.correlation_id = call.ids.correlation_id(),
                             .reply_to = channel_->reply_to(),
                             .message_id = call.ids.message_id()};
  if (!call.request.payload.content_type.empty()) properties.content_type = call.request.payload.content_type;
  headers_.assign(call.request.headers.view());
  std::optional<Decimal> expiration;
  if (call.wall_deadline != WallTime::max()) {
    const auto left = std::chrono::duration_cast<milliseconds>(call.deadline - now);
    const auto since_epoch = std::chrono::duration_cast<milliseconds>(call.wall_deadline.time_since_epoch());
    expiration.emplace(static_cast<std::uint64_t>(std::max<std::int64_t>(left.count(), 1)));
    properties.expiration = expiration->text();
    headers_.int64(rpc_deadline_header, since_epoch.count());
  }
  if (!headers_.table().empty()) properties.headers = headers_.table();
  properties_.clear();
  encode(properties, properties_);
  const std::size_t frame_max = connection_->frame_max_bytes();
  if (frame_max != 0 && properties_.size() + header_frame_overhead > frame_max)
    return complete(id, {.error = RpcError{RpcCode::invalid_argument,
                                           "headers: with " + std::to_string(properties_.size())
                                               + " bytes the properties do not fit the connection's frames of "
                                               + std::to_string(frame_max)}});
  call.stage = Stage::sent;
  call.was_sent = true;
  set_due(id, call, call.deadline);
  const auto tag = channel_->publish(
      call.request.queue, Content{.properties = protocol::Properties{properties_}, .body = call.request.payload.body});
  if (settings_.confirm) unconfirmed_.emplace_hint(unconfirmed_.end(), tag, id);
  if (call.request.idempotent) return;
  call.request.payload.body = {};
  call.request.headers = {};
}

void RpcCore::cancel(CallId id) { fail_and_tell_server(id, {RpcCode::cancelled, "the caller cancelled the call"}); }

void RpcCore::tick(TimePoint now) {
  while (!due_.empty() && due_.front().at <= now) {
    std::ranges::pop_heap(due_, std::greater{});
    const auto due = due_.back();
    due_.pop_back();
    if (is_stale(due)) continue;
    auto& call = *calls_.find(due.id);
    call.due = TimePoint::max();
    if (call.stage == Stage::pausing)
      start(due.id, call, now);
    else
      fail_and_tell_server(due.id, time_out_error(call));
  }
}

TimePoint RpcCore::deadline() const { return due_.empty() ? TimePoint::max() : due_.front().at; }

RpcError RpcCore::time_out_error(const Call& call) const {
  if (call.stage == Stage::waiting)
    return {RpcCode::unavailable, "no connection to the broker in time: " + connection_lost(last_loss_).message(),
            reason::connection_lost};
  auto text = "no reply from '" + call.request.queue + "' in time";
  if (settings_.confirm)
    text += call.is_confirmed ? "; the broker had taken the request" : "; the broker had not confirmed the request";
  return {RpcCode::deadline_exceeded, text};
}

// Finished calls leave their entries in `due_`. When most entries are stale, all stale ones are removed.
void RpcCore::set_due(CallId id, Call& call, TimePoint due) {
  if (call.due == due) return;
  call.due = due;
  if (due == TimePoint::max()) return;
  if (due_.size() > 2 * calls_.size() + due_spare) {
    std::erase_if(due_, [this](const Due& old) { return is_stale(old); });
    std::ranges::make_heap(due_, std::greater{});
  }
  due_.push_back({due, id});
  std::ranges::push_heap(due_, std::greater{});
  if (due_.front().id == id) deadline_changed_();
}

bool RpcCore::is_stale(const Due& due) {
  const auto* const call = calls_.find(due.id);
  return call == nullptr || call->due != due.at;
}

void RpcCore::fail_and_tell_server(CallId id, const RpcError& why) {
  auto* const call = calls_.find(id);
  if (call == nullptr) return;
  if (call->stage == Stage::sent && channel_) channel_->cancel(call->ids.correlation_id());
  complete(id, *call, {.error = why});
}

void RpcCore::complete(CallId id, RpcResult result) {
  if (auto* const call = calls_.find(id)) complete(id, *call, std::move(result));
}

void RpcCore::complete(CallId id, Call& call, RpcResult result) {
  auto completed = std::move(call.completed);
  waiting_.erase(id);
  calls_.erase(id);
  if (calls_.empty()) due_.clear();
  completed(std::move(result));
}

// --- What comes back -------------------------------------------------------------------------------

RpcCore::Found RpcCore::call_of(const Content& content) {
  const auto text = content.properties.find<&BasicProperties::correlation_id>().value_or(ShortString{});
  const auto id = CallIds::number_in(text);
  auto* const call = calls_.find(id);
  if (call == nullptr || call->ids.correlation_id() != text) return {};
  return {id, call};
}

void RpcCore::on_reply(const Content& content) {
  const auto [id, call] = call_of(content);
  if (call == nullptr || call->stage != Stage::sent) return drop_reply();
  if (!content.fault.empty()) return on_unreadable_reply(id, *call, content.fault);
  if (content.properties.find<&BasicProperties::type>() == ShortString{rpc_error_type})
    return complete(id, *call, {.error = error_from_body(content.body)});

  const auto headers = content.properties.headers();
  const auto header = [&](std::string_view name) { return headers ? headers->find(name) : std::nullopt; };
  const auto number = header(rpc_sequence_header);
  if (!number || !number->integer()) return on_plain_reply(id, *call, std::string{content.body});
  const auto end = header(rpc_end_header);
  on_stream_reply(id, *call, *number->integer(), end && end->boolean() == true, std::string{content.body});
}

void RpcCore::on_unreadable_reply(CallId id, Call& call, std::string_view fault) {
  const RpcError error{RpcCode::internal,
                       "the reply of '" + call.request.queue + "' cannot be read: " + std::string{fault}};
  if (call.request.on_element)
    fail_and_tell_server(id, error);
  else
    complete(id, call, {.error = error});
}

void RpcCore::on_plain_reply(CallId id, Call& call, std::string body) {
  if (!call.request.on_element) return complete(id, call, {.body = std::move(body)});
  if (take_element(id, call, std::move(body))) complete(id, {});
}

void RpcCore::on_stream_reply(CallId id, Call& call, std::int64_t number, bool is_end, std::string body) {
  if (!call.request.on_element) {
    const RpcError error{RpcCode::internal, "'" + call.request.queue + "' is a stream procedure; call it as Stream<T>"};
    return is_end ? complete(id, {.error = error}) : fail_and_tell_server(id, error);
  }
  // An idempotent request that was sent again is answered from its first element. This second stream may end earlier.
  if (number < call.next_element && !is_end) return drop_reply();
  if (number > call.next_element)
    return fail_and_tell_server(
        id, {RpcCode::data_loss, "the stream of '" + call.request.queue + "' lost its elements from "
                                     + std::to_string(call.next_element) + " to " + std::to_string(number - 1)});
  if (is_end) return complete(id, {});
  if (take_element(id, call, std::move(body))) ++call.next_element;
}

bool RpcCore::take_element(CallId id, Call& call, std::string body) {
  if (call.request.on_element(std::move(body))) return true;
  fail_and_tell_server(id, {RpcCode::resource_exhausted,
                            "the stream of '" + call.request.queue + "' sent more than its reader left room for"});
  return false;
}

void RpcCore::on_return(const Content& content) {
  const auto [id, call] = call_of(content);
  if (call == nullptr) return;
  const auto text = "there is no queue '" + call->request.queue + "'; is its server running?";
  on_unserved(id, *call, {RpcCode::unavailable, text, reason::no_queue});
}

void RpcCore::on_unserved(CallId id, Call& call, const RpcError& why) {
  const auto now = connection_->now();
  const bool may_come_back = call.was_lost && now < opened_at_ + settings_.connection_wait;
  const auto again = now + unserved_pause;
  if (!may_come_back || again >= call.deadline) return complete(id, call, {.error = why});
  call.stage = Stage::pausing;
  call.is_confirmed = false;
  set_due(id, call, again);
}

void RpcCore::on_confirm(std::uint64_t delivery_tag, bool multiple, Confirm what) {
  const auto end = unconfirmed_.upper_bound(delivery_tag);
  const auto begin = multiple ? unconfirmed_.begin() : unconfirmed_.lower_bound(delivery_tag);
  std::vector<CallId> ids;
  for (auto it = begin; it != end; ++it) ids.push_back(it->second);
  unconfirmed_.erase(begin, end);
  for (const auto id : ids) {
    auto* const call = calls_.find(id);
    if (call == nullptr) continue;  // it was returned, or its reply has come
    if (what == Confirm::ack)
      call->is_confirmed = true;
    else
      complete(id, *call,
               {.error = RpcError{RpcCode::resource_exhausted,
                                  "the broker refused the request: the queue '" + call->request.queue + "' is full"}});
  }
}

}  // namespace pocketmq::client
