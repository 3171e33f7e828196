#include "server/request_queue.hpp"

#include <chrono>
#include <functional>
#include <utility>

namespace pocketmq::server {

using namespace protocol;
using client::ChannelCore;
using client::CloseReason;

namespace {

constexpr std::chrono::milliseconds backoff_min{50};
constexpr std::chrono::milliseconds backoff_max{5'000};
constexpr double backoff_jitter = 0.25;

}  // namespace

RequestQueue::RequestQueue(std::string queue, client::QueueOptions options, std::uint16_t prefetch, Events events)
    : queue_{std::move(queue)},
      options_{std::move(options)},
      prefetch_{prefetch},
      events_{std::move(events)},
      backoff_{backoff_min, backoff_max, backoff_jitter, std::hash<std::string>{}(queue_)} {}

RequestQueue::~RequestQueue() {
  if (channel_) channel_->abandon();
}

void RequestQueue::open(client::ConnectionCore& connection, OnOpen opened) {
  connection_ = &connection;
  opened_ = std::move(opened);
  open_channel();
}

void RequestQueue::publish(std::string_view routing_key, const Content& content, bool mandatory) {
  if (channel_)
    channel_->send(basic::Publish{.routing_key = ShortString{routing_key}, .mandatory = mandatory}, content);
}

void RequestQueue::when_output_drained(client::MoveOnlyFunction<void()> on_drain) {
  if (connection_ != nullptr)
    connection_->when_output_drained(std::move(on_drain));
  else
    on_drain();
}

void RequestQueue::ack(std::uint64_t delivery_tag) {
  if (channel_) channel_->send(basic::Ack{.delivery_tag = delivery_tag});
}

void RequestQueue::give_back(std::uint64_t delivery_tag) {
  if (channel_) channel_->send(basic::Reject{.delivery_tag = delivery_tag, .requeue = true});
}

void RequestQueue::refuse(std::uint64_t delivery_tag) {
  if (channel_) channel_->send(basic::Reject{.delivery_tag = delivery_tag});
}

void RequestQueue::stop() {
  stopped_ = true;
  retry_at_.reset();
  if (consumer_tag_)
    channel_->cancel(*std::exchange(consumer_tag_, std::nullopt), [](std::error_code, const basic::CancelOk*) {});
}

void RequestQueue::tick(TimePoint now) {
  if (!retry_at_ || now < *retry_at_) return;
  retry_at_.reset();
  if (channel_) consume();
}

void RequestQueue::open_channel() {
  connection_->open_channel([this](std::error_code error, std::shared_ptr<ChannelCore> channel) {
    if (error) return lose({error, error.message()});
    channel_ = std::move(channel);
    channel_->on_closed([this](const CloseReason& reason) { lose(reason); });
    channel_->on_return(
        [this](const basic::Return& method, const Content& content) { events_.returned(method, content); });
    if (!retry_at_ && !stopped_) consume();
  });
}

// A refusal closes the channel. `on_closed` gets the broker's text, so the callbacks of these requests ignore errors.
void RequestQueue::consume() {
  channel_->request(basic::Qos{.prefetch_count = prefetch_}, [](std::error_code, const basic::QosOk*) {});
  channel_->request(queue::Declare{.queue = queue_,
                                   .passive = options_.passive,
                                   .durable = options_.durable,
                                   .exclusive = options_.exclusive,
                                   .auto_delete = options_.auto_delete,
                                   .arguments = options_.arguments.view()},
                    [](std::error_code, const queue::DeclareOk*) {});
  channel_->consume(
      {.queue = queue_},
      [this](const basic::Deliver& method, const Content& content) { events_.delivered(method, content); },
      [this] {
        consumer_tag_.reset();
        if (stopped_) return;
        retry_later();
        events_.troubled({client::Error::not_open, "the queue '" + queue_ + "' was deleted, or moved"});
      },
      [this](std::error_code, const basic::ConsumeOk* ok) {
        if (ok == nullptr) return;
        consumer_tag_ = ok->consumer_tag;
        consuming_since_ = connection_->now();
        if (stopped_) stop();
        if (opened_) std::exchange(opened_, nullptr)({});
      });
}

// The intervals grow while the queue fails again soon after it was consumed.
void RequestQueue::retry_later() {
  const auto now = connection_->now();
  if (consuming_since_ && now - *consuming_since_ > backoff_max) backoff_.reset();
  retry_at_ = now + backoff_.next();
  events_.deadline_changed();
}

void RequestQueue::lose(const CloseReason& reason) {
  const bool had_channel = std::exchange(channel_, nullptr) != nullptr;
  consumer_tag_.reset();
  if (!connection_->is_open() || !had_channel) {
    retry_at_.reset();
    connection_ = nullptr;
  } else if (!stopped_) {
    retry_later();
    open_channel();
  }
  events_.lost(reason);
  if (opened_)
    return std::exchange(opened_, nullptr)(
        connection_ == nullptr ? reason : CloseReason{reason.error, "cannot serve '" + queue_ + "': " + reason.text});
  if (connection_ != nullptr) events_.troubled(reason);
}

}  // namespace pocketmq::server
