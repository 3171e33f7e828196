#include "client/rpc_core.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace pocketmq::client {

using namespace protocol;

namespace {

using std::chrono::milliseconds;

// RabbitMQ's greatest `expiration`, 49 days.
constexpr milliseconds expiration_max{0xFFFF'FFFFLL};

RpcError connection_lost(const CloseReason& reason) {
  return {RpcCode::unavailable, reason.text.empty() ? reason.error.message() : reason.text, reason::connection_lost};
}

// Why a queue could not be declared.
RpcError declaration_error(const std::string& queue, const CloseReason& reason) {
  if (reason.error.category() != reply_code_category()) return connection_lost(reason);
  const auto text = "queue '" + queue + "': " + reason.text;
  switch (static_cast<ReplyCode>(reason.error.value())) {
    case ReplyCode::not_found: return {RpcCode::unavailable, text, reason::no_queue};
    case ReplyCode::access_refused: return {RpcCode::permission_denied, text};
    default: return {RpcCode::failed_precondition, text};
  }
}

std::optional<RpcError> find_fault(const RpcRequest& request) {
  if (request.queue.size() > ShortString::max_size_bytes)
    return RpcError{RpcCode::invalid_argument, "the name of the procedure's queue is longer than 255 bytes"};
  if (request.payload.body.size() > Limits{}.body_max_bytes)
    return RpcError{RpcCode::resource_exhausted, "the request is larger than a message may be"};
  if (request.timeout <= milliseconds::zero())
    return RpcError{RpcCode::deadline_exceeded, "there was no time left for the call"};
  return std::nullopt;
}

// Our ids are plain decimal numbers; another text is none of ours.
std::optional<std::uint64_t> to_call_id(const std::optional<ShortString>& correlation_id) {
  std::uint64_t id = 0;
  if (!correlation_id || correlation_id->starts_with('0')) return std::nullopt;
  const auto* end = correlation_id->data() + correlation_id->size();
  const auto [stop, error] = std::from_chars(correlation_id->data(), end, id);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return id;
}

}  // namespace

// Where the channel is still there, the executor went before the connection could be closed, and nothing runs any more.
RpcCore::~RpcCore() {
  if (channel_) channel_->abandon();
}

void RpcCore::open(ConnectionCore& connection, Done<> done) {
  connection_ = &connection;
  declared_.clear();
  connection.open_channel([this, done = std::move(done)](std::error_code error, auto channel) mutable {
    if (error) return done(error);
    channel_ = std::move(channel);
    channel_->on_closed([this](const CloseReason& reason) {
      closed_ = connection_lost(reason);
      fail_all(*closed_);
    });
    channel_->on_return([this](const basic::Return&, const Content& content) { on_return(content); });
    channel_->request(queue::Declare{.exclusive = true},
                      [this, done = std::move(done)](std::error_code refused, const queue::DeclareOk* ok) mutable {
                        if (ok == nullptr) return done(refused);
                        callback_queue_ = ok->queue;
                        consume_replies(std::move(done));
                      });
  });
}

void RpcCore::consume_replies(Done<> done) {
  const auto deliver = [this](const basic::Deliver&, const Content& content) { on_reply(content); };
  channel_->consume({.queue = callback_queue_, .no_ack = true}, deliver, nullptr,
                    [this, done = std::move(done)](std::error_code error, const basic::ConsumeOk* ok) mutable {
                      if (ok != nullptr) closed_.reset();
                      done(error);
                    });
}

RpcCore::CallId RpcCore::call(RpcRequest request, TimePoint now, WallTime wall, Completed completed) {
  const auto id = ++last_id_;
  const auto fault = closed_ ? closed_ : find_fault(request);
  if (fault) {
    completed({.error = fault});
    return id;
  }
  const bool is_bounded = request.timeout <= expiration_max;
  const auto deadline = is_bounded ? now + request.timeout : TimePoint::max();
  pending_.emplace(id, Pending{std::move(completed), deadline, request.queue});
  if (is_bounded) {
    const auto place = deadlines_.emplace(deadline, id).first;
    if (place == deadlines_.begin()) deadline_changed_();
  }

  Unsent call{id, std::move(request), is_bounded ? wall + request.timeout : WallTime::max()};
  if (!call.request.declare || declared_.contains(call.request.queue)) {
    send(call, now);
    return id;
  }
  const auto queue = call.request.queue;
  const auto options = *call.request.declare;
  const auto [waiting, is_first] = undeclared_.try_emplace(queue);
  waiting->second.push_back(std::move(call));
  if (is_first) declare(queue, options);
  return id;
}

void RpcCore::close(const RpcError& why) {
  closed_ = why;
  if (channel_) std::exchange(channel_, nullptr)->on_closed(nullptr);
  fail_all(why);
}

void RpcCore::tick(TimePoint now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const auto id = deadlines_.begin()->second;
    complete(id,
             {.error = RpcError{RpcCode::deadline_exceeded, "no reply from '" + pending_.at(id).queue + "' in time"}});
  }
}

