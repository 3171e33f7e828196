#include "protocol/io/line_writer.hpp"

#include <cerrno>
#include <climits>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pocketmq::protocol {
namespace {

constexpr std::chrono::milliseconds farewell{500};
constexpr std::chrono::milliseconds full_disk_pause{100};
constexpr std::size_t worth_keeping_bytes = 16 << 10;
constexpr std::size_t at_once_bytes = 16 << 10;

// False if the reader is gone. While the disk is full, it tries again, until `may_try_again` returns false.
bool write_whole(int descriptor, std::string_view bytes, const auto& may_try_again) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {  // another process has made it non-blocking
      pollfd writable{.fd = descriptor, .events = POLLOUT, .revents = 0};
      ::poll(&writable, 1, -1);
    } else if (errno == ENOSPC || errno == EDQUOT) {
      if (!may_try_again()) return false;
    } else if (errno == EPIPE || errno == EBADF || errno == ECONNRESET) {
      return false;
    } else if (errno != EINTR) {
      return true;  // these lines are lost, but later lines may be written
    }
  }
  return true;
}

// Makes a descriptor of our own, so that the thread never writes to another file that later gets the same number.
int duplicate(int descriptor) { return ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0); }

// Opens a pipe a second time, so that only this descriptor is non-blocking. -1 if it is no pipe.
int reopen_pipe(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || !S_ISFIFO(status.st_mode)) return -1;
  return ::open(("/proc/self/fd/" + std::to_string(descriptor)).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

}  // namespace

struct LineWriter::Shared {
  Shared(int descriptor, std::size_t bytes)
      : target{duplicate(descriptor)}, pipe{reopen_pipe(descriptor)}, max_bytes{bytes} {}
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  ~Shared() {
    if (pipe >= 0) ::close(pipe);
    if (target >= 0) ::close(target);
  }

  // False if the pipe has no room for all of it, or if earlier lines still wait.
  [[nodiscard]] bool write_at_once(std::string_view lines) const {
    if (pipe < 0 || is_writing || !waiting.empty() || lines.size() > PIPE_BUF) return false;
    return ::write(pipe, lines.data(), lines.size()) == static_cast<ssize_t>(lines.size());  // all of it or nothing
  }

  void add(std::string_view lines) {
    if (is_done) return;  // the reader is gone
    if (waiting.empty()) changed.notify_all();
    waiting += lines;
  }

  const int target;  // blocking, for the thread
  const int pipe;    // non-blocking, or -1
  const std::size_t max_bytes;
  std::mutex mutex;
  std::condition_variable changed;
  std::string waiting;
  std::uint64_t pieces_written{0};
  bool is_writing{false};  // the thread is
  bool is_ending{false};
  bool is_done{false};
};

LineWriter::LineWriter(int descriptor, std::size_t max_bytes)
    : shared_{std::make_shared<Shared>(descriptor, max_bytes)} {
  std::thread{[shared = shared_] { write_all(shared); }}.detach();
}

LineWriter::~LineWriter() {
  std::unique_lock lock{shared_->mutex};
  shared_->is_ending = true;
  shared_->changed.notify_all();
  // Waits for progress, not for the end of the thread, because a write that blocks cannot be interrupted.
  for (bool goes_on = true; goes_on && !shared_->is_done;) {
    const auto seen = shared_->pieces_written;
    goes_on =
        shared_->changed.wait_for(lock, farewell, [&] { return shared_->is_done || shared_->pieces_written != seen; });
  }
}

bool LineWriter::write(std::string_view lines) {
  const std::lock_guard lock{shared_->mutex};
  if (shared_->is_done || shared_->write_at_once(lines)) return true;
  if (shared_->waiting.size() + lines.size() > shared_->max_bytes) return false;
  shared_->add(lines);
  return true;
}

void LineWriter::write_last(std::string_view line) {
  const std::lock_guard lock{shared_->mutex};
  shared_->add(line);
}

void LineWriter::write_all(const std::shared_ptr<Shared>& shared) {
  std::string lines;
  std::unique_lock lock{shared->mutex};
  for (bool is_read = true; is_read;) {
    shared->changed.wait(lock, [&] { return !shared->waiting.empty() || shared->is_ending; });
    if (shared->waiting.empty()) break;
    lines.clear();
    if (lines.capacity() > worth_keeping_bytes) lines.shrink_to_fit();
    lines.swap(shared->waiting);
    shared->is_writing = true;
    for (std::string_view left = lines; is_read && !left.empty();) {
      const auto piece = left.substr(0, at_once_bytes);
      left.remove_prefix(piece.size());
      lock.unlock();
      is_read = write_whole(shared->target, piece, [&shared] {
        std::unique_lock waiting{shared->mutex};
        return !shared->changed.wait_for(waiting, full_disk_pause, [&shared] { return shared->is_ending; });
      });
      lock.lock();
      ++shared->pieces_written;
      shared->changed.notify_all();
    }
    shared->is_writing = false;
  }
  shared->waiting = {};
  shared->is_done = true;
  shared->changed.notify_all();
}

}  // namespace pocketmq::protocol
