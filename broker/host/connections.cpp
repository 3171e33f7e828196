#include "broker/host/connections.hpp"

#include <utility>
#include <vector>

#include <sys/eventfd.h>

#include <asio/error.hpp>
#include <asio/posix/basic_stream_descriptor.hpp>
#include <asio/post.hpp>

namespace pocketmq::broker {
namespace {

constexpr std::size_t prepared_at_once = 64;
constexpr std::size_t accepted_meanwhile = 8;

}  // namespace

Connections::Connections(asio::io_context& context, Broker& broker)
    : broker_{broker},
      flushes_{context.get_executor()},
      pipe_flushes_{protocol::SerialExecutor::on(context.get_executor())},
      broker_timer_{context.get_executor()},
      grace_timer_{context.get_executor()} {
  flushes_.after_flushes([this] { set_broker_timer(); });
  pipe_flushes_.after_flushes([this] { set_broker_timer(); });
  broker_.context().clock().set_wall_clock(protocol::Clock::now(), std::chrono::system_clock::now());
}

// Asio's reactor keeps a small piece of memory for each descriptor, and uses it again for later ones: there are as many
// as there ever were descriptors at once. Had each connection one made among its own memory, they would keep a page of
// each when it has gone. So they are made side by side.
void Connections::prepare_for_more() {
  std::vector<asio::posix::basic_stream_descriptor<Executor>> registered;
  for (std::size_t i = 0; i < prepared_at_once; ++i) {
    const int descriptor = ::eventfd(0, EFD_CLOEXEC);
    if (descriptor < 0) break;  // no more may be open
    std::error_code ignored;
    registered.emplace_back(flushes_.executor()).assign(descriptor, ignored);
    if (ignored) ::close(descriptor);
  }
  prepared_ = transports_.size() + prepared_at_once - accepted_meanwhile;
}

void Connections::remove(Transports::iterator position) {
  const auto kept = *position;  // it is still closing
  transports_.erase(position);
  if (stopping_ && transports_.empty()) grace_timer_.cancel();
  if (!std::exchange(looks_at_memory_, true))  // when the connection has let go of its own
    asio::post(flushes_.executor(), [this] {
      looks_at_memory_ = false;
      set_broker_timer();
    });
}

void Connections::set_broker_timer() {
  if (stopping_) return;
  broker_timer_.set(broker_.deadline(), [this] {
    broker_.tick(protocol::Clock::now());
    set_broker_timer();
  });
}

void Connections::stop(std::string_view text, std::chrono::milliseconds grace) {
  stopping_ = true;
  broker_timer_.cancel();
  broker_.shut_down(text);
  if (transports_.empty()) return;
  grace_timer_.expires_after(grace);
  grace_timer_.async_wait([this](std::error_code cancelled) {
    if (!cancelled) cut_transports();
  });
}

void Connections::cut() {
  stopping_ = true;
  broker_timer_.cancel();
  cut_transports();
}

void Connections::cut_transports() {
  const std::vector left(transports_.begin(), transports_.end());
  for (const auto& transport : left) transport->close(asio::error::operation_aborted);
}

}  // namespace pocketmq::broker
