#include "server/server_core.hpp"

#include <algorithm>
#include <utility>

namespace pocketmq::server {

using client::CloseReason;
using client::Payload;
using client::RpcError;
using protocol::TimePoint;

namespace {

// For cancellations of requests that are still in their queues.
constexpr RecentBounds early_cancels_bounds{
    .count_max = 1'000, .bytes_max = 1'048'576, .window = std::chrono::minutes{10}};

}  // namespace

ServerCore::ServerCore(std::uint16_t prefetch, ServerEvents events)
    : prefetch_{prefetch},
      events_{std::move(events)},
      early_cancels_{early_cancels_bounds},
      cancel_listener_{[this](const std::string& caller, TimePoint now) { cancel(caller, now); }} {}

void ServerCore::serve(Served served) {
  procedures_.push_back(
      std::make_unique<ProcedureCore>(procedures_.size(), std::move(served), prefetch_, events_, early_cancels_));
}

void ServerCore::open(client::ConnectionCore& connection, OnOpen opened) {
  opened_ = std::move(opened);
  missing_ = procedures_.size() + 1;
  cancel_listener_.open(connection, [this] { part_settled({}); });
  for (const auto& procedure : procedures_)
    procedure->open(connection, [this](const CloseReason& reason) { part_settled(reason); });
}

void ServerCore::part_settled(const CloseReason& reason) {
  --missing_;
  if (opened_ && (reason.error || missing_ == 0)) std::exchange(opened_, nullptr)(reason);
}

void ServerCore::reply(RequestId id, const Payload& payload, TimePoint now) {
  procedures_[id.procedure]->reply(id.number, payload, now);
  check_drained();
}

void ServerCore::fail(RequestId id, const RpcError& error, TimePoint now) {
  procedures_[id.procedure]->fail(id.number, error, now);
  check_drained();
}

void ServerCore::end(RequestId id) {
  procedures_[id.procedure]->end(id.number);
  check_drained();
}

void ServerCore::drop(RequestId id) {
  procedures_[id.procedure]->drop(id.number);
  check_drained();
}

void ServerCore::give_back(RequestId id) {
  procedures_[id.procedure]->give_back(id.number);
  check_drained();
}

bool ServerCore::write(RequestId id, const Payload& element) {
  return procedures_[id.procedure]->write(id.number, element);
}

void ServerCore::when_output_drained(RequestId id, client::MoveOnlyFunction<void()> on_drain) {
  procedures_[id.procedure]->when_output_drained(std::move(on_drain));
}

void ServerCore::cancel(const std::string& caller, TimePoint now) {
  const bool was_here =
      std::ranges::any_of(procedures_, [&](const auto& procedure) { return procedure->cancel(caller); });
  if (!was_here) early_cancels_.put(caller, true, 0, now);
}

void ServerCore::stop(client::MoveOnlyFunction<void()> drained) {
  if (std::exchange(stopped_, true)) return;
  drained_ = std::move(drained);
  for (const auto& procedure : procedures_) procedure->stop();
  check_drained();
}

void ServerCore::check_drained() {
  if (drained_ && running_requests() == 0) std::exchange(drained_, nullptr)();
}

void ServerCore::tick(TimePoint now) {
  for (const auto& procedure : procedures_) procedure->tick(now);
}

TimePoint ServerCore::deadline() const {
  auto earliest = TimePoint::max();
  for (const auto& procedure : procedures_) earliest = std::min(earliest, procedure->deadline());
  return earliest;
}

std::size_t ServerCore::running_requests() const {
  std::size_t running = 0;
  for (const auto& procedure : procedures_) running += procedure->running();
  return running;
}

}  // namespace pocketmq::server