TimePoint RpcCore::deadline() const { return deadlines_.empty() ? TimePoint::max() : deadlines_.begin()->first; }

void RpcCore::send(const Unsent& call, TimePoint now) {
  const auto correlation_id = std::to_string(call.id);
  BasicProperties properties{.correlation_id = correlation_id, .reply_to = callback_queue_};
  if (!call.request.payload.content_type.empty()) properties.content_type = call.request.payload.content_type;
  std::string expiration;
  FieldTableWriter headers;
  if (call.wall_deadline != WallTime::max()) {
    const auto left = std::chrono::duration_cast<milliseconds>(pending_.at(call.id).deadline - now);
    const auto since_epoch = std::chrono::duration_cast<milliseconds>(call.wall_deadline.time_since_epoch());
    expiration = std::to_string(std::max<std::int64_t>(left.count(), 1));
    properties.expiration = expiration;
    properties.headers = headers.int64(rpc_deadline_header, since_epoch.count()).table();
  }
  std::string encoded;
  encode(properties, encoded);
  channel_->send(basic::Publish{.routing_key = call.request.queue, .mandatory = true},
                 Content{.properties = Properties{encoded}, .body = call.request.payload.body});
}

// On a channel of its own: a refusal closes the channel.
void RpcCore::declare(const std::string& queue, const QueueOptions& options) {
  connection_->open_channel([this, queue, options](std::error_code error, std::shared_ptr<ChannelCore> channel) {
    if (error) return declared(queue, connection_lost({error, {}}));
    auto& on = *channel;
    on.request(queue::Declare{.queue = queue,
                              .passive = options.passive,
                              .durable = options.durable,
                              .exclusive = options.exclusive,
                              .auto_delete = options.auto_delete,
                              .arguments = options.arguments.view()},
               [this, queue, channel = std::move(channel)](std::error_code, const queue::DeclareOk* ok) {
                 if (ok == nullptr) return declared(queue, declaration_error(queue, channel->close_reason()));
                 channel->close([](std::error_code) {});
                 declared(queue, std::nullopt);
               });
  });
}

void RpcCore::declared(const std::string& queue, const std::optional<RpcError>& error) {
  if (!error) declared_.insert(queue);
  const auto waiting = undeclared_.extract(queue);
  if (waiting.empty()) return;
  for (const auto& call : waiting.mapped()) {
    if (!pending_.contains(call.id)) continue;  // its time is over
    if (error)
      complete(call.id, {.error = error});
    else
      send(call, connection_->now());
  }
}

void RpcCore::fail_all(const RpcError& why) {
  undeclared_.clear();
  while (!pending_.empty()) complete(pending_.begin()->first, {.error = why});
}

void RpcCore::on_reply(const Content& content) {
  const auto properties = content.properties.decode();
  const auto id = to_call_id(properties.correlation_id);
  if (!id || !pending_.contains(*id)) {
    dropped_replies_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  if (properties.type == ShortString{rpc_error_type})
    complete(*id, {.error = error_from_body(content.body)});
  else
    complete(*id, {.body = std::string{content.body}});
}

void RpcCore::on_return(const Content& content) {
  const auto id = to_call_id(content.properties.decode().correlation_id);
  if (!id || !pending_.contains(*id)) return;
  const auto text = "there is no queue '" + pending_.at(*id).queue + "'; is its server running?";
  complete(*id, {.error = RpcError{RpcCode::unavailable, text, reason::no_queue}});
}

void RpcCore::complete(CallId id, RpcResult result) {
  auto node = pending_.extract(id);
  if (node.empty()) return;
  deadlines_.erase({node.mapped().deadline, id});
  node.mapped().completed(std::move(result));
}

}  // namespace pocketmq::client
