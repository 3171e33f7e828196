#include "broker/host/connections.hpp"

#include <utility>
#include <vector>

#include <sys/eventfd.h>

#include <asio/error.hpp>
#include <asio/posix/basic_stream_descriptor.hpp>
#include <asio/post.hpp>

#include "broker/host/port_end.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t prepared_at_once = 64;
constexpr std::size_t accepted_meanwhile = 8;

}  // namespace

Connections::Connections(asio::io_context& context, Broker& broker)
    : broker_{broker},
      flushes_{context.get_executor()},
      pipe_flushes_{protocol::SerialExecutor::on(context.get_executor())},
      broker_timer_{context.get_executor(), flushes_.clock()},
      grace_timer_{context.get_executor(), flushes_.clock()} {
  flushes_.after_flushes([this] { set_broker_timer(); });
  pipe_flushes_.after_flushes([this] { set_broker_timer(); });
  broker_.context().clock().set_wall_clock(clock().now(), clock().wall_now());
}

std::unique_ptr<protocol::ConnectionEnd> Connections::make_end(Peer peer, Spoken spoken) {
  const auto now = clock().now();
  switch (spoken) {
    case Spoken::broker: break;
    case Spoken::broker_and_http: return std::make_unique<PortEnd>(broker_, *http_, std::move(peer), now);
    case Spoken::http:
      return http_->connect({.name = peer.name, .source = peer.source, .from_loopback = peer.from_loopback}, now);
  }
  return broker_.connect(std::move(peer), now);
}

// Asio's reactor keeps a small piece of memory for each descriptor and uses it again for later ones: it has as many
// pieces as descriptors were open at once. If each were allocated together with its connection's memory, it would keep
// a whole page when the connection is gone. So they are allocated next to each other, in advance.
void Connections::prepare_for_more() {
  std::vector<asio::posix::basic_stream_descriptor<Executor>> registered;
  for (std::size_t i = 0; i < prepared_at_once; ++i) {
    const int descriptor = ::eventfd(0, EFD_CLOEXEC);
    if (descriptor < 0) break;  // the limit of open files is reached
    std::error_code ignored;
    registered.emplace_back(flushes_.executor()).assign(descriptor, ignored);
    if (ignored) ::close(descriptor);
  }
  prepared_ = transports_.size() + prepared_at_once - accepted_meanwhile;
}

void Connections::remove(Transports::iterator position) {
  const auto kept = *position;  // keeps the transport while it is closing
  transports_.erase(position);
  if (stopping_ && transports_.empty()) grace_timer_.cancel();
  if (!std::exchange(memory_check_is_posted_, true))  // after the connection has freed its memory
    asio::post(flushes_.executor(), [this] {
      memory_check_is_posted_ = false;
      set_broker_timer();
    });
}

void Connections::set_broker_timer() {
  if (stopping_) return;
  broker_timer_.set(broker_.deadline(), [this] {
    broker_.tick(clock().now());
    set_broker_timer();
  });
}

void Connections::stop(std::string_view text, std::chrono::milliseconds grace) {
  stopping_ = true;
  broker_timer_.cancel();
  broker_.shut_down(text);
  if (http_ != nullptr) http_->shut_down(text);
  if (transports_.empty()) return;
  grace_timer_.set(clock().now() + grace, [this] { cut_transports(); });
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
