#include "tests/kit/world.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <list>
#include <utility>
#include <variant>

#include <asio/io_context.hpp>

#include "broker/in_process.hpp"
#include "broker/journal/broker_snapshot.hpp"
#include "broker/journal/ndjson.hpp"
#include "broker/session/broker.hpp"
#include "protocol/io/clock_of.hpp"
#include "protocol/io/random_of.hpp"
#include "tests/kit/cable.hpp"
#include "tests/kit/schedule.hpp"
#include "tests/kit/sleep.hpp"
#include "tests/kit/standstill.hpp"

namespace pocketmq::testkit {
namespace {

using protocol::TimePoint;

constexpr TimePoint beginning{std::chrono::hours{1}};
constexpr std::size_t first_events_bytes = 1 << 20;  // those of the broker's start, with its definitions

std::uint64_t seed_of_environment() {
  const char* const text = std::getenv("POCKETMQ_SEED");  // NOLINT(concurrency-mt-unsafe): nobody changes it
  if (text == nullptr || *text == '\0') return protocol::LoopRandom::of_system().next_id() % 1'000'000;
  std::uint64_t seed = 0;
  const auto* const end = text + std::strlen(text);
  if (const auto [stop, error] = std::from_chars(text, end, seed); error != std::errc{} || stop != end)
    throw Failure{"POCKETMQ_SEED is '" + std::string{text}
                  + "'; it has to be a whole number, as a failed test printed it"};
  return seed;
}

std::string text_of(Duration time) {
  using namespace std::chrono;
  if (time % hours{1} == Duration{0} && time != Duration{0})
    return std::to_string(duration_cast<hours>(time).count()) + "h";
  const auto whole = duration_cast<seconds>(time);
  const auto rest = duration_cast<milliseconds>(time - whole).count();
  auto text = std::to_string(whole.count());
  if (rest != 0) text += '.' + std::to_string(1'000 + rest).substr(1);
  return text + 's';
}

}  // namespace

struct World::State {
  // While it lives, handlers run, which must not run the World themselves.
  class Running;

  struct Member {
    using Object = std::variant<std::unique_ptr<client::RpcClient>, std::unique_ptr<server::RpcServer>,
                                std::unique_ptr<client::Connection>>;

    [[nodiscard]] const void* address() const {
      return std::visit([](const auto& held) { return static_cast<const void*>(held.get()); }, object);
    }

    std::string cable;
    std::vector<asio::any_io_executor> lanes;
    Object object;
  };

