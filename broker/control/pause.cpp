#include "broker/control/pause.hpp"

#include <algorithm>
#include <utility>

#include "broker/request/control_error.hpp"

namespace pocketmq::broker {

Pause::Pause(Broker& broker) : broker_{broker} {
  broker_.gates().add_first(*this);  // a fault happens when its command is carried out, not while it waits
}

Pause::~Pause() {
  resume();
  broker_.gates().remove(*this);
}

void Pause::pause(const std::optional<std::string>& scope) {
  if (scope)
    scopes_.insert(*scope);
  else
    all_ = true;
}

bool Pause::is_paused(std::string_view virtual_host) const { return all_ || scopes_.contains(virtual_host); }

std::vector<Pause::Waiting> Pause::waiting() const {
  std::vector<Waiting> waiting;
  for (const auto& [order, held] : held_) waiting.push_back(held.command);
  return waiting;
}

std::vector<Pause::Waiting> Pause::step(std::optional<std::uint64_t> connection, std::size_t count) {
  if (!is_paused())
    throw ControlError{ControlError::Kind::conflict, "nothing is paused, so there is nothing to step; pause first"};
  std::vector<Waiting> carried_out;
  while (carried_out.size() < count) {
    const auto next = std::ranges::find_if(
        held_, [&](const auto& each) { return !connection || each.second.command.connection == *connection; });
    if (next == held_.end()) break;
    const auto held = std::move(next->second);
    held_.erase(next);
    (void)held.session->carry_out_held_command();
    carried_out.push_back(held.command);
  }
  return carried_out;
}

void Pause::resume(const std::optional<std::string>& scope) {
  if (scope) {
    scopes_.erase(*scope);
  } else {
    all_ = false;
    scopes_.clear();
  }
  std::erase_if(held_, [this](const auto& each) {
    const bool goes_on = !is_paused(each.second.scope);
    if (goes_on) each.second.session->release_command();
    return goes_on;
  });
}

CommandGate::Verdict Pause::on_received(Session& session, protocol::Command& command) {
  if (!is_paused() || !session.is_open()) return Verdict::pass;
  const auto virtual_host = session.virtual_host_of(command);
  if (!is_paused(virtual_host)) return Verdict::pass;
  held_.emplace(
      ++came_,
      Held{&session, {session.number(), command.channel, id_of(command.method).name}, std::string{virtual_host}});
  return Verdict::hold;
}

void Pause::on_ended(Session& session) {
  std::erase_if(held_, [&](const auto& each) { return each.second.session == &session; });
}

}  // namespace pocketmq::broker
