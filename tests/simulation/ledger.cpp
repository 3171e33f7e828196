#include "tests/simulation/ledger.hpp"

#include <algorithm>
#include <charconv>

#include "server/request.hpp"

namespace pocketmq::simulation {

using client::RpcCode;
using client::RpcError;

namespace {

int to_number(std::string_view body) {
  int number = -1;
  std::from_chars(body.data(), body.data() + body.size(), number);
  return number;
}

std::string named(const Call& call) {
  return "call " + std::to_string(call.number) + " of '" + std::string{call.queue} + "'";
}

}  // namespace

void Ledger::note(TimePoint now, std::string_view what) {
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
  log_.push_back(std::to_string(microseconds) + " us: " + std::string{what});
}

Call& Ledger::made(Call call, TimePoint now) {
  call.number = static_cast<int>(calls_.size());
  call.made = now;
  note(now, named(call) + " is made" + (call.idempotent ? ", idempotent" : ""));
  return calls_.emplace_back(std::move(call));
}

void Ledger::published(std::string_view body, std::string_view message_id) {
  if (body.empty()) return violation("a request is published without its argument");
  auto& about = call(to_number(body));
  if (++about.published > 1 && !about.idempotent) violation(named(about) + " is not idempotent and published twice");
  if (about.published > 1 && about.message_id != message_id) violation(named(about) + " has two message_ids");
  about.message_id = message_id;
  if (about.completions > 0) violation(named(about) + " is published when it is over");
}

void Ledger::runs(std::string_view body, std::string_view message_id, int process, TimePoint now) {
  if (body.empty()) return;  // which is told where it was published
  auto& about = call(to_number(body));
  note(now, named(about) + " is run by process " + std::to_string(process));
  const bool is_bounded = about.timeout != client::no_timeout;
  if (is_bounded && now > about.made + about.timeout + server::max_clock_skew_default + 2 * clock_error_max)
    violation(named(about) + " is run after its time");
  if (++about.runs > 1 && is_calm_) violation(named(about) + " is run twice though nothing went wrong");
  if (about.queue != queue::remember) return;
  std::pair<std::string, int> run{message_id, process};
  if (std::ranges::find(remembered_runs_, run) != remembered_runs_.end())
    violation(named(about) + " is run twice by a process that remembers it");
  remembered_runs_.push_back(std::move(run));
}

bool Ledger::element(int number, std::string_view body) {
  auto& about = call(number);
  if (about.completions > 0) violation(named(about) + " gets an element when it is over");
  if (to_number(body) != about.elements)
    violation(named(about) + " gets element " + std::string{body} + " in place of " + std::to_string(about.elements));
  if (about.elements == about.room_for_elements) return false;
  ++about.elements;
  return true;
}

void Ledger::completed(int number, const client::RpcResult& result, TimePoint now) {
  auto& about = call(number);
  note(now, named(about) + " completes: " + (result.error ? result.error->what() : result.body));
  if (++about.completions > 1) violation(named(about) + " completes twice");
  if (about.timeout != client::no_timeout && now > about.made + about.timeout)
    violation(named(about) + " completes after its time");
  if (result.error) {
    about.failed_with = result.error->code();
    check_failure(about, *result.error, now);
  } else {
    check_value(about, result.body);
  }
}

void Ledger::check_value(const Call& about, const std::string& body) {
  if (about.published == 0) violation(named(about) + " has a reply and was never published");
  if (about.runs == 0) violation(named(about) + " has a reply and was never run");
  if (about.queue == queue::count) {
    if (about.elements != about.number % 7)
      violation(named(about) + " ends after " + std::to_string(about.elements) + " elements");
  } else if (about.queue == queue::fail || about.queue == queue::nobody) {
    violation(named(about) + " has the reply " + body);
  } else if (body != std::to_string(about.number)) {
    violation(named(about) + " has another's reply: " + body);
  }
}

void Ledger::check_failure(const Call& about, const RpcError& error, TimePoint now) {
  const auto code = error.code();
  const auto is_own_failure = about.queue == queue::fail && code == RpcCode::aborted;
  if (is_own_failure && error.message() != std::to_string(about.number))
    violation(named(about) + " has another's error: " + error.message());
  const bool has_no_queue = code == RpcCode::unavailable && error.reason() == client::reason::no_queue;
  const bool has_lost = code == RpcCode::unavailable && error.reason() == client::reason::connection_lost;
  const bool has_too_little_room = code == RpcCode::resource_exhausted && about.room_for_elements;

  const bool is_possible = is_own_failure || has_no_queue || has_lost || has_too_little_room
                           || (code == RpcCode::deadline_exceeded && now == about.made + about.timeout)
                           || (code == RpcCode::cancelled && about.may_be_cancelled)
                           || (code == RpcCode::data_loss && about.queue == queue::count);
  if (!is_possible) violation(named(about) + " fails as nothing explains: " + error.what());

  const bool is_expected = is_own_failure || (has_no_queue && about.queue == queue::nobody) || has_too_little_room
                           || code == RpcCode::cancelled;
  if (is_calm_ && !is_expected) violation(named(about) + " fails though nothing went wrong: " + error.what());
}

void Ledger::check_all_are_complete(Unbounded unbounded, std::string_view when) {
  for (const auto& about : calls_) {
    const bool may_wait = about.timeout == client::no_timeout && unbounded == Unbounded::may_wait;
    if (about.completions == 0 && !may_wait) violation(named(about) + " is not complete, " + std::string{when});
  }
}

}  // namespace pocketmq::simulation
