#include "client/rpc/queue_preparation.hpp"

#include "protocol/vocabulary/method.hpp"

namespace pocketmq::client {

using namespace protocol;

namespace {

RpcError refused(const std::string& queue, const CloseReason& reason) {
  if (reason.error.category() != reply_code_category())
    return {RpcCode::unavailable, reason.text.empty() ? reason.error.message() : reason.text, reason::connection_lost};
  const auto text = "queue '" + queue + "': " + reason.text;
  switch (static_cast<ReplyCode>(reason.error.value())) {
    case ReplyCode::not_found: return {RpcCode::unavailable, text, reason::no_queue};
    case ReplyCode::access_refused: return {RpcCode::permission_denied, text};
    default: return {RpcCode::failed_precondition, text};
  }
}

}  // namespace

void QueuePreparation::prepare(const RpcRequest& request, Prepared prepared) {
  const bool declares = must_declare(request) || asked_.contains({request.queue, Ask::to_declare});
  const Question question{request.queue, declares ? Ask::to_declare : Ask::whether_it_exists};
  const auto [waiting, is_first] = asked_.try_emplace(question);
  waiting->second.push_back({request.require_consumer, std::move(prepared)});
  if (is_first) ask(question, declares ? *request.declare : QueueOptions::use_existing());
}

void QueuePreparation::ask(const Question& question, const QueueOptions& options) {
  if (spare_ && spare_->is_open()) return ask_on(std::exchange(spare_, nullptr), question, options);
  connection_.open_channel([weak = weak_from_this(), question, options](std::error_code error, auto channel) {
    const auto self = weak.lock();
    if (!self) return;
    if (error) return self->answer(question, refused(question.first, {error, {}}), 0);
    self->ask_on(std::move(channel), question, options);
  });
}

void QueuePreparation::ask_on(std::shared_ptr<ChannelCore> channel, const Question& question,
                              const QueueOptions& options) {
  auto& on = *channel;
  on.request(
      queue::Declare{.queue = question.first,
                     .passive = options.passive,
                     .durable = options.durable,
                     .exclusive = options.exclusive,
                     .auto_delete = options.auto_delete,
                     .arguments = options.arguments.view()},
      [weak = weak_from_this(), question, channel = std::move(channel)](std::error_code, const queue::DeclareOk* ok) {
        const auto self = weak.lock();
        if (!self) return;
        if (ok == nullptr) return self->answer(question, refused(question.first, channel->close_reason()), 0);
        if (self->spare_)
          channel->close([](std::error_code) {});
        else
          self->spare_ = channel;
        self->answer(question, std::nullopt, ok->consumer_count);
      });
}

void QueuePreparation::answer(const Question& question, const std::optional<RpcError>& error,
                              std::uint32_t consumer_count) {
  const auto& [queue, asked] = question;
  if (!error && asked == Ask::to_declare) declared_.insert(queue);
  const std::optional<RpcError> no_consumer{std::in_place, RpcCode::unavailable,
                                            "nobody consumes the queue '" + queue + "'; is its server running?",
                                            reason::no_consumer};
  auto waiting = asked_.extract(question);
  for (auto& [require_consumer, prepared] : waiting.mapped())
    prepared(!error && require_consumer && consumer_count == 0 ? no_consumer : error);
}

}  // namespace pocketmq::client
