#include "server/coroutine.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/post.hpp>
#include <asio/strand.hpp>

#include "client/values/trace_context.hpp"
#include "server/traced_executor.hpp"

namespace pocketmq::server {

using client::Payload;

namespace {

// One run of a coroutine, on its strand.
class CoroutineRun : public std::enable_shared_from_this<CoroutineRun> {
 public:
  using Start = client::MoveOnlyFunction<asio::awaitable<Payload>()>;

  CoroutineRun(const asio::any_io_executor& executor, Start start, Answered answered)
      : strand_{asio::make_strand(executor)}, start_{std::move(start)}, answered_{std::move(answered)} {}

  void begin(std::stop_token stop) {
    // The callback is called from any thread, or at once if the stop was requested before. It posts, so that the
    // coroutine awaits an operation when the cancellation is emitted.
    stopper_.emplace(std::move(stop), [weak = weak_from_this()] {
      if (auto self = weak.lock())
        asio::post(self->strand_, [self] { self->cancellation_.emit(asio::cancellation_type::terminal); });
    });
    auto finished = [self = shared_from_this()](const std::exception_ptr& thrown, Payload payload) {
      self->stopper_.reset();
      self->answered_(thrown ? failure_of(thrown) : Outcome{.payload = std::move(payload)});
    };
    asio::co_spawn(
        strand_, [this] { return start_(); }, asio::bind_cancellation_slot(cancellation_.slot(), std::move(finished)));
  }

  [[nodiscard]] const auto& strand() const { return strand_; }

 private:
  asio::strand<asio::any_io_executor> strand_;
  Start start_;
  Answered answered_;
  asio::cancellation_signal cancellation_;
  std::optional<std::stop_callback<std::function<void()>>> stopper_;
};

}  // namespace

void run_coroutine(Context& context, CoroutineRun::Start start, Answered answered) {
  const auto traceparent = context.header(client::traceparent_header);
  const auto executor =
      traceparent ? asio::any_io_executor{TracedExecutor{context.executor(), *traceparent}} : context.executor();
  auto run = std::make_shared<CoroutineRun>(executor, std::move(start), std::move(answered));
  asio::post(run->strand(), [run, stop = context.stop_token()] { run->begin(stop); });
}

}  // namespace pocketmq::server
