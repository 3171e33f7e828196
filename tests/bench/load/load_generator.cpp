// Lays a load on a broker of 127.0.0.1 and says in one line of JSON how it was carried. Every reply and every message
// is verified: each comes once, in order where there is an order, with the right body.
//
//     load_generator PROTOCOL PORT rpc OUTSTANDING BYTES SECONDS      calls; PROTOCOL is amqp or nats
//     load_generator PROTOCOL PORT one_way none|each BYTES SECONDS    messages, and their acks
//     load_generator PROTOCOL PORT callers COUNT      as many connections, each with a queue and a consumer, until
//                                                     standard input ends
//     load_generator amqp PORT churn SECONDS          connect, declare, consume, close, one after the other
//     load_generator amqp PORT fill COUNT BYTES       as many messages into the queue "backlog"
//     load_generator amqp PORT empty COUNT BYTES      takes them out again
//     load_generator amqp PORT flood BYTES            publishes as fast as it is let, until standard input ends
//     load_generator PROTOCOL PORT start COMMAND...   from the start of the command to the server's first answer
//
// Caller and worker, or publisher and consumer, are two connections of one thread.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/codec/amqp_codec.hpp"
#include "tests/bench/load/broker_connection.hpp"
#include "tests/bench/load/carrier.hpp"

namespace {

using namespace pocketmq;
using namespace std::chrono_literals;
using bench::Acks;
using bench::Arrived;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;
namespace basic = protocol::basic;
namespace queue = protocol::queue;

// A queue's name that no other generator has: a server may take its time to let go of an ended one's queues.
std::string own(std::string_view name) { return std::string{name} + '-' + std::to_string(::getpid()); }

// A body of which every byte depends on the number of its message: the number, and then a pattern that begins elsewhere
// each time.
class Bodies {
 public:
  explicit Bodies(std::size_t size) : size_{std::max(size, sizeof(std::uint64_t))}, body_(size_, '\0') {
    for (std::size_t i = 0; i < size_ + period; ++i) pattern_ += static_cast<char>('a' + i % period);
  }

  /// Valid until the next call.
  [[nodiscard]] std::string_view of(std::uint64_t number) {
    std::memcpy(body_.data(), &number, sizeof number);
    std::memcpy(body_.data() + sizeof number, pattern_.data() + number % period, size_ - sizeof number);
    return body_;
  }
  void verify(std::uint64_t number, std::string_view body) {
    if (body != of(number)) throw std::runtime_error{"message " + std::to_string(number) + " has a wrong body"};
  }

 private:
  static constexpr std::size_t period = 23;

  std::size_t size_;
  std::string body_;
  std::string pattern_;
};

// The time of a measurement, after a warm-up that does not count.
class Stretch {
 public:
  explicit Stretch(Seconds length)
      : counts_from_{Clock::now() + std::chrono::duration_cast<Clock::duration>(std::min<Seconds>(length / 4, 200ms))},
        ends_{counts_from_ + std::chrono::duration_cast<Clock::duration>(length)} {}

  [[nodiscard]] bool counts(Clock::time_point at) const { return at >= counts_from_ && at < ends_; }
  [[nodiscard]] bool is_over(Clock::time_point at) const { return at >= ends_; }
  [[nodiscard]] double seconds() const { return Seconds{ends_ - counts_from_}.count(); }

 private:
  Clock::time_point counts_from_;
  Clock::time_point ends_;
};

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) throw std::runtime_error{"nothing was carried in that time"};
  const auto place = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, values.begin() + place);
  return values[static_cast<std::size_t>(place)];
}

// ---- calls

// Each of `outstanding` places makes its calls one after the other; a call's id says which place's it is.
class Calls {
 public:
  Calls(std::string_view protocol, std::uint16_t port, std::size_t outstanding, std::size_t bytes)
      : caller_{bench::connect(protocol, port)},
        worker_{bench::connect(protocol, port)},
        bodies_{bytes},
        begun_(outstanding) {
    worker_->on_message = [this](const Arrived& request) {
      worker_->reply(request, request.body);
      worker_->ack(request);
    };
    caller_->on_message = [this](const Arrived& reply) { complete(reply); };
    worker_->receive_at(worker_queue_, Acks::each);
    caller_->receive_at(caller_queue_, Acks::none);
    for (std::size_t place = 0; place < outstanding; ++place) expected_.push_back(place);
  }

  void run(Seconds length) {
    const Stretch stretch{length};
    stretch_ = &stretch;
    for (const auto id : expected_) call(id);
    bench::serve({&caller_->connection(), &worker_->connection()}, [&] { return open_ == 0; });
    std::printf(R"({"per_second": %.1f, "p50_us": %.2f, "p99_us": %.2f})"
                "\n",
                static_cast<double>(micros_.size()) / stretch.seconds(), percentile(micros_, 0.50),
                percentile(micros_, 0.99));
  }

 private:
  void call(std::uint64_t id) {
    expected_[id % begun_.size()] = id;
    begun_[id % begun_.size()] = Clock::now();
    ++open_;
    caller_->request(worker_queue_, caller_queue_, id, bodies_.of(id));
  }

