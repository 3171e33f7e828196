#include "server/command_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/values/rpc_error.hpp"

namespace pocketmq::server {
namespace {

using client::RpcCode;
using client::RpcError;

[[noreturn]] void fail(const std::string& what, int error = errno) {
  throw RpcError{RpcCode::internal, what + ": " + std::generic_category().message(error)};
}

struct Ends {
  File ours, theirs;
};

enum class Direction : bool { to_command, from_command };

Ends pipe_ends(Direction direction) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("no pipe");
  File read{ends[0]}, write{ends[1]};
  auto& ours = direction == Direction::to_command ? write : read;
  auto& theirs = direction == Direction::to_command ? read : write;
  ::fcntl(ours.descriptor(), F_SETFL, O_NONBLOCK);
  return {std::move(ours), std::move(theirs)};
}

// A message to the server. The guard sends it, or the child process that is about to run the command.
struct News {
  enum class Kind : std::uint8_t { began, cannot_run, ended } kind;
  int value;  // the command's process id, an errno, or a status of waitpid
};

// --- The guard ---------------------------------------------------------------------------------------
// The guard is forked from a process with threads. So until `exec` it calls only functions that are safe in a signal
// handler: none that may allocate memory or lock.

void tell(int server, News news) { ::send(server, &news, sizeof news, MSG_NOSIGNAL); }

// The guard's end of its socket to the server has this number.
constexpr int server_descriptor = 3;

struct Descriptors {
  int in, out, err, server;
};

// Moves these descriptors to 0, 1, 2 and 3, and closes all others.
void keep_only(Descriptors kept) {
  const auto out_of_the_way = [](int descriptor) { return ::fcntl(descriptor, F_DUPFD, server_descriptor + 1); };
  kept = {out_of_the_way(kept.in), out_of_the_way(kept.out), out_of_the_way(kept.err), out_of_the_way(kept.server)};
  ::dup2(kept.in, STDIN_FILENO);
  ::dup2(kept.out, STDOUT_FILENO);
  ::dup2(kept.err, STDERR_FILENO);
  ::dup2(kept.server, server_descriptor);
  ::fcntl(server_descriptor, F_SETFD, FD_CLOEXEC);
  ::closefrom(server_descriptor + 1);
}

// Resets signal handlers, which would run in a copy of the server's memory without the server's threads. Ignored
// signals stay ignored, except two. SIGPIPE ends a command, as in a shell. If SIGCHLD were ignored, the guard could not
// wait for the command.
void forget_signal_handlers() {
  for (int signal = 1; signal < NSIG; ++signal) {
    struct ::sigaction action {};
    if (::sigaction(signal, nullptr, &action) != 0) continue;
    if (action.sa_handler == SIG_IGN && signal != SIGPIPE && signal != SIGCHLD) continue;
    action = {};
    action.sa_handler = SIG_DFL;
    ::sigaction(signal, &action, nullptr);
  }
}

[[noreturn]] void become_command(char* const* words, const ::sigset_t& signal_mask, ::pid_t guard) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // the system kills the command if somebody kills the guard
  if (::getppid() != guard) ::_exit(1);
  ::sigprocmask(SIG_SETMASK, &signal_mask, nullptr);
  ::execvp(words[0], words);
  tell(server_descriptor, {News::Kind::cannot_run, errno});
  ::_exit(127);
}

// Whether the command has ended. It is not reaped here, so that no other process or group gets its process id. Orphans
// are reaped.
bool has_ended(::pid_t command) {
  for (;;) {
    ::siginfo_t ended{};
    if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0) return false;
    if (ended.si_pid == command) return true;
    ::waitpid(ended.si_pid, nullptr, 0);
  }
}

void wait_for_end(::pid_t command, int child_signals) {
  while (!has_ended(command)) {
    std::array<::pollfd, 2> events{{{server_descriptor, POLLIN, 0}, {child_signals, POLLIN, 0}}};
    ::poll(events.data(), events.size(), -1);
    if (events[0].revents != 0) return;  // the server has closed its end, or has ended
    ::signalfd_siginfo signal;
    [[maybe_unused]] const auto bytes = ::read(child_signals, &signal, sizeof signal);
  }
}

// Kills the children of this process. Returns how many it could kill. Processes of another user survive.
int kill_children() {
  const int list = ::open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  if (list < 0) return 0;
  std::array<char, 4'096> text{};  // process ids, each followed by a space; the next call reads those that do not fit
  const auto bytes = ::read(list, text.data(), text.size());
  ::close(list);
  int killed = 0;
  ::pid_t child = 0;
  for (::ssize_t i = 0; i < bytes; ++i) {
    const char character = text[static_cast<std::size_t>(i)];
    if (character >= '0' && character <= '9') {
      child = child * 10 + (character - '0');
    } else if (child != 0) {
      if (::kill(std::exchange(child, 0), SIGKILL) == 0) ++killed;
    }
  }
  return killed;
}

