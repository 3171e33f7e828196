#include "server/rpc_responder.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <unistd.h>

#include "client/values/trace_context.hpp"
#include "protocol/base/printable.hpp"

namespace pocketmq::server {

using client::CloseReason;
using client::Payload;

namespace {

constexpr auto name_max = protocol::ShortString::max_size_bytes;

std::string text_of(const CloseReason& reason) { return reason.text.empty() ? reason.error.message() : reason.text; }

}  // namespace

RpcResponder::RpcResponder(std::shared_ptr<client::ReconnectingConnection> connection, ResponderOptions options)
    : connection_{std::move(connection)},
      options_{std::move(options)},
      core_{options_.prefetch,
            {.requested = [this](Request&& request) { hand_over(std::move(request)); },
             .cancelled = [this](RequestId id) { cancel(id); },
             .deadline_changed = [this] { connection_->deadline_changed(); },
             .troubled = [this](const CloseReason& reason) { tell_trouble(text_of(reason)); }}},
      threads_{options_.threads_max},
      handlers_{options_.executor ? options_.executor : asio::any_io_executor{threads_.executor()}},
      waiting_{std::make_shared<Waiting>(
          handlers_,
          Waiting::Events{.handle = [this](const std::shared_ptr<Invocation>& invocation) { run(invocation); },
                          .sending = [this](std::size_t running) { provide_threads(running); }})} {}

void RpcResponder::serve(std::string queue, ServeOptions options, Handler handler) {
  refuse_once_started();
  if (queue.empty()) throw std::invalid_argument{"RpcServer::serve: the name of the queue is empty"};
  if (queue.size() > name_max)
    throw std::invalid_argument{"RpcServer::serve: the name of the queue has " + std::to_string(queue.size())
                                + " bytes; it may have " + std::to_string(name_max)};
  if (std::ranges::any_of(procedures_, [&](const Procedure& procedure) { return procedure.queue == queue; }))
    throw std::invalid_argument{"RpcServer::serve: '" + queue + "' is served already; a queue has one handler"};
  const bool keeps_answers = options.deduplicate.count() > 0;
  core_.serve({queue, std::move(options), handler.is_stream});
  has_coroutines_ |= handler.is_coroutine;
  procedures_.push_back({std::move(queue), std::move(handler), keeps_answers});
}

void RpcResponder::use(HandlerMiddleware middleware) {
  refuse_once_started();
  middleware_.push_back(std::move(middleware));
}

void RpcResponder::refuse_once_started() {
  const std::lock_guard lock{mutex_};
  if (is_started_) throw std::logic_error{"RpcServer::serve and use must be called before the server is started"};
}

void RpcResponder::build_chains() {
  for (auto& procedure : procedures_) {
    procedure.chain = [&procedure](Context& context, Answered answered) {
      procedure.handler.run(context, std::move(answered));
    };
    for (auto each = middleware_.rbegin(); each != middleware_.rend(); ++each)
      procedure.chain = [&middleware = *each, next = std::move(procedure.chain)](Context& context, Answered answered) {
        middleware(context, next, std::move(answered));
      };
  }
}

void RpcResponder::prepare() {
  {
    const std::lock_guard lock{mutex_};
    if (std::exchange(is_started_, true))
      throw std::logic_error{"RpcServer::start: it was called before; make another RpcServer to start again"};
  }
  build_chains();
  connection_->on_up([this](client::ConnectionCore& core, client::ReconnectingConnection::Ready ready) {
    connected(core, std::move(ready));
  });
  connection_->on_failure([this](const CloseReason& reason) { connecting_failed(reason); });
  run_on_connection([](RpcResponder& self) { self.connection_->attach(&self.core_); });
}

void RpcResponder::start(client::Done<> started) {
  prepare();
  connection_->open(std::move(started));
}

void RpcResponder::start_and_wait() {
  connection_->refuse_to_block_here();
  prepare();
  connection_->open_and_wait();
}

void RpcResponder::stop() {
  {
    const std::lock_guard lock{mutex_};
    if (std::exchange(is_stopping_, true)) return;
  }
  waiting_->close();
  run_on_connection([](RpcResponder& self) {
    self.core_.stop([&self] {
      self.connection_->close([self = self.shared_from_this()](std::error_code) {
        const std::lock_guard lock{self->mutex_};
        self->has_stopped_ = true;
        self->changed_.notify_all();
      });
    });
    self.waiting_->clear();
    for (const auto& invocation : self.invocations()) invocation->end_unless_begun(GiveBack{});
  });
}

std::vector<std::shared_ptr<Invocation>> RpcResponder::invocations() {
  std::vector<std::shared_ptr<Invocation>> all;
  for (auto& procedure : procedures_)
    procedure.invocations.for_each([&](std::uint64_t, const std::weak_ptr<Invocation>& weak) {
      if (auto invocation = weak.lock()) all.push_back(std::move(invocation));
    });
  return all;
}

void RpcResponder::wait() {
  connection_->clock().drive_until([this] {
    const std::lock_guard lock{mutex_};
    return has_stopped_;
  });
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this] { return has_stopped_; });
}

void RpcResponder::close_and_wait() {
  stop();
  waiting_->wait_until_none_runs();
  threads_.join();
  connection_->close_and_wait();
}