  void complete(const Arrived& reply) {
    const auto now = Clock::now();
    const auto place = reply.id % begun_.size();
    if (expected_[place] != reply.id) throw std::runtime_error{"nobody waits for " + std::to_string(reply.id)};
    bodies_.verify(reply.id, reply.body);
    expected_[place] = none;
    --open_;
    if (stretch_->counts(now))
      micros_.push_back(std::chrono::duration<double, std::micro>{now - begun_[place]}.count());
    if (!stretch_->is_over(now)) call(reply.id + begun_.size());
  }

  static constexpr auto none = static_cast<std::uint64_t>(-1);

  const std::string caller_queue_{own("load_caller")};
  const std::string worker_queue_{own("load_worker")};
  std::unique_ptr<bench::Carrier> caller_;
  std::unique_ptr<bench::Carrier> worker_;
  Bodies bodies_;
  std::vector<Clock::time_point> begun_;  // by place
  std::vector<std::uint64_t> expected_;   // by place
  std::vector<double> micros_;
  const Stretch* stretch_{nullptr};
  std::size_t open_{0};
};

// ---- messages one way

// In flight are so many at most that flow is measured, and not overload.
void one_way(std::string_view protocol, std::uint16_t port, Acks acks, std::size_t bytes, Seconds length) {
  constexpr std::size_t messages_max = 10'000;
  constexpr std::size_t bytes_max = 16'777'216;
  const auto in_flight_max = std::min(messages_max, bytes_max / bytes);
  const auto name = own("load_one_way");
  const auto publisher = bench::connect(protocol, port);
  const auto consumer = bench::connect(protocol, port);
  Bodies bodies{bytes};
  const Stretch stretch{length};
  std::uint64_t published = 0, consumed = 0, counted = 0;
  Clock::time_point now = Clock::now();
  consumer->on_message = [&](const Arrived& message) {
    bodies.verify(consumed++, message.body);
    if (acks == Acks::each) consumer->ack(message);
    if (stretch.counts(now)) ++counted;
  };
  consumer->receive_at(name, acks);
  bench::serve({&publisher->connection(), &consumer->connection()}, [&] {
    now = Clock::now();
    // A part at a time, so that what comes back is looked at in between.
    constexpr std::size_t unsent_max = 262'144;
    while (!stretch.is_over(now) && published - consumed < in_flight_max
           && publisher->connection().unsent() < unsent_max)
      publisher->publish(name, bodies.of(published++));
    return stretch.is_over(now) && consumed == published;
  });
  std::printf(R"({"per_second": %.1f})"
              "\n",
              static_cast<double>(counted) / stretch.seconds());
}

// ---- connections

