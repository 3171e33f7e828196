#include "tests/simulation/processes.hpp"

#include <array>
#include <utility>

namespace pocketmq::simulation {

using client::RpcCode;
using client::RpcError;
using client::RpcResult;
using client::WallTime;
using server::Request;
using server::RequestId;

namespace {

constexpr std::array procedures{queue::echo, queue::remember, queue::fail, queue::count};

std::chrono::nanoseconds a_clock_error(Dice& dice) { return dice.between(-clock_error_max, clock_error_max); }

WallTime wall(TimePoint now, std::chrono::nanoseconds clock_error) {
  return WallTime{std::chrono::seconds{1'700'000'000}} + now.time_since_epoch() + clock_error;
}

}  // namespace

// --- Caller ----------------------------------------------------------------------------------------

Caller::Caller(LossyNetwork& network, Ledger& ledger, const client::RpcSettings& settings)
    : network_{network},
      ledger_{ledger},
      clock_error_{a_clock_error(network.dice())},
      core_{settings, [] {}},
      connector_{std::make_shared<Connector>(network, [this](client::ConnectionCore& connection, auto ready) {
        core_.open(connection, [ready](const client::CloseReason& reason) { ready(!reason.error); });
      })} {
  network_.attach(core_);
  connector_->connect();
}

Caller::~Caller() {
  network_.detach(core_);
  connector_->vanish();
}

int Caller::call(const Call& wanted) {
  const auto number = ledger_.made(wanted, network_.now()).number;
  client::RpcRequest request{.queue = std::string{wanted.queue},
                             .payload = {std::to_string(number)},
                             .timeout = wanted.timeout,
                             .idempotent = wanted.idempotent};
  if (wanted.queue == queue::count)
    request.on_element = [this, number](const std::string& body) { return ledger_.element(number, body); };
  ids_[number] =
      core_.call(std::move(request), network_.now(), wall(network_.now(), clock_error_),
                 [this, number](const RpcResult& result) { ledger_.completed(number, result, network_.now()); });
  return number;
}

void Caller::cancel(int number) {
  ledger_.cancelled(number);
  core_.cancel(ids_.at(number));
}

void Caller::close() {
  for (const auto& [number, id] : ids_) ledger_.cancelled(number);
  core_.close({RpcCode::cancelled, "the client object is gone"});
  connector_->close();
}

// --- Server ----------------------------------------------------------------------------------------

Server::Server(LossyNetwork& network, Ledger& ledger, const ServerPlan& plan)
    : network_{network},
      ledger_{ledger},
      plan_{plan},
      clock_error_{a_clock_error(network.dice())},
      core_{plan.prefetch,
            {.requested = [this](Request request) { take(std::move(request)); },
             .cancelled = [](RequestId) {},
             .deadline_changed = [] {},
             .troubled = [](const client::CloseReason&) {}}},
      connector_{std::make_shared<Connector>(network, [this](client::ConnectionCore& connection, auto ready) {
        core_.open(connection, [this, ready](const client::CloseReason& reason) {
          note(reason.error ? "cannot serve: " + reason.text : "serves");
          ready(!reason.error);
        });
      })} {
  for (const auto name : procedures) {
    server::Served served{.queue = std::string{name}, .is_stream = name == queue::count};
    if (name == queue::remember) served.options.deduplicate = std::chrono::minutes{10};
    core_.serve(std::move(served));
  }
  network_.attach(core_);
}

Server::~Server() {
  network_.detach(core_);
  connector_->vanish();
}

void Server::note(const std::string& what) {
  ledger_.note(network_.now(), "server " + std::to_string(plan_.process) + ' ' + what);
}

void Server::start() { connector_->connect(); }

void Server::stop() {
  note("is stopped");
  core_.stop([this] {
    note("has finished");
    in(0ns, [this] { connector_->close(); });
  });
}

template <class Task> void Server::in(std::chrono::nanoseconds delay, Task task) {
  network_.in(delay, [weak = weak_from_this(), task = std::move(task)] {
    if (const auto lives = weak.lock()) task();
  });
}

// As RpcResponder does: what is late when its turn comes is not run.
void Server::take(Request request) {
  note("is given " + request.body);
  auto& dice = network_.dice();
  const auto wait = plan_.has_slow_pool && dice.one_in(4) ? dice.between(0ms, 4s) : dice.between(0us, 100us);
  in(wait, [this, request = std::move(request)] {
    if (server::is_late(request, wall(network_.now(), clock_error_), server::max_clock_skew_default))
      core_.drop(request.id);
    else
      run(request);
  });
}

void Server::run(const Request& request) {
  const auto& body = request.body;
  const auto id = request.id;
  const auto message_id = protocol::Properties{request.properties}.decode().message_id;
  ledger_.runs(body, std::string{message_id.value_or("")}, plan_.process, network_.now());
  auto& dice = network_.dice();
  const auto takes = dice.one_in(4) ? dice.between(0ms, 500ms) : dice.between(0ms, 5ms);
  const auto name = procedures[id.procedure];
  if (name == queue::count) return stream(id, std::stoi(body) % 7, 0);
  in(takes, [this, id, body, name] {
    if (name == queue::fail)
      core_.fail(id, RpcError{RpcCode::aborted, body}, network_.now());
    else
      core_.reply(id, {body}, network_.now());
  });
}

void Server::stream(RequestId id, int number, int next) {
  in(network_.dice().between(0ms, 20ms), [this, id, number, next] {
    if (next == number || !core_.write(id, {std::to_string(next)})) return core_.end(id);
    stream(id, number, next + 1);
  });
}

}  // namespace pocketmq::simulation
