#include "tests/bench/load/broker_process.hpp"

#include <array>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

namespace pocketmq::bench {

BrokerProcess::BrokerProcess(const char* program) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) throw std::runtime_error{"no pipe to the broker"};
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(pipe[1], STDOUT_FILENO);
    ::close(pipe[0]);
    ::execl(program, program, "--port", "0", nullptr);
    ::_exit(127);
  }
  ::close(pipe[1]);
  std::string line;  // "ready on 127.0.0.1:5672"
  for (char c = 0; ::read(pipe[0], &c, 1) == 1 && c != '\n';) line += c;
  ::close(pipe[0]);
  const auto colon = line.rfind(':');
  if (colon == std::string::npos) throw std::runtime_error{std::string{program} + " does not start"};
  port_ = static_cast<std::uint16_t>(std::stoul(line.substr(colon + 1)));
}

BrokerProcess::~BrokerProcess() {
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
}

std::size_t BrokerProcess::status(const char* field) const {
  std::ifstream lines{"/proc/" + std::to_string(pid_) + "/status"};
  std::string word;
  while (lines >> word)
    if (std::size_t kib = 0; word == field && lines >> kib) return kib;
  throw std::runtime_error{"the broker is gone"};
}

}  // namespace pocketmq::bench
