#include "broker/direct_reply.hpp"

#include "broker/context.hpp"
#include "broker/shrink.hpp"
#include "protocol/base64.hpp"

namespace pocketmq::broker {
namespace {

// RabbitMQ's names are a process and a key, both in base64. All of ours name the same "process".
constexpr std::string_view any_brokers = "amq.rabbitmq.reply-to.";
constexpr std::string_view ours = "amq.rabbitmq.reply-to.cG9ja2V0bXE=.";
constexpr std::string_view key_padding = "==";

std::size_t bytes_of(const Message& reply) {
  return Message::place_bytes + reply.properties().encoded().size() + reply.body().size();
}

bool is_base64(std::string_view text) {
  std::string ignored;
  return !text.empty() && protocol::append_from_base64(text, ignored);
}

}  // namespace

ReplyConsumer::ReplyConsumer(Channel& channel, DirectReplies& replies, std::string tag, std::string name)
    : channel_{channel}, replies_{replies}, tag_{std::move(tag)}, name_{std::move(name)} {
  replies_.consumers_.emplace(name_, this);
}

ReplyConsumer::~ReplyConsumer() {
  replies_.consumers_.erase(name_);
  shrink_if_nearly_empty(replies_.consumers_);
  if (waiting_.empty()) return;
  for (const auto& waiting : waiting_) replies_.waiting_bytes_ -= bytes_of(waiting.reply);
  replies_.context_.litter().take([waiting = std::move(waiting_)]() mutable -> std::optional<Message> {
    if (waiting.empty()) return std::nullopt;
    auto reply = std::move(waiting.front().reply);
    waiting.pop_front();
    return reply;
  });
}

bool ReplyConsumer::keep(const Message& reply) {
  auto& memory = replies_.context_.memory();
  const auto bytes = bytes_of(reply);
  if (replies_.waiting_bytes_ + bytes > memory.mark() / 8) return false;
  reply.charge_to(memory);
  waiting_.push_back({.reply = reply, .charge = {memory, Message::place_bytes}});
  replies_.waiting_bytes_ += bytes;
  return true;
}

Message ReplyConsumer::take_waiting() {
  auto reply = std::move(waiting_.front().reply);
  waiting_.pop_front();
  replies_.waiting_bytes_ -= bytes_of(reply);
  return reply;
}

std::string DirectReplies::name_with(std::string_view secret) {
  return std::string{ours}.append(secret).append(key_padding);
}

bool DirectReplies::is_forged(std::string_view name) {
  if (!name.starts_with(any_brokers) || name.starts_with(ours)) return false;
  name.remove_prefix(any_brokers.size());
  const auto dot = name.find('.');
  return dot != std::string_view::npos && is_base64(name.substr(0, dot)) && is_base64(name.substr(dot + 1));
}

ReplyConsumer* DirectReplies::find(std::string_view name) const {
  if (!name.starts_with(ours)) return nullptr;
  const auto found = consumers_.find(name);
  return found == consumers_.end() ? nullptr : found->second;
}

}  // namespace pocketmq::broker