bool input_has_ended() {
  pollfd polled{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  return ::poll(&polled, 1, 0) > 0;
}

void wait_for_end_of_input() {
  pollfd polled{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  ::poll(&polled, 1, -1);
}

void callers(std::string_view protocol, std::uint16_t port, std::size_t count) {
  std::vector<std::unique_ptr<bench::Carrier>> all;
  for (std::size_t i = 0; i < count; ++i)
    all.emplace_back(bench::connect(protocol, port))->receive_at(own("caller" + std::to_string(i)), Acks::none);
  std::printf("{\"callers\": %zu}\n", all.size());
  std::fflush(stdout);
  wait_for_end_of_input();
}

void churn(std::uint16_t port, Seconds length) {
  const auto name = own("load_churn");
  const Stretch stretch{length};
  std::uint64_t counted = 0;
  for (auto now = Clock::now(); !stretch.is_over(now); now = Clock::now()) {
    bench::BrokerConnection amqp{port};
    amqp.call(queue::Declare{.queue = name, .exclusive = true});
    amqp.call(basic::Consume{.queue = name, .no_ack = true});
    amqp.close();
    if (stretch.counts(now)) ++counted;
  }
  std::printf(R"({"per_second": %.1f})"
              "\n",
              static_cast<double>(counted) / stretch.seconds());
}

// ---- queues that grow

std::size_t ready_in_backlog(bench::BrokerConnection& amqp) {
  std::size_t ready = 0;
  amqp.call(queue::Declare{.queue = "backlog"}, [&](const queue::DeclareOk& ok) { ready = ok.message_count; });
  return ready;
}

void fill(std::uint16_t port, std::size_t count, std::size_t bytes) {
  bench::BrokerConnection amqp{port};
  if (ready_in_backlog(amqp) != 0) throw std::runtime_error{"the queue backlog is not empty"};
  amqp.call(protocol::confirm::Select{});
  std::uint64_t confirmed = 0;
  amqp.on_command = [&](const protocol::Command& command) {
    if (const auto* ack = std::get_if<basic::Ack>(&command.method))
      confirmed = ack->multiple ? ack->delivery_tag : confirmed + 1;
  };
  Bodies bodies{bytes};
  const auto begin = Clock::now();
  std::uint64_t published = 0;
  bench::serve({&amqp}, [&] {
    constexpr std::size_t unconfirmed_max = 20'000;
    while (published < count && published - confirmed < unconfirmed_max)
      amqp.publish("backlog", bodies.of(published++));
    return confirmed == count;
  });
  const auto took = Seconds{Clock::now() - begin}.count();
  if (ready_in_backlog(amqp) != count) throw std::runtime_error{"the queue does not hold what was published"};
  std::printf(R"({"per_second": %.1f})"
              "\n",
              static_cast<double>(count) / took);
}

void empty(std::uint16_t port, std::size_t count, std::size_t bytes) {
  bench::BrokerConnection amqp{port};
  std::uint64_t consumed = 0;
  Bodies bodies{bytes};
  amqp.on_command = [&](const protocol::Command& command) { bodies.verify(consumed++, command.content->body); };
  const auto begin = Clock::now();
  amqp.call(basic::Consume{.queue = "backlog", .no_ack = true});
  bench::serve({&amqp}, [&] { return consumed == count; });
  std::printf(R"({"per_second": %.1f})"
              "\n",
              static_cast<double>(count) / Seconds{Clock::now() - begin}.count());
  amqp.call(queue::Delete{.queue = "backlog"});
}

// Into a queue that drops the oldest message for the newest.
void flood(std::uint16_t port, std::size_t bytes) {
  const auto name = own("load_flood");
  bench::BrokerConnection amqp{port};
  protocol::FieldTableWriter arguments;
  arguments.int32("x-max-length", 1'000);
  amqp.call(queue::Declare{.queue = name, .exclusive = true, .arguments = arguments.table()});
  std::printf("{}\n");
  std::fflush(stdout);
  Bodies bodies{bytes};
  while (!input_has_ended()) {
    for (std::uint64_t i = 0; i < 100; ++i) amqp.publish(name, bodies.of(i));
    pollfd polled{.fd = amqp.descriptor(), .events = POLLOUT, .revents = 0};
    for (amqp.flush(); amqp.unsent() > 0; amqp.flush()) ::poll(&polled, 1, 1'000);
  }
}

// ---- start

// An AMQP server answers when it is spoken to, a NATS server greets.
bool answers(std::string_view protocol, std::uint16_t port) try {
  class Greeted final : public bench::Connection {
   public:
    Greeted(std::uint16_t to, std::string_view header) : Connection{to} {
      output().append(header);
      bench::serve({this}, [this] { return is_answered_; });
    }
    void receive() override {
      std::array<std::byte, 4'096> bytes;
      is_answered_ = read(bytes) > 0;
    }

   private:
    bool is_answered_{false};
  };
  [[maybe_unused]] const Greeted greeted{port, protocol == "amqp" ? protocol::amqp_header : ""};
  return true;
} catch (const std::system_error&) {
  return false;
}

void start(std::string_view protocol, std::uint16_t port, char** command) {
  constexpr auto patience = 30s;
  const auto begin = Clock::now();
  const auto child = ::fork();
  if (child == 0) {
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, STDOUT_FILENO);
    ::dup2(nowhere, STDERR_FILENO);
    ::execvp(command[0], command);
    ::_exit(127);
  }
  while (!answers(protocol, port) && Clock::now() - begin < patience) ::usleep(100);
  const auto took = Clock::now() - begin;
  ::kill(child, SIGTERM);
  ::waitpid(child, nullptr, 0);
  if (took >= patience) throw std::runtime_error{"the server does not start"};
  std::printf(R"({"ms": %.3f})"
              "\n",
              std::chrono::duration<double, std::milli>{took}.count());
}

// ---- the command line

void run(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto is = [&](std::string_view mode, std::size_t arguments) {
    return words.size() == 3 + arguments && words[2] == mode;
  };
  const auto count = [&](std::size_t argument) { return std::stoul(words.at(3 + argument)); };
  const auto seconds = [&](std::size_t argument) { return Seconds{std::stod(words.at(3 + argument))}; };
  if (words.size() < 4) throw std::invalid_argument{"what it understands stands at the top of load_generator.cpp"};
  const std::string_view protocol = words[0];
  const auto port = static_cast<std::uint16_t>(std::stoul(words[1]));

  if (is("rpc", 3)) return Calls{protocol, port, count(0), count(1)}.run(seconds(2));
  if (is("one_way", 3))
    return one_way(protocol, port, words[3] == "each" ? Acks::each : Acks::none, count(1), seconds(2));
  if (is("callers", 1)) return callers(protocol, port, count(0));
  if (is("churn", 1)) return churn(port, seconds(0));
  if (is("fill", 2)) return fill(port, count(0), count(1));
  if (is("empty", 2)) return empty(port, count(0), count(1));
  if (is("flood", 1)) return flood(port, count(0));
  if (words[2] == "start") return start(protocol, port, argv + 4);
  throw std::invalid_argument{"what it understands stands at the top of load_generator.cpp"};
}

}  // namespace

int main(int argc, char** argv) try {
  run(argc, argv);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "load_generator: %s\n", error.what());
  return 1;
}
