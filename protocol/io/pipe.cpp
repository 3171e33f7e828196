#include "protocol/io/pipe.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace pocketmq::protocol {
namespace {

void tell(std::unique_ptr<PipeBuffer::Waiter> waiter, std::error_code error = {}) {
  if (auto* const told = waiter.get()) told->complete(std::move(waiter), error);
}

}  // namespace

std::size_t PipeBuffer::read(char* to, std::size_t size, std::error_code& error) {
  std::unique_ptr<Waiter> writer;
  std::size_t bytes = 0;
  {
    const std::lock_guard lock{mutex_};
    bytes = std::min(size, size_);
    if (bytes == 0) {
      error = is_cut_      ? std::error_code{asio::error::connection_reset}
              : has_ended_ ? std::error_code{asio::error::eof}
                           : asio::error::would_block;
      return 0;
    }
    const auto before_wrap = std::min(bytes, capacity_bytes - begin_);
    std::memcpy(to, bytes_.get() + begin_, before_wrap);
    std::memcpy(to + before_wrap, bytes_.get(), bytes - before_wrap);
    size_ -= bytes;
    begin_ = size_ == 0 ? 0 : (begin_ + bytes) % capacity_bytes;
    if (size_ <= capacity_bytes / 2) writer = std::move(writer_);
  }
  error.clear();
  tell(std::move(writer));
  return bytes;
}

std::size_t PipeBuffer::append(std::string_view bytes) {
  if (is_abandoned_) return 0;
  if (!bytes_) bytes_ = std::make_unique_for_overwrite<char[]>(capacity_bytes);
  bytes = bytes.substr(0, capacity_bytes - size_);
  const auto end = (begin_ + size_) % capacity_bytes;
  const auto before_wrap = bytes.substr(0, capacity_bytes - end);
  std::memcpy(bytes_.get() + end, before_wrap.data(), before_wrap.size());
  std::memcpy(bytes_.get(), bytes.data() + before_wrap.size(), bytes.size() - before_wrap.size());
  size_ += bytes.size();
  return bytes.size();
}

void PipeBuffer::finish_write(std::unique_lock<std::mutex> lock, std::size_t written, std::error_code& error) {
  error = is_abandoned_  ? std::error_code{asio::error::broken_pipe}
          : written == 0 ? std::error_code{asio::error::would_block}
                         : std::error_code{};
  auto reader = written > 0 ? std::move(reader_) : nullptr;
  lock.unlock();
  tell(std::move(reader));
}

PeerState PipeBuffer::writer_state() {
  const std::lock_guard lock{mutex_};
  return is_cut_ ? PeerState::disconnected : has_ended_ ? PeerState::half_closed : PeerState::connected;
}

void PipeBuffer::wait_readable(std::unique_ptr<Waiter> waiter) {
  {
    const std::lock_guard lock{mutex_};
    if (size_ == 0 && !has_ended_) {
      assert(!reader_);
      reader_ = std::move(waiter);
      return;
    }
  }
  tell(std::move(waiter));
}

void PipeBuffer::wait_writable(std::unique_ptr<Waiter> waiter) {
  {
    const std::lock_guard lock{mutex_};
    if (size_ == capacity_bytes && !is_abandoned_) {
      assert(!writer_);
      writer_ = std::move(waiter);
      return;
    }
  }
  tell(std::move(waiter));
}

void PipeBuffer::abandon(Own waiter) {
  std::unique_ptr<Waiter> reader;
  std::unique_ptr<Waiter> writer;
  {
    const std::lock_guard lock{mutex_};
    is_abandoned_ = true;
    bytes_.reset();
    begin_ = size_ = 0;
    reader = std::move(reader_);
    writer = std::move(writer_);
  }
  if (waiter == Own::told) tell(std::move(reader), asio::error::operation_aborted);
  tell(std::move(writer));
}

void PipeBuffer::end(Own waiter) {
  std::unique_ptr<Waiter> reader;
  std::unique_ptr<Waiter> writer;
  {
    const std::lock_guard lock{mutex_};
    has_ended_ = true;
    reader = std::move(reader_);
    writer = std::move(writer_);
  }
  tell(std::move(reader));
  if (waiter == Own::told) tell(std::move(writer), asio::error::operation_aborted);
}

void PipeBuffer::cut() {
  std::unique_ptr<Waiter> reader;
  std::unique_ptr<Waiter> writer;
  {
    const std::lock_guard lock{mutex_};
    is_cut_ = has_ended_ = is_abandoned_ = true;
    bytes_.reset();
    begin_ = size_ = 0;
    reader = std::move(reader_);
    writer = std::move(writer_);
  }
  tell(std::move(reader));
  tell(std::move(writer));
}

void PipeCutter::cut() const {
  if (const auto one = one_.lock()) one->cut();
  if (const auto other = other_.lock()) other->cut();
}

asio::execution_context::id PipeEnds::id;

void PipeEnds::add(const std::shared_ptr<PipeBuffer>& in, const std::shared_ptr<PipeBuffer>& out) {
  const std::lock_guard lock{mutex_};
  open_.emplace(in.get(), End{in, out});
}

void PipeEnds::remove(const PipeBuffer* in) {
  const std::lock_guard lock{mutex_};
  open_.erase(in);
}

// The waiters are destroyed, not completed, because their executor runs nothing any more.
void PipeEnds::shutdown() noexcept {
  std::unordered_map<const PipeBuffer*, End> open;
  {
    const std::lock_guard lock{mutex_};
    open.swap(open_);
  }
  for (const auto& [address, end] : open) {
    if (const auto in = end.in.lock()) in->abandon(PipeBuffer::Own::dropped);
    if (const auto out = end.out.lock()) out->end(PipeBuffer::Own::dropped);
  }
}

}  // namespace pocketmq::protocol
