#include "broker/control/restart.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "broker/request/control_error.hpp"
#include "broker/session/broker.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::string_view restart_close_text = "broker forced connection closure with reason 'shutdown'";

constexpr auto is_later_queue = [](const protocol::Ref<Queue>& a, const protocol::Ref<Queue>& b) {
  return std::pair{std::string_view{a->virtual_host_name()}, std::string_view{a->name()}}
         > std::pair{std::string_view{b->virtual_host_name()}, std::string_view{b->name()}};
};

std::size_t missing_of(std::size_t before, std::size_t after) { return before - std::min(before, after); }

}  // namespace

Restart::Restart(Broker& broker)
    : broker_{broker},
      context_{broker.context()},
      restarting_{context_.backlog(), *this, &Restart::go_on},
      down_time_over_{context_.real_deadlines(), *this, &Restart::on_down_time_over} {}

Restart::~Restart() {
  if (!restarts_.empty()) come_up(restarts_.front());
}

void Restart::restart(Request request, Done done) {
  if (request.down.count() < 0 || request.down > down_max)
    throw ControlError{ControlError::Kind::bad, "a restart cannot keep the broker down for "
                                                    + std::to_string(request.down.count())
                                                    + " ms: give a time from 0 to 24 hours"};
  if (!request.virtual_host.empty() && broker_.find_virtual_host(request.virtual_host) == nullptr)
    throw ControlError{ControlError::Kind::unknown, "there is no virtual host '" + request.virtual_host
                                                        + "' to restart: name one that exists, or none to restart "
                                                          "the whole broker"};
  restarts_.push_back({.request = std::move(request), .done = std::move(done)});
  if (restarts_.size() == 1) restarting_.wait_for_quiet();
}

// The backlog is empty at each call: what the step before has begun is done.
bool Restart::go_on() {
  while (!restarts_.empty()) {
    auto& running = restarts_.front();
    if (!go_on_with(running)) return running.step == Step::stay_down;  // then the alarm goes on
    const auto kept = count(running);
    const auto& before = running.before;
    const Result result{.kept = kept,
                        .lost = {.queues = missing_of(before.queues, kept.queues),
                                 .exchanges = missing_of(before.exchanges, kept.exchanges),
                                 .bindings = missing_of(before.bindings, kept.bindings),
                                 .messages = missing_of(before.messages, kept.messages)}};
    auto ended = std::move(running);
    restarts_.pop_front();
    come_up(ended);
    tell(ended, result);
    if (ended.done) ended.done(result);
  }
  return true;
}

// Carries out the next step. Returns whether it was the last one.
bool Restart::go_on_with(Running& running) {
  switch (running.step) {
    case Step::end_connections:
      end_connections(running);
      running.step = Step::delete_content;
      return false;
    case Step::delete_content:
      delete_content(running);
      running.step = Step::find_queues;
      return false;
    case Step::find_queues:
      find_queues(running);
      running.step = Step::drop_messages;
      return false;
    case Step::drop_messages:
      if (!drop_messages(running)) return false;
      running.step = Step::end;
      if (running.down_until <= context_.clock().real_now()) return true;
      running.step = Step::stay_down;
      down_time_over_.set(running.down_until);
      return false;
    case Step::stay_down: return false;
    case Step::end: break;
  }
  return true;
}

void Restart::end_connections(Running& running) {
  const auto& request = running.request;
  for (const auto& [name, virtual_host] : broker_.virtual_hosts())
    if (request.virtual_host.empty() || request.virtual_host == name) running.virtual_hosts.emplace_back(&virtual_host);
  running.before = count(running);
  running.down_until = context_.clock().real_now() + request.down;
  if (request.virtual_host.empty()) {
    broker_.go_down();
    return broker_.close_connections(restart_close_text);
  }
  for_each_virtual_host(running, [this](VirtualHost& virtual_host) {
    virtual_host.set_access(VirtualHost::Access::down);
    broker_.close_connections_to(virtual_host, restart_close_text);
  });
}

void Restart::delete_content(const Running& running) {
  const auto content =
      running.request.loses == Loses::everything ? VirtualHost::Content::everything : VirtualHost::Content::transient;
  for_each_virtual_host(running,
                        [&](VirtualHost& virtual_host) { virtual_host.clear(content, event::Gone::restarted); });
}

void Restart::find_queues(Running& running) {
  for_each_virtual_host(running, [&](VirtualHost& virtual_host) {
    context_.budget().use(virtual_host.queue_count());
    virtual_host.for_each_queue([&](Queue& queue) { running.queues.emplace_back(&queue); });
  });
  std::ranges::make_heap(running.queues, is_later_queue);  // by name: the tables' order differs in each run
}

// Returns whether all are dropped.
bool Restart::drop_messages(Running& running) {
  auto& queues = running.queues;
  auto& kept = running.kept;
  while (!queues.empty()) {
    if (context_.budget().is_used_up()) return false;
    context_.budget().use(steps::for_checking_a_delivery);
    if (!kept) {
      std::ranges::pop_heap(queues, is_later_queue);
      queues.back()->mark_restarted();
      kept.emplace(context_.memory());
    }
    auto& queue = *queues.back();
    if (!queue.is_quorum() && !queue.drop_transient(*kept)) return false;
    kept.reset();
    queues.pop_back();
  }
  return true;
}

void Restart::come_up(const Running& running) {
  if (running.request.virtual_host.empty()) return broker_.come_up();
  for_each_virtual_host(running, [](VirtualHost& virtual_host) { virtual_host.set_access(VirtualHost::Access::open); });
}

void Restart::on_down_time_over() {
  restarts_.front().step = Step::end;
  restarting_.wait_for_quiet();
}

void Restart::tell(const Running& running, const Result& result) {
  context_.journal().tell(event::BrokerRestarted{.vhost = running.request.virtual_host,
                                                 .kept_queues = result.kept.queues,
                                                 .kept_exchanges = result.kept.exchanges,
                                                 .kept_bindings = result.kept.bindings,
                                                 .kept_messages = result.kept.messages,
                                                 .lost_queues = result.lost.queues,
                                                 .lost_exchanges = result.lost.exchanges,
                                                 .lost_bindings = result.lost.bindings,
                                                 .lost_messages = result.lost.messages});
}

void Restart::for_each_virtual_host(const Running& running, auto&& visit) {
  for (const auto& virtual_host : running.virtual_hosts)
    if (virtual_host->access() != VirtualHost::Access::deleting) visit(*virtual_host);
}

Restart::Content Restart::count(const Running& running) {
  Content content;
  for_each_virtual_host(running, [&](const VirtualHost& virtual_host) {
    content.queues += virtual_host.queue_count();
    content.exchanges += virtual_host.declared_exchange_count();
    content.bindings += virtual_host.binding_count();
    context_.budget().use(virtual_host.queue_count());
    virtual_host.for_each_queue([&](const Queue& queue) { content.messages += queue.ready() + queue.unacked(); });
  });
  return content;
}

}  // namespace pocketmq::broker
