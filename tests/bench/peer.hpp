// A broker's core without sockets: encoded bytes go into its sessions, and the bytes that come out of them are thrown
// away. A loop and a peer do here what an event loop and a transport do around it.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <time.h>

#include "broker/session/broker.hpp"
#include "protocol/codec/make_codec.hpp"

namespace pocketmq::bench {

/// What this thread has used of a processor: others who are busy on the machine add nothing to it.
inline std::chrono::nanoseconds cpu_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

class Peer;

/// The broker, and the event loop around it. What runs between two returns to the loop is a turn.
class Loop {
 public:
  explicit Loop(broker::Options options = {}) : broker_{std::move(options)} {}

  [[nodiscard]] broker::Broker& broker() { return broker_; }
  [[nodiscard]] protocol::TimePoint now() const { return now_; }
  void advance(protocol::Clock::duration by) { now_ += by; }

  /// Does `work` as one turn.
  template <class Work> void turn(Work&& work) {
    const auto begin = measures_turns_ ? cpu_time() : std::chrono::nanoseconds{};
    work();
    deadline_ = broker_.deadline();
    if (measures_turns_) longest_turn_ = std::max(longest_turn_, cpu_time() - begin);
  }
  /// Takes turns until nothing is left to do now.
  void settle();

  /// From now on turns are measured, each with about a microsecond of its own.
  void measure_turns() {
    measures_turns_ = true;
    longest_turn_ = {};
  }
  [[nodiscard]] std::chrono::nanoseconds longest_turn() const { return longest_turn_; }

 private:
  friend class Peer;

  broker::Broker broker_;
  protocol::TimePoint now_{protocol::Clock::now()};
  protocol::TimePoint deadline_{protocol::TimePoint::max()};
  std::vector<Peer*> woken_;
  bool measures_turns_{false};
  std::chrono::nanoseconds longest_turn_{0};
};

/// The far end of a session, and the transport between them. For AMQP with channel 1 open; for JSON nothing is said
/// yet.
class Peer final : private protocol::Waker {
 public:
  explicit Peer(Loop& loop, protocol::Encoding encoding = protocol::Encoding::amqp)
      : loop_{loop},
        session_{loop.broker().connect({.name = "bench"}, loop.now())},
        codec_{protocol::make_codec(encoding, {})} {
    using namespace std::string_view_literals;
    namespace connection = protocol::connection;
    session_->on_wake(this);
    if (encoding == protocol::Encoding::json) return;
    feed("AMQP\0\0\x9\1"sv);
    say({.method = connection::StartOk{.mechanism = "PLAIN", .response = "\0guest\0guest"sv}});
    say({.method = connection::TuneOk{.channel_max = 2047, .frame_max = 131'072}});
    say({.method = connection::Open{.virtual_host = "/"}});
    say({.channel = 1, .method = protocol::channel::Open{}});
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() {
    session_.reset();
    std::erase(loop_.woken_, this);
  }

  [[nodiscard]] std::string encoded(const protocol::Command& command) {
    protocol::Output output;
    codec_->encode(command, output);
    std::string bytes;
    for_each_piece(output, [&](std::string_view piece) { bytes += piece; });
    return bytes;
  }
  [[nodiscard]] std::string encoded(const protocol::Method& method) {
    return encoded({.channel = 1, .method = method});
  }

  /// Sends it to the broker, which does what follows from it.
  void feed(std::string_view bytes) {
    while (!bytes.empty()) {
      if (!session_->wants_input())
        throw std::runtime_error{"the broker does not read on, or has ended the connection"};
      const auto room = session_->prepare();
      const auto size = std::min(room.size(), bytes.size());
      std::memcpy(room.data(), bytes.data(), size);
      bytes.remove_prefix(size);
      loop_.turn([&] { session_->commit(size, loop_.now()); });
      loop_.settle();
    }
  }
  /// Sends it to the broker, and leaves what follows from it to later turns.
  void feed_only(std::string_view bytes) {
    const auto room = session_->prepare();
    if (room.size() < bytes.size()) throw std::logic_error{"that does not fit into one read"};
    std::memcpy(room.data(), bytes.data(), bytes.size());
    loop_.turn([&] { session_->commit(bytes.size(), loop_.now()); });
  }
  void say(const protocol::Command& command) {
    feed(encoded(command));
    drain();
  }
  void say(const protocol::Method& method) { say({.channel = 1, .method = method}); }

  /// Takes all that the broker sends; returns how many bytes.
  std::size_t drain() {
    std::size_t drained = 0;
    while (!session_->output().empty()) {
      std::size_t size = 0;
      for_each_piece(session_->output(), [&](std::string_view piece) { size += piece.size(); });
      loop_.turn([&] { session_->sent(size, loop_.now()); });
      loop_.settle();
      drained += size;
    }
    return drained;
  }

  /// The connection is cut, and the session goes. The last thing to do with a peer.
  void vanish() {
    loop_.turn([&] {
      session_->disconnect({}, loop_.now());
      session_.reset();
    });
    loop_.settle();
  }

 private:
  friend class Loop;

  void wake() override {
    if (!std::exchange(is_woken_, true)) loop_.woken_.push_back(this);
  }
  void end_turn() {
    is_woken_ = false;
    if (session_) session_->end_turn();
  }

  template <class Use> static void for_each_piece(const protocol::Output& output, Use&& use) {
    std::array<std::string_view, 64> pieces;
    const auto count = output.gather(pieces);
    for (std::size_t i = 0; i < count; ++i) use(pieces[i]);
  }

  Loop& loop_;
  bool is_woken_{false};
  std::unique_ptr<broker::Session> session_;
  std::unique_ptr<protocol::Codec> codec_;
};

inline void Loop::settle() {
  while (!woken_.empty() || deadline_ <= now_) {
    for (auto* peer : std::exchange(woken_, {})) turn([&] { peer->end_turn(); });
    if (deadline_ <= now_) turn([&] { broker_.tick(now_); });
  }
}

}  // namespace pocketmq::bench
