// What a session does for gates (command_gate.hpp).
#include <algorithm>
#include <utility>

#include "broker/session/broker_state.hpp"
#include "broker/session/gated_traffic.hpp"
#include "broker/session/session.hpp"

namespace pocketmq::broker {

namespace connection = protocol::connection;
using Verdict = CommandGate::Verdict;

GatedTraffic& Session::gated() {
  if (!gated_)
    gated_ = std::make_unique<GatedTraffic>(*this, context_.deadlines(),
                                            GatedTraffic::Calls{.release_command = &Session::release_command,
                                                                .send_delayed = &Session::send_delayed,
                                                                .unblock = &Session::unblock});
  return *gated_;
}

bool Session::is_kept_held() const { return gated_->keeps_held(); }

std::string_view Session::virtual_host_of(const protocol::Command& command) const {
  if (client_.virtual_host) return client_.virtual_host->name();
  if (const auto* open = std::get_if<connection::Open>(&command.method)) return open->virtual_host;
  return {};
}

// ---- what was received

bool Session::passes_gates(protocol::Command& command, bool is_retried) {
  // A client that skips the handshake is logged in before the gates are asked, so that they know its virtual host.
  if (may_skip_handshake() && !std::holds_alternative<connection::Open>(command.method)) {
    enter_as_guest();
    if (is_login_held()) {
      postpone(command);
      return false;
    }
    if (state_ != State::open) return false;
  }
  auto& gated = this->gated();
  if (!is_retried) gated.passed = 0;
  while (auto* const gate = broker_.gates.at(gated.passed)) {
    ++gated.passed;
    gated.is_asking = true;
    Verdict verdict{};
    try {
      verdict = gate->on_received(*this, command);
    } catch (...) {
      gated.is_asking = false;
      throw;
    }
    gated.is_asking = false;
    if (verdict == Verdict::pass) continue;
    if (verdict == Verdict::hold) {
      gated.holds_command = true;
      postpone(command);
    }
    return false;
  }
  const bool waits = gated.is_blocked && std::holds_alternative<protocol::basic::Publish>(command.method);
  if (waits) {
    gated.holds_publish = true;
    postpone(command);
  }
  if (gated.set_aside)
    act_soon([this, copy = std::move(gated.set_aside)]() mutable { carry_out_copy(std::move(copy)); });
  return !waits;
}

void Session::release_command() {
  if (!gated_ || !std::exchange(gated_->holds_command, false)) return;
  gated_->release_due.set(TimePoint::max());
  wait_in_line();
}

void Session::release_command_at(TimePoint at) { gated().release_due.set(at); }

bool Session::carry_out_held_command() {
  if (!gated_ || !std::exchange(gated_->holds_command, false)) return false;
  gated_->release_due.set(TimePoint::max());
  context().backlog().begin_input_slice();
  resume_if_possible();
  wake();
  return !waits_for_memory();
}

void Session::carry_out_twice(const protocol::Command& command) {
  act_soon(
      [this, copy = std::make_unique<OwnedCommand>(command, codec())]() mutable { carry_out_copy(std::move(copy)); });
}

void Session::carry_out_after_next(const protocol::Command& command) {
  auto before = std::exchange(gated().set_aside, std::make_unique<OwnedCommand>(command, codec()));
  if (before) act_soon([this, copy = std::move(before)]() mutable { carry_out_copy(std::move(copy)); });
}

// ---- actions

void Session::act_soon(protocol::MoveOnlyFunction<void()> action) {
  gated().soon.push_back(std::move(action));
  wake();
}

// Actions wait for work of a channel that takes more than a slice, as commands do.
void Session::do_what_gates_asked() {
  if (!gated_) return;
  if (gated_->cut) return carry_out_cut();
  while (!gated_->soon.empty() && working_ == nullptr) {
    for (auto& action : std::exchange(gated_->soon, {})) {
      if (gated_->cut || state_ == State::closing || state_ == State::leaving || finished()) break;
      action();
    }
  }
  if (gated_->cut) carry_out_cut();
}

void Session::cut(Cut how, std::string why) {
  auto& gated = this->gated();
  if (gated.cut) return;
  if (gated.is_asking) channels_.report_confirms();  // of the commands before this one
  gated.cut = {how, std::move(why)};
  hold();
  wake();
}

void Session::carry_out_cut() {
  if (std::exchange(gated_->is_cut, true)) return;
  if (gated_->cut->how == Cut::freeze) return freeze();
  if (!finished()) tell_lost(gated_->cut->why);
  release();
  finish();
}

bool Session::resets() const { return gated_ && gated_->cut && gated_->cut->how == Cut::reset; }

bool Session::is_blocked_by_gate() const { return gated_ && gated_->is_blocked; }

void Session::block(std::string_view reason, TimePoint until) {
  auto& gated = this->gated();
  gated.unblock_due.set(until);
  const bool is_told = is_blocked();
  gated.is_blocked = true;
  if (!is_told) tell_blocked(reason);
}

void Session::unblock() {
  if (!is_blocked_by_gate()) return;
  gated_->unblock_due.set(TimePoint::max());
  gated_->is_blocked = false;
  if (state_ == State::open && !waits_for_memory()) tell_unblocked();
  if (std::exchange(gated_->holds_publish, false)) wait_in_line();
}

// ---- what is sent

void Session::send_through_gates(const protocol::Command& command) {
  auto& gated = this->gated();
  if (gated.cut) return;
  bool is_sent = true;
  broker_.gates.for_each(
      [&](CommandGate& gate) { is_sent = is_sent && gate.on_sent(*this, command) == Verdict::pass; });
  if (!is_sent) return;
  context().tell(&Observer::on_sent, *this, command);
  if (gated.delayed.empty())
    send(command);
  else
    send_bytes(encoded(command, codec()));
  if (auto later = std::exchange(gated.after_next, std::nullopt)) send_bytes(*later);
}

void Session::send_bytes(std::string_view bytes) {
  auto& gated = this->gated();
  if (gated.delayed.empty()) {
    raw_output().append(bytes);
    return wake();
  }
  gated.delayed.back().bytes += bytes;
  gated.delayed_bytes += bytes.size();
}

void Session::send_part(const protocol::Command& command, std::size_t max_bytes) {
  const auto bytes = encoded(command, codec());
  send_bytes(std::string_view{bytes}.substr(0, max_bytes));
}

void Session::send_after_next(const protocol::Command& command) {
  auto& gated = this->gated();
  auto before = std::exchange(gated.after_next, encoded(command, codec()));
  if (before) send_bytes(*before);
}

void Session::delay_output(TimePoint until) {
  auto& gated = this->gated();
  if (!gated.delayed.empty()) until = std::max(until, gated.delayed.back().until);
  gated.delayed.push_back({until, {}});
  gated.output_due.set(gated.delayed.front().until);
}

void Session::send_delayed() {
  auto& gated = *gated_;
  while (!gated.delayed.empty() && gated.delayed.front().until <= context().now()) {
    const auto bytes = std::move(gated.delayed.front().bytes);
    gated.delayed.pop_front();
    gated.delayed_bytes -= bytes.size();
    if (!gated.cut) raw_output().append(bytes);
  }
  if (!gated.delayed.empty())
    gated.output_due.set(gated.delayed.front().until);
  else if (gated.finishes_when_sent)
    finish();
  else if (output_was_full_)
    channels_.ask_waiting_consumers();
  wake();
}

bool Session::has_room_beside_delayed() const {
  return !gated_->cut && output().size() + gated_->delayed_bytes < limits().output_deliver_bytes;
}

void Session::finish_when_sent() {
  if (!gated_ || gated_->delayed.empty()) return finish();
  gated_->finishes_when_sent = true;
  own_deadline(std::nullopt);
}

}  // namespace pocketmq::broker
