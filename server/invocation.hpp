// One request while its handler has it.
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

struct Drop {};      // nobody waits for an answer
struct GiveBack {};  // it has not begun, and is left to others
using Ending = std::variant<Outcome, Drop, GiveBack>;

/// Invariant: its ending is told exactly once, also where the handler, or the executor that was to run it, lets go of
/// it.
class Invocation {
 public:
  /// Who is told how it ended, on any thread.
  class Owner {
   public:
    virtual void ended(RequestId id, Ending&& ending) = 0;

   protected:
    ~Owner() = default;
  };

  /// The name and the executor belong to the owner.
  Invocation(std::shared_ptr<Owner> owner, Request&& request, const std::string& procedure,
             const asio::any_io_executor& executor, Context::WriteElement write)
      : owner_{std::move(owner)}, context_{std::move(request), procedure, executor, std::move(write)} {}
  Invocation(const Invocation&) = delete;
  Invocation& operator=(const Invocation&) = delete;
  ~Invocation() {
    if (state_.load() == State::over) return;
    if (!end_unless_begun(GiveBack{}))
      end(Outcome{.error = client::RpcError{client::RpcCode::internal, "the handler went without an answer"}});
  }

  [[nodiscard]] Context& context() { return context_; }
  // From any thread:

  /// From now on its handler may have done something. False if it has ended, and is not to run.
  [[nodiscard]] bool begin() {
    auto expected = State::waiting;
    return state_.compare_exchange_strong(expected, State::running);
  }
  /// Only the first end counts.
  void end(Ending&& ending) {
    if (state_.exchange(State::over) != State::over) owner_->ended(context_.request().id, std::move(ending));
  }
  /// Whether it had not begun, and now will not.
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
