#include "broker/journal/event_log.hpp"

#include <array>
#include <cstdio>
#include <string>

#include "broker/session/session.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::chrono::minutes repeat_after{1};
constexpr std::string_view tls_handshake{"\x16\x03", 2};

// "1.5 MB"
std::string text_of_bytes(std::size_t bytes) {
  std::array<char, 32> text{};
  const auto megabytes = static_cast<double>(bytes) / 1'000'000;
  const auto size = std::snprintf(text.data(), text.size(), "%.1f MB", megabytes);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + ' ' + std::string{count == 1 ? one : many};
}

std::string text_of(const Holdings& left) {
  std::string text;
  const auto add = [&](std::size_t count, std::string_view one, std::string_view many) {
    if (count != 0) text += (text.empty() ? "" : ", ") + counted(count, one, many);
  };
  add(left.unacked, "unacked delivery is requeued", "unacked deliveries are requeued");
  add(left.uncommitted, "uncommitted publish is dropped", "uncommitted publishes are dropped");
  add(left.consumers, "consumer is gone", "consumers are gone");
  add(left.exclusive_queues, "exclusive queue is deleted", "exclusive queues are deleted");
  return text.empty() ? "it leaves nothing" : text;
}

std::string_view hint_for(std::string_view begin) {
  if (begin.starts_with(tls_handshake)) return "; it looks like TLS, which this port does not speak";
  for (const std::string_view verb : {"GET ", "POST", "HEAD", "PUT ", "OPTI"})
    if (begin.starts_with(verb)) return "; it looks like HTTP, which this port does not speak";
  if (begin.starts_with("AMQP")) return "; of AMQP only 0-9-1 is spoken here";
  return "";
}

}  // namespace

void EventLog::say(LogLevel level, std::string_view text) {
  if (level <= level_) lines_.say(level, text);
}

void EventLog::say(const Session& session, LogLevel level, std::string_view text) {
  if (level > level_) return;
  if (level == LogLevel::debug || has_room_for_line(session.context()))
    lines_.say(level, session.name(), session.address(), text);
}

bool EventLog::has_room_for_line(const Context& context) {
  if (context.clock().real_now() >= window_ends_) {
    if (left_out_ != 0)
      say(LogLevel::warning, counted(left_out_, "line", "lines") + " about connections left out here");
    left_out_ = 0;
    written_ = 0;
    window_ends_ = context.clock().real_now() + lines_window;
  }
  if (written_ < lines_max) return ++written_ != 0;
  ++left_out_;
  return false;
}

bool EventLog::is_first_in_a_minute(const Context& context, std::string_view what) {
  const auto [last, is_first] = last_logged_.try_emplace(what, context.clock().real_now());
  if (!is_first && context.clock().real_now() < last->second + repeat_after) return false;
  last->second = context.clock().real_now();
  return true;
}

void EventLog::on_connected(const Session& session) {
  if (level_ < LogLevel::debug) return;
  say(session, LogLevel::debug,
      "user '" + session.user().name + "' has opened vhost '" + session.virtual_host().name() + "'");
}

void EventLog::on_disconnected(const Session& session) {
  note_unblocked(session);
  say(session, LogLevel::debug, "the connection has ended");
}

void EventLog::on_refused(const Session& session, std::uint16_t channel, protocol::ReplyCode code,
                          std::string_view text) {
  const auto level = code == protocol::ReplyCode::connection_forced ? LogLevel::debug
                     : channel == 0                                 ? LogLevel::warning
                                                                    : LogLevel::info;
  if (level <= level_)
    say(session, level,
        (channel == 0 ? "" : "channel " + std::to_string(channel) + ' ') + "closed with "
            + std::to_string(number_of(code)) + ' ' + std::string{name_of(code)} + " - " + std::string{text});
  log_limits_reached(session.context());
}

void EventLog::log_limits_reached(Context& context) {
  const auto& quotas = context.quotas();
  const auto look_at = [&](const Quota& quota, std::string_view what, std::string_view flag) {
    if (quota.is_used_up() && is_first_in_a_minute(context, what))
      say(LogLevel::warning, "there are as many " + std::string{what} + " as there may be, "
                                 + std::to_string(quota.limit())
                                 + ", and more are refused; delete some, or allow more with " + std::string{flag});
  };
  look_at(quotas.connections, "connections", "--connection-max");
  look_at(quotas.queues, "queues", "--queue-max");
  look_at(quotas.consumers, "consumers", "--consumer-max");
  look_at(quotas.bindings, "bindings", "--binding-max");
}

void EventLog::on_garbage(const Session& session, std::string_view begin) {
  say(session, LogLevel::warning,
      "closed: it begins with what is no known protocol, '" + std::string{begin} + '\'' + std::string{hint_for(begin)});
}

void EventLog::on_lost(const Session& session, std::string_view why, const Holdings& left) {
  const bool left_work = left.unacked + left.uncommitted != 0;
  const auto level = !session.has_logged_in() ? LogLevel::debug : left_work ? LogLevel::warning : LogLevel::info;
  if (level <= level_) say(session, level, "connection lost (" + std::string{why} + "): " + text_of(left));
}

void EventLog::on_blocked(const Session& session) {
  auto& context = session.context();
  if (blocked_.empty()) {
    blocked_since_ = context.clock().real_now();
    if (has_room_for_line(context))
      say(LogLevel::warning,
        text_of_bytes(context.memory().used()) + " are held for clients, and "
            + text_of_bytes(context.options().memory_max_bytes)
            + " is the mark: publishers wait until a tenth of it is free; consume or purge queues, or give more with "
              "--memory-max");
  }
  blocked_.insert(session.number());
  say(session, LogLevel::debug, "waits for memory");
}

void EventLog::on_unblocked(const Session& session) { note_unblocked(session); }

void EventLog::note_unblocked(const Session& session) {
  if (blocked_.erase(session.number()) == 0) return;
  say(session, LogLevel::debug, "no longer waits for memory");
  if (!blocked_.empty() || !has_room_for_line(session.context())) return;
  const auto waited =
      std::chrono::ceil<std::chrono::milliseconds>(session.context().clock().real_now() - blocked_since_);
  say(LogLevel::info, "no publisher waits for memory any more, after " + std::to_string(waited.count()) + " ms");
}

void EventLog::on_accept_failed(Context& context, std::error_code error) {
  if (is_first_in_a_minute(context, "accept"))
    say(LogLevel::error,
        "cannot take a connection: " + error.message()
            + "; those that are there go on, and new ones wait; close some, or allow more open files (ulimit -n)");
}

}  // namespace pocketmq::broker