int kill_all(::pid_t command) {
  // Kills the whole group at once, so that no member can start another process meanwhile.
  ::kill(-command, SIGKILL);
  int status = 0;
  ::waitpid(command, &status, 0);
  // Orphans become children of this process. When one of them is killed, the processes that it started follow.
  while (kill_children() > 0) ::waitpid(-1, nullptr, 0);
  return status;
}

[[noreturn]] void guard(char* const* words, const Descriptors& descriptors, const ::sigset_t& signal_mask) {
  ::setpgid(0, 0);  // a signal to the server's group must not reach the guard
  ::prctl(PR_SET_NAME, "pocketmq-guard");
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  forget_signal_handlers();
  keep_only(descriptors);
  ::sigset_t child_signal;
  ::sigemptyset(&child_signal);
  ::sigaddset(&child_signal, SIGCHLD);
  const int child_signals = ::signalfd(-1, &child_signal, SFD_CLOEXEC);

  const auto self = ::getpid();
  const auto command = ::fork();
  if (command == 0) become_command(words, signal_mask, self);
  if (command < 0 || child_signals < 0) {
    tell(server_descriptor, {News::Kind::cannot_run, errno});
    ::_exit(1);
  }
  ::setpgid(command, command);  // parent and child both do this, because either may run first
  tell(server_descriptor, {News::Kind::began, command});
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(descriptor);
  wait_for_end(command, child_signals);
  tell(server_descriptor, {News::Kind::ended, kill_all(command)});
  ::_exit(0);
}

}  // namespace

// --- The server's side -------------------------------------------------------------------------------

File::File(int descriptor) : descriptor_{descriptor} {
  if (descriptor < 0) fail("no file descriptor");
}

void File::close() {
  if (is_open()) ::close(std::exchange(descriptor_, -1));
}

CommandProcess::CommandProcess(const std::vector<std::string>& command) : name_{command.at(0)} {
  auto [in_end, in_of_command] = pipe_ends(Direction::to_command);
  auto [out_end, out_of_command] = pipe_ends(Direction::from_command);
  auto [err_end, err_of_command] = pipe_ends(Direction::from_command);
  std::array<int, 2> sockets{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets.data()) != 0) fail("no socket");
  File server{sockets[0]};
  const File guards{sockets[1]};
  std::vector<char*> words;
  for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));  // exec does not change them
  words.push_back(nullptr);

  // No signal handler of this process may run in the guard. The command gets the signal mask of this thread.
  ::sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  guard_pid_ = ::fork();
  if (guard_pid_ == 0)
    guard(words.data(),
          {in_of_command.descriptor(), out_of_command.descriptor(), err_of_command.descriptor(), guards.descriptor()},
          before);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (guard_pid_ < 0) fail("no process", error);
  guard_ = std::move(server);
  in = std::move(in_end);
  out = std::move(out_end);
  err = std::move(err_end);
}

CommandProcess::~CommandProcess() {
  ::shutdown(guard_.descriptor(), SHUT_WR);
  const bool had_its_way = await_guard();
  if (had_its_way) return;
  // The guard was killed, so the system killed the command. As long as the group has members, no other group gets its
  // number.
  News news{};
  while (!group_ && ::recv(guard_.descriptor(), &news, sizeof news, MSG_DONTWAIT) > 0)
    if (news.kind == News::Kind::began) group_ = news.value;
  if (group_) ::kill(-*group_, SIGKILL);
}

bool CommandProcess::await_guard() const {
  for (;;) {
    int status = 0;
    if (::waitpid(guard_pid_, &status, WUNTRACED) < 0) {
      if (errno != EINTR) return true;
    } else if (WIFSTOPPED(status)) {
      ::kill(guard_pid_, SIGCONT);  // the command may have stopped the guard
    } else {
      return WIFEXITED(status);
    }
  }
}

std::optional<int> CommandProcess::status() {
  News news{};
  const auto bytes = ::recv(guard_.descriptor(), &news, sizeof news, MSG_DONTWAIT);
  if (bytes < 0) return std::nullopt;
  if (bytes == 0) throw RpcError{RpcCode::internal, "the process that watched over the command was killed"};
  switch (news.kind) {
    case News::Kind::began: group_ = news.value; return std::nullopt;
    case News::Kind::cannot_run: fail("cannot run " + name_, news.value);
    default: return news.value;
  }
}

}  // namespace pocketmq::server