void RpcResponder::connected(client::ConnectionCore& connection, client::ReconnectingConnection::Ready ready) {
  core_.open(connection, [this, &connection, ready = std::move(ready)](const CloseReason& reason) mutable {
    if (!connection.is_open()) return;  // `connection_` has noticed this itself
    if (reason.error && !was_ready_) return ready(reason);
    is_ready(reason);
    was_ready_ = true;
    ready({});
  });
}

void RpcResponder::hand_over(Request&& request) {
  const auto id = request.id;
  auto& procedure = procedures_[id.procedure];
  Context::WriteElement write;
  if (procedure.handler.is_stream)
    write = [self = weak_from_this(), id](Payload element, client::MoveOnlyFunction<void(bool)> taken) {
      const auto responder = self.lock();
      if (!responder) return taken(false);
      responder->run_on_connection(
          [id, element = std::move(element), taken = std::move(taken)](RpcResponder& on) mutable {
            const bool is_read = on.core_.write(id, element);
            on.core_.when_output_drained(id, [is_read, taken = std::move(taken)]() mutable { taken(is_read); });
          });
    };
  std::shared_ptr<Invocation::Owner> owner{shared_from_this(), this};
  auto invocation = std::make_shared<Invocation>(std::move(owner), std::move(request), procedure.queue, handlers_,
                                                 connection_->clock(), std::move(write));
  procedure.invocations.emplace(id.number, invocation);
  if (auto batch = requested_.add(std::move(invocation)))
    connection_->executor().post([self = shared_from_this(), batch = std::move(batch)]() mutable {
      self->requested_.end();
      self->waiting_->push(std::move(*batch));
      self->requested_.reuse(std::move(batch));
    });
}

void RpcResponder::ended(RequestId id, Ending&& ending) {
  if (connection_->executor().runs_here()) return end(id, ending);
  connection_->executor().post([self = shared_from_this(), id, ending = std::move(ending)] { self->end(id, ending); });
}

void RpcResponder::cancel(RequestId id) {
  const auto* const found = procedures_[id.procedure].invocations.find(id.number);
  if (found == nullptr) return;
  const auto invocation = found->lock();
  if (invocation && !invocation->end_unless_begun(Drop{})) invocation->context().request_stop();
}

void RpcResponder::end(RequestId id, const Ending& ending) {
  auto& procedure = procedures_[id.procedure];
  procedure.invocations.erase(id.number);
  if (std::holds_alternative<Drop>(ending)) return core_.drop(id);
  if (std::holds_alternative<GiveBack>(ending)) return core_.give_back(id);
  const auto& outcome = std::get<Outcome>(ending);
  if (!outcome.exception.empty() && outcome.error && outcome.error->code() != client::RpcCode::cancelled)
    tell("'" + procedure.queue + "' failed: " + outcome.exception);
  const auto now = procedure.keeps_answers ? connection_->clock().now() : protocol::TimePoint{};
  if (outcome.error)
    core_.fail(id, options_.reveals_exceptions ? revealed(outcome) : *outcome.error, now);
  else if (procedure.handler.is_stream)
    core_.end(id);
  else
    core_.reply(id, outcome.payload, now);
}

// Logs the first failure of an outage and its end, but not the attempts between them.
void RpcResponder::connecting_failed(const CloseReason& reason) {
  if (!was_ready_ && !options_.is_patient) return;  // `start` reports it
  if (std::exchange(has_logged_outage_, true)) return;
  tell_trouble((was_ready_ ? "lost the broker, trying again: " : "cannot serve yet, trying again: ") + text_of(reason));
}

void RpcResponder::is_ready(const CloseReason& refusal) {
  if (std::exchange(has_logged_outage_, false))
    tell_trouble(was_ready_ ? "the broker is back, serving again" : "serving");
  // Once all queues were served, the refusal of one does not stop the service of the others.
  if (refusal.error) tell_trouble(text_of(refusal));
}

void RpcResponder::tell_trouble(const std::string& trouble) {
  {
    const std::lock_guard lock{mutex_};
    if (is_stopping_) return;
  }
  tell(trouble);
}

void RpcResponder::tell(const std::string& what) {
  const auto line = protocol::printable(what);
  if (options_.on_trouble) return options_.on_trouble(line);
  if (!standard_error_) standard_error_.emplace(STDERR_FILENO);
  (void)standard_error_->write("pocketmq: " + line + '\n');
}

// A suspended coroutine holds no thread. So there is one more thread, on which coroutines resume while other handlers
// block.
void RpcResponder::provide_threads(std::size_t running) {
  if (!options_.executor) threads_.grow_to(running + (has_coroutines_ ? 2 : 1));
}

void RpcResponder::run(const std::shared_ptr<Invocation>& invocation) {
  auto& context = invocation->context();
  const auto& request = context.request();
  if (request.deadline && is_late(request, connection_->clock().wall_now(), options_.max_clock_skew))
    return invocation->end(Drop{});
  if (!invocation->begin()) return;
  const client::TraceScope trace{context.traceparent()};
  try {
    // `own = invocation` makes a pointer that is not const. A capture by name would be const, and so each move of the
    // lambda would copy the pointer.
    procedures_[request.id.procedure].chain(context,
                                            [own = invocation](Outcome outcome) { own->end(std::move(outcome)); });
  } catch (...) {
    invocation->end(failure_of(std::current_exception()));
  }
}

}  // namespace pocketmq::server
