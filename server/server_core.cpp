#include "server/server_core.hpp"

#include <utility>

namespace pocketmq::server {

using namespace protocol;
using client::ChannelCore;
using client::CloseReason;
using client::Payload;
using client::RpcCode;
using client::RpcError;

namespace {

std::optional<std::string> owned(const std::optional<ShortString>& text) {
  return text ? std::optional<std::string>{*text} : std::nullopt;
}

std::optional<client::WallTime> deadline_of(const BasicProperties& properties) {
  const auto value = properties.headers ? properties.headers->find(client::rpc_deadline_header) : std::nullopt;
  const auto since_epoch = value ? value->integer() : std::nullopt;
  if (!since_epoch) return std::nullopt;
  using std::chrono::milliseconds;
  // Far in the future is as good as never, and does not overflow.
  constexpr auto max = std::chrono::duration_cast<milliseconds>(client::WallTime::max().time_since_epoch());
  if (*since_epoch >= max.count() || *since_epoch < 0) return std::nullopt;
  return client::WallTime{milliseconds{*since_epoch}};
}

}  // namespace

// Where the channel still runs, its executor went before the connection could be closed.
ServerCore::~ServerCore() {
  if (channel_) channel_->abandon();
}

void ServerCore::open(std::vector<Served> procedures, std::uint16_t prefetch, OnRequest requested, OnLost lost,
                      OnOpen opened) {
  requested_ = std::move(requested);
  lost_ = std::move(lost);
  opened_ = std::move(opened);
  missing_ = procedures.size() + 1;
  connection_.open_channel([this, procedures = std::move(procedures), prefetch](std::error_code error, auto channel) {
    if (error) return lose({error, error.message()});
    channel_ = std::move(channel);
    channel_->on_closed([this](const CloseReason& reason) { lose(reason); });
    channel_->request(basic::Qos{.prefetch_count = prefetch},
                      [this](std::error_code failed, const basic::QosOk*) { one_more(failed); });
    for (std::size_t i = 0; i < procedures.size() && channel_->is_open(); ++i) serve(i, procedures[i]);
  });
}

void ServerCore::serve(std::size_t procedure, const Served& served) {
  const auto& options = served.options;
  channel_->request(queue::Declare{.queue = served.queue,
                                   .passive = options.passive,
                                   .durable = options.durable,
                                   .exclusive = options.exclusive,
                                   .auto_delete = options.auto_delete,
                                   .arguments = options.arguments.view()},
                    [](std::error_code, const queue::DeclareOk*) {});
  channel_->consume(
      {.queue = served.queue},
      [this, procedure](const basic::Deliver& method, const Content& content) {
        const auto properties = content.properties.decode();
        requested_({.procedure = procedure,
                    .delivery_tag = method.delivery_tag,
                    .body = std::string{content.body},
                    .correlation_id = owned(properties.correlation_id),
                    .reply_to = owned(properties.reply_to),
                    .deadline = deadline_of(properties)});
      },
      [this, queue = served.queue] {
        lose({client::Error::not_open, "the queue '" + queue + "' was deleted"});
      },
      [this](std::error_code failed, const basic::ConsumeOk* ok) {
        if (ok != nullptr) consumer_tags_.emplace_back(ok->consumer_tag);
        one_more(failed);
      });
}

// A failure closes the channel, which says more than the code.
void ServerCore::one_more(std::error_code error) {
  if (!error && --missing_ == 0 && opened_) std::exchange(opened_, nullptr)({});
}

void ServerCore::lose(const CloseReason& reason) {
  if (opened_) return std::exchange(opened_, nullptr)(reason);
  if (lost_ && !stopped_) std::exchange(lost_, nullptr)(reason);
}

void ServerCore::reply(const Request& request, const Payload& payload) {
  if (payload.body.size() > Limits{}.body_max_bytes)
    return fail(request, {RpcCode::resource_exhausted, "the reply is larger than a message may be"});
  publish(request, payload, std::nullopt);
  drop(request);
}

void ServerCore::fail(const Request& request, const RpcError& error) {
  publish(request, {to_body(error)}, client::rpc_error_type);
  drop(request);
}

void ServerCore::publish(const Request& request, const Payload& payload, std::optional<std::string_view> type) {
  if (!request.reply_to) return;
  BasicProperties properties;
  if (!payload.content_type.empty()) properties.content_type = payload.content_type;
  if (request.correlation_id) properties.correlation_id = *request.correlation_id;
  if (type) properties.type = *type;
  std::string encoded;
  encode(properties, encoded);
  channel_->send(basic::Publish{.routing_key = *request.reply_to},
                 Content{.properties = Properties{encoded}, .body = payload.body});
}

void ServerCore::drop(const Request& request) { channel_->send(basic::Ack{.delivery_tag = request.delivery_tag}); }

void ServerCore::stop() {
  if (std::exchange(stopped_, true) || !channel_) return;
  for (const auto& tag : consumer_tags_) channel_->cancel(tag, [](std::error_code, const basic::CancelOk*) {});
  consumer_tags_.clear();
}

}  // namespace pocketmq::server
