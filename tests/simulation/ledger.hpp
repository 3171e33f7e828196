// Every call of a simulation and what came of it, held against what the libraries promise. A call's number is its
// argument, so that all who see it know which it is.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/values/rpc_request.hpp"
#include "protocol/end/connection_end.hpp"

namespace pocketmq::simulation {

using protocol::TimePoint;

/// How far a process' clock goes wrong at most. Two of them differ by less than the libraries allow.
inline constexpr std::chrono::milliseconds clock_error_max{400};

/// The procedures, by their queues.
namespace queue {
inline constexpr std::string_view echo = "echo";          // gives its argument back
inline constexpr std::string_view remember = "remember";  // the same, and answers a repeat with the answer it gave
inline constexpr std::string_view fail = "fail";          // throws RpcError{aborted, its argument}
inline constexpr std::string_view count = "count";        // a stream: 0, 1, ... as far as its argument modulo 7
inline constexpr std::string_view nobody = "nobody";      // there is no such queue
}  // namespace queue

struct Call {
  int number{0};
  std::string_view queue{};
  bool idempotent{false};
  std::chrono::milliseconds timeout{client::no_timeout};
  std::optional<int> room_for_elements{};  // of a stream, if its reader has too little
  TimePoint made{};
  bool may_be_cancelled{false};
  // What came of it:
  int completions{0};
  std::optional<client::RpcCode> failed_with{};
  int elements{0};
  int runs{0};
  int published{0};
  std::string message_id{};
};

class Ledger {
 public:
  /// `is_calm`: nothing goes wrong, so that every call has its reply.
  explicit Ledger(bool is_calm) : is_calm_{is_calm} {}

  // What happens:

  /// Gives the call its number.
  Call& made(Call call, TimePoint now);
  void published(std::string_view body, std::string_view message_id);
  /// A server process begins to run it.
  void runs(std::string_view body, std::string_view message_id, int process, TimePoint now);
  /// Whether there is room for it.
  bool element(int number, std::string_view body);
  void completed(int number, const client::RpcResult& result, TimePoint now);
  void cancelled(int number) { call(number).may_be_cancelled = true; }

  // What must hold:

  enum class Unbounded { may_wait, are_complete };
  /// Each call has completed exactly once; those without a time-out may still wait for a reply that was lost.
  void check_all_are_complete(Unbounded unbounded, std::string_view when);
  void violation(std::string text) { violations_.push_back(std::move(text)); }

  [[nodiscard]] Call& call(int number) { return calls_.at(static_cast<std::size_t>(number)); }
  [[nodiscard]] std::size_t calls() const { return calls_.size(); }
  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
  /// Each event on a line.
  [[nodiscard]] const std::vector<std::string>& log() const { return log_; }
  void note(TimePoint now, std::string_view what);

 private:
  void check_value(const Call& call, const std::string& body);
  void check_failure(const Call& call, const client::RpcError& error, TimePoint now);

  const bool is_calm_;
  std::vector<Call> calls_;
  std::vector<std::pair<std::string, int>> remembered_runs_;  // message_id and process
  std::vector<std::string> violations_;
  std::vector<std::string> log_;
};

}  // namespace pocketmq::simulation
