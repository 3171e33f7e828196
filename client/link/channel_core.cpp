#include "client/link/channel_core.hpp"

#include <algorithm>

namespace pocketmq::client {

using namespace protocol;

namespace {

// Whether a method is the reply that names this consumer.
template <class Reply> auto answers(std::string tag) {
  return [tag = std::move(tag)](const Method& method) {
    const auto* reply = std::get_if<Reply>(&method);
    return reply != nullptr && reply->consumer_tag == tag;
  };
}

}  // namespace

void ChannelCore::request(const Method& method, Accepts accepts, Done<const Command*> done) {
  if (!is_open()) return done(closed_error(), nullptr);
  pending_.push_back({std::move(accepts), std::move(done)});
  send(method);
}

void ChannelCore::get(const basic::Get& method, OnGet done) {
  const auto accepts = [](const Method& reply) { return is<basic::GetOk>(reply) || is<basic::GetEmpty>(reply); };
  request(method, accepts, [done = std::move(done)](std::error_code error, const Command* reply) mutable {
    const auto* got = reply == nullptr ? nullptr : std::get_if<basic::GetOk>(&reply->method);
    done(error, got, got == nullptr ? nullptr : &*reply->content);
  });
}

void ChannelCore::consume(basic::Consume method, OnDeliver deliver, MoveOnlyFunction<void()> cancelled,
                          OnReply<basic::ConsumeOk> done) {
  // RabbitMQ's queues send these replies themselves, in any order. So the tag tells them apart.
  std::string tag{method.consumer_tag};
  if (tag.empty()) tag = "ctag" + std::to_string(number_) + '.' + std::to_string(++tags_chosen_);
  method.consumer_tag = tag;
  if (is_open())
    consumers_.insert_or_assign(tag, std::make_shared<Consumer>(Consumer{std::move(deliver), std::move(cancelled)}));
  request(method, answers<basic::ConsumeOk>(tag), reply_to<basic::ConsumeOk>(std::move(done)));
}

void ChannelCore::cancel(const std::string& consumer_tag, OnReply<basic::CancelOk> done) {
  auto forget = [this, consumer_tag, done = std::move(done)](std::error_code error, const basic::CancelOk* ok) mutable {
    consumers_.erase(consumer_tag);
    done(error, ok);
  };
  request(basic::Cancel{.consumer_tag = consumer_tag}, answers<basic::CancelOk>(consumer_tag),
          reply_to<basic::CancelOk>(std::move(forget)));
}

void ChannelCore::send(const Method& method, std::optional<Content> content) {
  if (is_open()) connection_->send_on(number_, method, std::move(content));
}

void ChannelCore::on_closed(MoveOnlyFunction<void(const CloseReason&)> closed) {
  if (connection_ != nullptr)
    closed_ = std::move(closed);
  else if (closed)
    closed(close_reason_);
}

void ChannelCore::close(Done<> done) {
  if (!is_open()) return done(connection_ == nullptr ? std::error_code{} : Error::not_open);
  send(channel::Close{.reply_code = number_of(ReplyCode::success), .reply_text = "closed by the client"});
  closing_ = true;
  close_done_ = std::move(done);
  closed_ = nullptr;
  close_reason_ = {Error::closed, "closed by the client"};
  fail_pending(Error::closed);
}

void ChannelCore::abandon() {
  pending_.clear();
  consumers_.clear();
  returned_ = nullptr;
  confirmed_ = nullptr;
  closed_ = nullptr;
  close_done_ = nullptr;
}

void ChannelCore::end(const CloseReason& reason) {
  if (connection_ == nullptr) return;
  const auto keep_alive = std::exchange(connection_, nullptr)->release(number_);
  if (!closing_) close_reason_ = reason;
  const auto consumers = std::exchange(consumers_, {});
  const auto returned = std::exchange(returned_, nullptr);
  const auto confirmed = std::exchange(confirmed_, nullptr);
  if (closed_) std::exchange(closed_, nullptr)(close_reason_);
  fail_pending(reason.error);
  if (close_done_) std::exchange(close_done_, nullptr)({});
}

void ChannelCore::fail_pending(std::error_code error) {
  for (auto& pending : std::exchange(pending_, {})) pending.done(error, nullptr);
}

void ChannelCore::on_command(const Command& command) {
  if (closing_) return handle_while_closing(command);
  std::visit([&](const auto& method) { handle(method, command); }, command.method);
}

// Commands that were on their way when we closed are dropped (AMQP 0-9-1, 1.5.2.5).
void ChannelCore::handle_while_closing(const Command& command) {
  if (std::holds_alternative<channel::Close>(command.method))
    connection_->send_on(number_, channel::CloseOk{});  // both sides closed at once; the peer answers ours too
  else if (std::holds_alternative<channel::CloseOk>(command.method))
    end(close_reason_);
}

void ChannelCore::handle(const basic::Deliver& method, const Command& command) {
  const auto found = consumers_.find(method.consumer_tag);
  if (found == consumers_.end())
    return connection_->violate(ReplyCode::command_invalid,
                                "a delivery to consumer '" + std::string{method.consumer_tag} + "', which there is not",
                                basic::Deliver::id);
  const auto consumer = found->second;  // its callback may end it
  consumer->deliver(method, *command.content);
}

void ChannelCore::handle(const basic::Return& method, const Command& command) {
  const auto returned = returned_;
  if (returned) (*returned)(method, *command.content);
}

void ChannelCore::handle(const basic::Cancel& method, const Command&) {
  if (!method.no_wait) send(basic::CancelOk{.consumer_tag = method.consumer_tag});
  const auto node = consumers_.extract(std::string{method.consumer_tag});
  if (!node.empty() && node.mapped()->cancelled) node.mapped()->cancelled();
}

// The client does not stop publishing: TCP slows publishers down. It answers as the specification asks (1.5.2.3).
void ChannelCore::handle(const channel::Flow& method, const Command&) {
  send(channel::FlowOk{.active = method.active});
}

void ChannelCore::handle(const channel::Close& method, const Command&) {
  send(channel::CloseOk{});
  end({reply_error(method.reply_code), std::string{method.reply_text}});
}

void ChannelCore::handle_reply(const Command& command) {
  const auto asked = std::ranges::find_if(pending_, [&](Pending& pending) { return pending.accepts(command.method); });
  if (asked == pending_.end()) {
    const auto& id = id_of(command.method);
    return connection_->violate(ReplyCode::command_invalid,
                                "nothing was asked that " + std::string{id.name} + " would answer", id);
  }
  auto done = std::move(asked->done);
  pending_.erase(asked);
  done({}, &command);
}

}  // namespace pocketmq::client
