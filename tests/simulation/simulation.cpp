#include "tests/simulation/simulation.hpp"

#include <array>

#include "broker/queue/queue.hpp"
#include "broker/session/broker.hpp"
#include "broker/vhost/virtual_host.hpp"

namespace pocketmq::simulation {

using protocol::Encoding;

namespace {

constexpr auto calls_last = 3s;
constexpr auto faults_last = 4s;
// Longer than a handshake, than two heartbeats, and than any time-out of a call.
constexpr auto healing_takes = 60s;
constexpr auto probes_take = 15s;
constexpr auto closing_takes = 10s;
constexpr std::size_t bytes_until_cut_max = 4'000;

}  // namespace

Simulation::Simulation(std::uint64_t seed)
    : dice_{seed},
      is_calm_{dice_.one_in(8)},
      ledger_{is_calm_},
      network_{dice_, dice_.one_in(4) ? Encoding::json : Encoding::amqp, wire_events()} {
  callers_.resize(1 + dice_.below(2));
  servers_.resize(1 + dice_.below(2));
  for (auto& caller : callers_) caller = std::make_unique<Caller>(network_, ledger_, some_settings());
  for (std::size_t i = 0; i < servers_.size(); ++i) start_server(i);
  if (is_calm_) network_.run_until(network_.now() + 1s);  // the queues are there before the first call
  for (auto calls = 5 + dice_.below(25); calls > 0; --calls) plan_call();
  if (is_calm_) {
    for (auto replaced = dice_.below(3); replaced > 0; --replaced)
      network_.in(dice_.between(0s, calls_last), [this] { replace_server(dice_.below(servers_.size())); });
    return;
  }
  for (auto faults = 1 + dice_.below(6); faults > 0; --faults) plan_fault();
  loses_replies_ = dice_.one_in(2);
  if (loses_replies_) replies_hit_one_in_ = 2 + dice_.below(8);
}

void Simulation::run() {
  const auto begun = network_.now();
  network_.run_until(begun + faults_last);
  end_of_faults();
  network_.run_until(begun + faults_last + healing_takes);
  check_that_all_heals();
  check_that_nothing_is_left();
  close();
}

// --- What happens ----------------------------------------------------------------------------------

client::RpcSettings Simulation::some_settings() {
  return {.reply_to = dice_.one_in(2) ? client::ReplyTo::direct : client::ReplyTo::callback_queue,
          .confirm = dice_.one_in(2),
          .seed = dice_.below(~std::uint64_t{0})};
}

void Simulation::start_server(std::size_t place) {
  const auto prefetch = static_cast<std::uint16_t>(dice_.below(4));
  servers_[place] =
      std::make_shared<Server>(network_, ledger_, ServerPlan{processes_++, prefetch, !is_calm_ && dice_.one_in(3)});
  servers_[place]->start();
}

// Loses no request, so that it is no fault.
void Simulation::replace_server(std::size_t place) {
  servers_[place]->stop();
  leaving_.push_back(servers_[place]);
  start_server(place);
}

void Simulation::plan_call() {
  constexpr std::array queues{queue::echo, queue::echo, queue::remember, queue::fail, queue::count, queue::nobody};
  constexpr std::array<std::chrono::milliseconds, 4> timeouts{10ms, 300ms, 5s, 30s};
  Call call{.queue = queues[dice_.below(queues.size())], .idempotent = dice_.one_in(2)};
  if (is_calm_)
    call.timeout = 50s;
  else if (!dice_.one_in(6))
    call.timeout = timeouts[dice_.below(timeouts.size())];
  if (call.queue == queue::count && dice_.one_in(4)) call.room_for_elements = static_cast<int>(dice_.below(4));
  auto& caller = *callers_[dice_.below(callers_.size())];
  const bool is_cancelled = dice_.one_in(6);
  const auto cancelled_after = dice_.between(0ms, dice_.one_in(2) ? 5ms : 500ms);
  network_.in(dice_.between(0s, calls_last), [this, call, &caller, is_cancelled, cancelled_after] {
    const auto number = caller.call(call);
    if (is_cancelled) network_.in(cancelled_after, [&caller, number] { caller.cancel(number); });
  });
}

void Simulation::plan_fault() {
  network_.in(dice_.between(0s, faults_last), [this] { fault(); });
}

void Simulation::fault() {
  const auto place = dice_.below(servers_.size());
  const auto comes_back_after = dice_.between(0ms, 2s);
  auto* wire = network_.any_wire();
  const auto bytes = 1 + dice_.below(bytes_until_cut_max);
  switch (dice_.below(7)) {
    case 0:
      ledger_.note(network_.now(), "a connection is cut");
      if (wire != nullptr) wire->cut(network_.now());
      return;
    case 1:
      ledger_.note(network_.now(), "a connection is to be cut after bytes to the broker: " + std::to_string(bytes));
      if (wire != nullptr) wire->cut_after_bytes_to_broker(bytes);
      return;
    case 2:
      ledger_.note(network_.now(), "a connection is to be cut after bytes to the client: " + std::to_string(bytes));
      if (wire != nullptr) wire->cut_after_bytes_to_client(bytes);
      return;
    case 3:
      ledger_.note(network_.now(), "a connection freezes");
      if (wire != nullptr) wire->freeze();
      return;
    case 4:
      ledger_.note(network_.now(), "a server is killed");
      servers_[place].reset();
      network_.in(comes_back_after, [this, place] {
        if (!servers_[place]) start_server(place);
      });
      return;
    case 5:
      if (servers_[place]) replace_server(place);
      return;
    default:
      ledger_.note(network_.now(), "the broker is killed");
      network_.broker_goes();
      network_.in(comes_back_after, [this] { network_.broker_comes(); });
  }
}

void Simulation::end_of_faults() {
  replies_hit_one_in_ = 0;
  network_.cut_no_more();
  network_.broker_comes();
  for (std::size_t i = 0; i < servers_.size(); ++i)
    if (!servers_[i]) start_server(i);
}

WireEvents Simulation::wire_events() {
  return {.sent =
              [this](const tests::Received& command) {
                const auto* publish = std::get_if<protocol::basic::Publish>(&command.method);
                const auto properties = command.decoded_properties();
                if (publish == nullptr || !publish->exchange.empty() || !properties.message_id) return;
                ledger_.note(network_.now(), "a request is sent: " + command.body);
                ledger_.published(command.body, *properties.message_id);
              },
          .fate = [this](const tests::Received& command) { return fate_of(command); }};
}

// Replies are what has no `reply_to`. Requests are not lost between broker and server but with their connection.
Fate Simulation::fate_of(const tests::Received& command) {
  // How a server learns that its caller's queue is still there (405), or not (404).
  const auto* closed = std::get_if<protocol::channel::Close>(&command.method);
  const bool is_answer = closed != nullptr && (closed->reply_code == 404 || closed->reply_code == 405)
                         && closed->class_id == protocol::queue::Declare::id.class_id
                         && closed->method_id == protocol::queue::Declare::id.method_id;
  const bool is_refusal = closed != nullptr || std::holds_alternative<protocol::connection::Close>(command.method);
  if (is_refusal && !is_answer) ledger_.violation("the broker was given a reason to say " + tests::described(command));
  const bool is_reply =
      std::holds_alternative<protocol::basic::Deliver>(command.method) && !command.decoded_properties().reply_to;
  if (!is_reply || replies_hit_one_in_ == 0 || !dice_.one_in(replies_hit_one_in_)) return Fate::arrives;
  constexpr std::array fates{Fate::is_lost, Fate::comes_twice, Fate::comes_late};
  return fates[dice_.below(fates.size())];
}

// --- What must hold --------------------------------------------------------------------------------

void Simulation::check_that_all_heals() {
  std::vector<int> probes;
  for (const auto& caller : callers_)
    for (const auto queue : {queue::echo, queue::remember, queue::count})
      probes.push_back(caller->call({.queue = queue, .timeout = 10s}));
  network_.run_until(network_.now() + probes_take);
  for (const auto number : probes)
    if (ledger_.call(number).failed_with)
      ledger_.violation("call " + std::to_string(number) + " fails though all has had the time to heal");
  ledger_.check_all_are_complete(loses_replies_ ? Ledger::Unbounded::may_wait : Ledger::Unbounded::are_complete,
                                 "though all has had the time to heal");
}

void Simulation::check_that_nothing_is_left() {
  for (const auto& server : leaving_)
    if (server->running_requests() > 0) ledger_.violation("a server that was stopped still runs requests");
  for (const auto& server : servers_)
    if (server->running_requests() > 0) ledger_.violation("a server still runs requests");
  for (const auto name : {queue::echo, queue::remember, queue::fail, queue::count}) {
    const auto* left = network_.broker().find_virtual_host("/")->find_queue(name);
    if (left == nullptr || left->ready() > 0 || left->unacked() > 0)
      ledger_.violation("the queue '" + std::string{name} + "' is gone, or requests are left in it");
  }
}

void Simulation::close() {
  for (const auto& caller : callers_) caller->close();
  for (const auto& server : servers_) server->stop();
  network_.run_until(network_.now() + closing_takes);
  ledger_.check_all_are_complete(Ledger::Unbounded::are_complete, "though its caller is closed");
  for (const auto& caller : callers_) {
    if (caller->pending_calls() > 0) ledger_.violation("a closed caller still has calls");
  }
}

}  // namespace pocketmq::simulation
