#include "tests/simulation/wire.hpp"

#include <algorithm>
#include <cstring>

#include "broker/session/session.hpp"
#include "protocol/codec/amqp_codec.hpp"

namespace pocketmq::simulation {

using protocol::Command;
using protocol::ConnectionEnd;

Wire::Wire(std::shared_ptr<client::ConnectionCore> client, std::unique_ptr<broker::Session> session,
           protocol::Encoding encoding, WireEvents events)
    : client_{std::move(client)},
      session_{std::move(session)},
      events_{std::move(events)},
      to_broker_{.overheard = tests::Speech{encoding}},
      to_client_{.overheard = tests::Speech{encoding}},
      greeting_left_{encoding == protocol::Encoding::amqp ? protocol::amqp_header.size() : 0} {
  client_->on_wake(this);
  session_->on_wake(this);
}

Wire::~Wire() {
  if (client_) client_->on_wake(nullptr);
}

void Wire::cut(TimePoint now) {
  client_leaves(now);
  broker_leaves(now);
}

bool Wire::take_turn(TimePoint now) {
  const auto is_due = [&](const Direction& direction) {
    return (!direction.on_the_way.empty() && direction.on_the_way.front().first <= now)
           || (direction.ends && *direction.ends <= now);
  };
  const bool has_late = !late_.empty() && late_.front().first <= now;
  if (!std::exchange(woken_, false) && !has_late && !is_due(to_broker_) && !is_due(to_client_)) return false;

  if (session_) arrive(to_broker_, *session_, now);
  if (client_) arrive(to_client_, *client_, now);
  if (session_ && to_broker_.ends && *to_broker_.ends <= now) broker_leaves(now);
  if (client_ && to_client_.ends && *to_client_.ends <= now) client_leaves(now);
  if (session_) session_->end_turn();
  if (client_) client_->end_turn();
  if (client_) send_from_client(now);
  if (session_) send_from_broker(now);
  leave_when_finished(now);
  return true;
}

void Wire::arrive(Direction& direction, ConnectionEnd& end, TimePoint now) {
  while (!direction.on_the_way.empty() && direction.on_the_way.front().first <= now && end.wants_input()) {
    auto& bytes = direction.on_the_way.front().second;
    const auto room = end.prepare();
    const auto size = std::min({room.size(), bytes.size(), direction.bytes_left});
    std::memcpy(room.data(), bytes.data(), size);
    direction.bytes_left -= size;
    if (size > 0) end.commit(size, now);
    if (direction.bytes_left == 0) return cut(now);
    woken_ = true;
    if (size == bytes.size())
      direction.on_the_way.pop_front();
    else
      bytes.erase(0, size);
  }
}

void Wire::put_on_the_way(Direction& direction, std::string bytes, TimePoint now) {
  if (is_frozen_ || bytes.empty()) return;
  direction.latest = std::max(direction.latest, now + events_.latency());
  direction.on_the_way.emplace_back(direction.latest, std::move(bytes));
}

std::string Wire::output_of(ConnectionEnd& end, TimePoint now) {
  std::string bytes;
  while (!end.output().empty()) {
    const auto before = bytes.size();
    tests::append_waiting(end.output(), end.output().size(), bytes);
    end.sent(bytes.size() - before, now);
  }
  if (!bytes.empty()) woken_ = true;
  return bytes;
}

void Wire::send_from_client(TimePoint now) {
  auto bytes = output_of(*client_, now);
  const auto greeting = std::min(greeting_left_, bytes.size());
  greeting_left_ -= greeting;
  auto& overheard = to_broker_.overheard;
  overheard.hear(std::string_view{bytes}.substr(greeting));
  for (; !overheard.heard.empty(); overheard.heard.pop_front()) events_.sent(overheard.heard.front());
  put_on_the_way(to_broker_, std::move(bytes), now);
}

// Command by command, so that some may be lost, and others come when all that was sent before is whole.
void Wire::send_from_broker(TimePoint now) {
  auto& overheard = to_client_.overheard;
  const auto heartbeats = overheard.heartbeats;
  overheard.hear(output_of(*session_, now));
  std::string bytes;
  for (auto beat = heartbeats; beat < overheard.heartbeats; ++beat) bytes += overheard.say_heartbeat();
  for (; !overheard.heard.empty(); overheard.heard.pop_front()) {
    const auto& received = overheard.heard.front();
    Command command{.channel = received.channel, .method = received.method};
    if (protocol::carries_content(received.method))
      command.content = {.properties = protocol::Properties{received.properties}, .body = received.body};
    const auto said = overheard.say(command);
    const auto fate = events_.fate(received);
    if (fate == Fate::arrives || fate == Fate::comes_twice) bytes += said;
    if (fate == Fate::comes_twice) bytes += said;
    if (fate == Fate::comes_late) late_.emplace_back(now + 400ms, said);
  }
  for (; !late_.empty() && late_.front().first <= now; late_.pop_front()) bytes += late_.front().second;
  put_on_the_way(to_client_, std::move(bytes), now);
}

void Wire::leave_when_finished(TimePoint now) {
  if (client_ && client_->finished() && client_->output().empty()) client_leaves(now);
  if (session_ && session_->finished() && session_->output().empty()) broker_leaves(now);
}

TimePoint Wire::deadline() const {
  auto earliest = TimePoint::max();
  if (client_) earliest = std::min(earliest, client_->deadline());
  if (session_) earliest = std::min(earliest, session_->deadline());
  for (const auto* direction : {&to_broker_, &to_client_}) {
    if (!direction->on_the_way.empty()) earliest = std::min(earliest, direction->on_the_way.front().first);
    if (direction->ends) earliest = std::min(earliest, *direction->ends);
  }
  if (!late_.empty()) earliest = std::min(earliest, late_.front().first);
  return earliest;
}

void Wire::tick(TimePoint now) {
  if (client_ && client_->deadline() <= now) client_->tick(now);
  if (session_ && session_->deadline() <= now) session_->tick(now);
  woken_ = true;
}

// The other end learns it from the last byte that arrives, if anything does.
void Wire::client_leaves(TimePoint now) {
  if (!client_) return;
  const auto client = std::exchange(client_, nullptr);
  client->on_wake(nullptr);
  if (session_ && !is_frozen_) to_broker_.ends = std::max(to_broker_.latest, now);
  to_client_.clear();
  client->disconnect(std::make_error_code(std::errc::connection_reset), now);
}

void Wire::broker_leaves(TimePoint now) {
  if (!session_) return;
  const auto session = std::exchange(session_, nullptr);
  session->on_wake(nullptr);
  if (client_ && !is_frozen_) to_client_.ends = std::max(to_client_.latest, now);
  to_broker_.clear();
  late_.clear();
  session->disconnect(std::make_error_code(std::errc::connection_reset), now);
}

}  // namespace pocketmq::simulation