  explicit State(WorldOptions&& with)
      : options{std::move(with)}, seed{options.seed ? *options.seed : seed_of_environment()} {
    clock.make_virtual(beginning, options.begins_at);
    auto& random = protocol::random_of(context);
    random.make_seeded(seed);
    schedule.emplace(context, random.next_id());
    drawn.emplace(random.next_id());
    test_executor = schedule->add_lane();

    auto broker_options = options.broker;
    broker_options.seed.reset();
    broker_options.begins_at = options.begins_at;
    broker_options.journal_bytes = std::max(broker_options.journal_bytes, first_events_bytes);
    in_process.emplace(context, std::move(broker_options));
    auto& events = in_process->broker().journal();
    broker::append_ndjson_header({.shown = options.begins_at}, 1, journal);
    subscription =
        events.subscribe([this](const broker::Entry& entry) { broker::append_ndjson(entry, journal); }, {.since = 1});
    events.keep_last(options.broker.journal_bytes);
    broker_url = in_process->pipe(options.encoding);
    broker_url.heartbeat = options.heartbeat;
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  // Handlers may refer to what a test has destroyed by now, so none of them runs.
  ~State() {
    members.clear();
    schedule->close();
    clock.cancel_all_timers();
    subscription.end();
    in_process.reset();
  }

  Cable& cable(std::string_view name) {
    for (auto& each : cables)
      if (each.name() == name) return each;
    throw Failure{where() + ": there is no participant, and no cable, named '" + std::string{name} + "' in this World"};
  }
  Cable& add_cable(const std::string& name) {
    for (const auto& each : cables)
      if (each.name() == name)
        throw Failure{where() + ": the name '" + name + "' is taken in this World; give each participant its own"};
    return cables.emplace_back(name, broker_url);
  }
  // Gives a participant its name, unless it has one, and returns its cable.
  Cable& connect(std::string& name, const char* kind, int& count) {
    if (name.empty()) name = std::string{kind} + '-' + std::to_string(++count);
    return add_cable(name);
  }
  template <class Object>
  Object& add(const Cable& cable, std::vector<asio::any_io_executor> lanes, std::unique_ptr<Object> object) {
    auto& added = *object;
    members.push_back({cable.name(), std::move(lanes), std::move(object)});
    return added;
  }

  [[nodiscard]] Duration elapsed() const { return clock.now() - beginning; }
  [[nodiscard]] std::string where() const { return "seed " + std::to_string(seed) + ", after " + text_of(elapsed()); }

  // True as soon as `done` is; false when nothing more happens without time passing.
  bool settle(const std::function<bool()>& done) {
    for (std::uint64_t handlers = 0;; ++handlers) {
      if (done && done()) return true;
      if (handlers == options.handlers_max) throw Failure{where() + going_round()};
      const bool ran = schedule->run_one();
      if (misuse) throw Failure{*std::exchange(misuse, std::nullopt)};  // the handler may have caught it
      if (ran) continue;
      if (clock.earliest_deadline() > clock.now()) return false;
      clock.advance_to(clock.now());
    }
  }
  [[nodiscard]] std::string going_round() const {
    return ": " + std::to_string(options.handlers_max)
           + " handlers have run without time passing, and there are more. Something goes round in a circle, such as a "
             "consumer that requeues what it gets; let it pause, or raise WorldOptions::handlers_max. The last events:\n"
           + last_lines(6);
  }
  [[nodiscard]] std::string last_lines(int count) const {
    auto begin = journal.size();
    for (; count > 0 && begin > 0; --count) {
      const auto end_before = journal.rfind('\n', begin - 2);
      begin = end_before == std::string::npos ? 0 : end_before + 1;
    }
    return journal.substr(begin);
  }
  [[nodiscard]] std::string standstill() {
    std::string text;
    for (const auto& each : cables)
      if (!each.is_plugged_in()) text += "  " + each.name() + " is unplugged\n";
    return text + text_of_standstill(broker::snapshot_of(in_process->broker()), journal);
  }

  const WorldOptions options;
  const std::uint64_t seed;
  const int exceptions{std::uncaught_exceptions()};
  bool is_running{false};
  std::optional<Failure> misuse;  // of the handler that runs
  std::string journal;

  asio::io_context context{1};
  protocol::LoopClock& clock{protocol::clock_of(context)};
  std::optional<Schedule> schedule;
  std::optional<protocol::RandomSource> drawn;  // what tests draw
  asio::any_io_executor test_executor;
  std::optional<broker::InProcess> in_process;
  broker::Subscription subscription;
  protocol::Url broker_url;
  std::list<Cable> cables;
  std::list<Member> members;
  int clients{0};
  int servers{0};
  int connections{0};
};

class World::State::Running {
 public:
  explicit Running(State& state) : state_{state} {
    if (state_.is_running) throw state_.misuse.emplace(state_.where() + nested);
    state_.is_running = true;
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { state_.is_running = false; }

 private:
  static constexpr auto nested =
      ": a handler that the World runs has made a blocking call, or has called the World's run, advance or settle. The "
      "handler's caller is waiting on the same thread. Write the handler as a coroutine (co_await), or with callbacks";

  State& state_;
};

World::World(WorldOptions options) : state_{std::make_unique<State>(std::move(options))} {
  state_->clock.drive_with([this](const std::function<bool()>& done) { run_until(done); });
}

World::~World() {
  if (std::uncaught_exceptions() > state_->exceptions)
    std::cerr << "pocketmq: the test failed in a World with seed " << state_->seed << "; POCKETMQ_SEED=" << state_->seed
              << " runs it again\n";
}

client::RpcClient& World::client(client::RpcClientOptions options) {
  const auto& cable = state_->connect(options.connection.name, "client", state_->clients);
  const auto lane = executor();
  auto made = std::make_unique<client::RpcClient>(lane, cable.url(), std::move(options));
  made->async_open([](std::error_code) {});  // calls report that it has failed
  return state_->add(cable, {lane}, std::move(made));
}

server::RpcServer& World::server(server::RpcServerOptions options) {
  const auto& cable = state_->connect(options.connection.name, "server", state_->servers);
  const auto lane = executor();
  const auto lane_of_handlers = executor();
  options.executor = lane_of_handlers;
  return state_->add(cable, {lane, lane_of_handlers},
                     std::make_unique<server::RpcServer>(lane, cable.url(), std::move(options)));
}

client::Connection& World::connection(client::ConnectionOptions options) {
  const auto& cable = state_->connect(options.name, "connection", state_->connections);
  const auto lane = executor();
  auto& made = state_->add(cable, {lane}, std::make_unique<client::Connection>(lane, cable.url(), std::move(options)));
  run(made.async_open(pending));
  return made;
}

asio::any_io_executor World::executor() { return state_->schedule->add_lane(); }

protocol::Url World::url(std::string_view cable) {
  for (const auto& each : state_->cables)
    if (each.name() == cable) return each.url();
  return state_->add_cable(std::string{cable}).url();
}

TimePoint World::now() const { return state_->clock.now(); }
protocol::WallTime World::wall_now() const { return state_->clock.wall_now(); }
Duration World::elapsed() const { return state_->elapsed(); }

void World::settle() {
  const State::Running running{*state_};
  state_->settle({});
}

void World::advance(Duration duration) {
  if (duration < Duration{0})
    throw Failure{where() + ": advance(" + text_of(duration) + "): time does not go back; write a positive duration"};
  const State::Running running{*state_};
  auto& clock = state_->clock;
  const auto end = clock.now() + duration;
  state_->settle({});
  while (clock.earliest_deadline() <= end) {
    clock.advance_to(clock.earliest_deadline());
    state_->settle({});
  }
  clock.advance_to(end);
  state_->settle({});
}

void World::run_until(const std::function<bool()>& done, Duration at_most) {
  const State::Running running{*state_};
  auto& clock = state_->clock;
  const auto end = clock.now() + at_most;
  while (!state_->settle(done)) {
    const auto next = clock.earliest_deadline();
    if (next == TimePoint::max())
      throw Failure{where()
                    + ": nothing can happen any more, and what the test waits for has not happened: no handler is "
                      "ready, and no deadline is set. (Timers, sockets and threads of your own run in real time, and the "
                      "World does not wait for them; sleep with world.sleep.)\n"
                    + state_->standstill()};
    if (next > end) {
      clock.advance_to(end);
      if (state_->settle(done)) return;
      throw Failure{where() + ": what the test waits for has not happened within " + text_of(at_most) + '\n'
                    + state_->standstill()};
    }
    clock.advance_to(next);
  }
}

void World::lose(std::string_view cable) { state_->cable(cable).cut(); }
void World::lose_all() {
  for (auto& cable : state_->cables) cable.cut();
}
void World::unplug(std::string_view cable) { state_->cable(cable).unplug(); }
void World::plug_in(std::string_view cable) { state_->cable(cable).plug_in(); }

const std::string& World::journal() const { return state_->journal; }
broker::Broker& World::broker() { return state_->in_process->broker(); }

std::uint64_t World::seed() const { return state_->seed; }
std::uint64_t World::random() { return state_->drawn->bits64(); }
std::string World::where() const { return state_->where(); }

void World::expect(bool holds, std::string_view what) const {
  if (!holds) throw Failure{where() + ": not as expected: " + std::string{what}};
}

const asio::any_io_executor& World::executor_of_test() const { return state_->test_executor; }

asio::awaitable<void> World::sleep(Duration duration) { co_await sleep(duration, asio::use_awaitable); }

void World::start_sleep(Duration duration, const std::stop_token& stop, client::Done<> done) {
  sleep_until(state_->clock, state_->clock.now() + duration, stop, std::move(done));
}

const std::string& World::name_of(const void* participant) const {
  for (const auto& each : state_->members)
    if (each.address() == participant) return each.cable;
  throw Failure{where()
                + ": this participant is not one that the World has made, or was removed; for one of your own, write the "
                  "name of its cable, as in world.lose(\"mine\")"};
}

void World::end(const void* participant, End how) {
  const State::Running running{*state_};
  const auto name = name_of(participant);
  auto& all = state_->members;
  const auto found = std::ranges::find(all, participant, &State::Member::address);
  if (how == End::crash) {
    state_->cable(name).unplug();
    for (const auto& lane : found->lanes) Schedule::close_lane(lane);
  }
  all.erase(found);
  state_->settle({});
}

}  // namespace pocketmq::testkit
