#include "broker/channel/direct_reply.hpp"

#include <utility>

#include "broker/core/context.hpp"
#include "broker/message/deferred_drops.hpp"
#include "protocol/base/utf8.hpp"

namespace pocketmq::broker {
namespace {

// RabbitMQ's names consist of a process and a key, both in base64. All names of this broker have the same "process".
constexpr std::string_view any_brokers = "amq.rabbitmq.reply-to.";
constexpr std::string_view ours = "amq.rabbitmq.reply-to.cG9ja2V0bXE=.";
constexpr std::string_view key_padding = "==";

std::size_t bytes_of(const Message& reply) {
  return Message::entry_bytes + reply.properties().encoded().size() + reply.body().size();
}

// How many parts the dots separate; two dots in a row count as one.
std::size_t count_parts(std::string_view name) {
  std::size_t parts = 0;
  for (bool was_dot = true; const char c : name) parts += std::exchange(was_dot, c == '.') && c != '.' ? 1 : 0;
  return parts;
}

}  // namespace

ReplyConsumer::ReplyConsumer(Owner& channel, DirectReplies& replies, std::string tag, std::string name)
    : channel_{channel}, replies_{replies}, tag_{std::move(tag)}, name_{std::move(name)} {
  replies_.consumers_.add(name_, this);
}

ReplyConsumer::~ReplyConsumer() {
  replies_.consumers_.erase(name_);
  if (waiting_.empty()) return;
  drop(replies_.context_, {.stage = event::Stage::reply, .reason = event::Dropped::requester_gone},
       [&replies = replies_, waiting = std::move(waiting_)](Budget&) mutable -> std::optional<Message> {
         if (waiting.empty()) return std::nullopt;
         auto reply = std::move(waiting.front().reply);
         waiting.pop_front();
         replies.waiting_bytes_ -= bytes_of(reply);
         return reply;
       });
}

bool ReplyConsumer::keep(const Message& reply) {
  auto& memory = replies_.context_.memory();
  const auto bytes = bytes_of(reply);
  if (replies_.waiting_bytes_ + bytes > memory.mark() / 8) return false;
  reply.charge_to(memory);
  waiting_.push_back({.reply = reply, .charge = {memory, Message::entry_bytes}});
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
  return count_parts(name) == 2 || !protocol::is_utf8(name);
}

ReplyConsumer* DirectReplies::find(std::string_view name) const {
  if (!name.starts_with(ours)) return nullptr;
  const auto* found = consumers_.find(name);
  return found == nullptr ? nullptr : found->second;
}

}  // namespace pocketmq::broker
