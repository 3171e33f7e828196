// One request, from the moment when it is handed out until its handler is done.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <variant>

#include "server/context.hpp"
#include "server/outcome.hpp"
#include "server/request.hpp"

namespace pocketmq::server {

struct Drop {};      // it is acked without an answer
struct GiveBack {};  // it has not begun, and goes back to its queue
using Ending = std::variant<Outcome, Drop, GiveBack>;

/// Invariant: its owner is told exactly once how it ended, also if the handler, or the executor that was to run it,
/// destroys it.
class Invocation {
 public:
  /// Is told how it ended, on any thread.
  class Owner {
   public:
    virtual void ended(RequestId id, Ending&& ending) = 0;

   protected:
    ~Owner() = default;
  };

  /// `procedure`, the executor and the clock must live as long as the owner.
  Invocation(std::shared_ptr<Owner> owner, Request&& request, const std::string& procedure,
             const asio::any_io_executor& executor, const protocol::LoopClock& clock, Context::WriteElement write)
      : owner_{std::move(owner)}, context_{std::move(request), procedure, executor, clock, std::move(write)} {}
  Invocation(const Invocation&) = delete;
  Invocation& operator=(const Invocation&) = delete;
  ~Invocation() {
    if (state_.load() == State::over) return;
    if (!end_unless_begun(GiveBack{}))
      end(Outcome{.error = client::RpcError{client::RpcCode::internal, "the handler went without an answer"}});
  }

  [[nodiscard]] Context& context() { return context_; }
  // From any thread:

  /// Marks it as running: from now on its handler may have had effects. False if it has ended already and must not run.
  [[nodiscard]] bool begin() {
    auto expected = State::waiting;
    return state_.compare_exchange_strong(expected, State::running);
  }
  /// Only the first call has an effect.
  void end(Ending&& ending) {
    if (state_.exchange(State::over) != State::over) owner_->ended(context_.request().id, std::move(ending));
  }
  /// Ends it if it has not begun. True if so.
  bool end_unless_begun(Ending&& ending) {
    auto expected = State::waiting;
    if (!state_.compare_exchange_strong(expected, State::over)) return false;
    owner_->ended(context_.request().id, std::move(ending));
    return true;
  }

 private:
  enum class State : std::uint8_t { waiting, running, over };

  const std::shared_ptr<Owner> owner_;
  Context context_;
  std::atomic<State> state_{State::waiting};
};

}  // namespace pocketmq::server
