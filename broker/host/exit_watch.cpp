#include "broker/host/exit_watch.hpp"

#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <asio/post.hpp>

namespace pocketmq::broker {
namespace {

constexpr std::string_view the_parent = "the process that started the broker";
constexpr std::string_view standard_input = "standard input";

int open_process(pid_t process) {
#ifdef SYS_pidfd_open
  return static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
#else
  (void)process;
  errno = ENOSYS;
  return -1;
#endif
}

// Opens an epoll descriptor that becomes readable when the other end of standard input is closed. Asio does not wait
// for standard input itself, because it would make that non-blocking for all processes that share it. Returns -1 if
// there is nothing to wait for.
int watch_for_hang_up(int descriptor) {
  const int watch = ::epoll_create1(EPOLL_CLOEXEC);
  if (watch < 0) throw std::system_error{errno, std::generic_category(), "cannot watch standard input"};
  epoll_event hang_up{.events = EPOLLRDHUP, .data = {}};  // EPOLLHUP is always reported
  if (::epoll_ctl(watch, EPOLL_CTL_ADD, descriptor, &hang_up) == 0) return watch;
  ::close(watch);
  return -1;
}

}  // namespace

ExitWatch::ExitWatch(asio::io_context& context, std::function<void(std::string_view who)> gone)
    : gone_{std::move(gone)}, context_{context}, parent_{context.get_executor()}, input_{context.get_executor()} {}

void ExitWatch::watch_parent(pid_t parent) {
  const int process = open_process(parent);
  // Kernels before 5.3 and some sandboxes have no pidfd_open. Then the kernel sends a signal instead, but it does so
  // when the parent's *thread* ends.
  if (process < 0) ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) {  // it has ended meanwhile, and another process may have its number
    if (process >= 0) ::close(process);
    return asio::post(context_, [this] { gone_(the_parent); });
  }
  if (process < 0) return;
  parent_.assign(process);
  wait_for(parent_, the_parent);
}

void ExitWatch::watch_standard_input() {
  const int watch = watch_for_hang_up(STDIN_FILENO);
  if (watch < 0) return asio::post(context_, [this] { gone_(standard_input); });
  input_.assign(watch);
  wait_for(input_, standard_input);
}

void ExitWatch::wait_for(Descriptor& descriptor, std::string_view who) {
  descriptor.async_wait(Descriptor::wait_read, [this, who](std::error_code cancelled) {
    if (!cancelled) gone_(who);
  });
}

void ExitWatch::stop() {
  std::error_code ignored;
  parent_.close(ignored);
  input_.close(ignored);
}

}  // namespace pocketmq::broker
