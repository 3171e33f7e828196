// A pocketmq-broker as a process of its own, on a free port.
#pragma once

#include <cstddef>
#include <cstdint>

#include <sys/types.h>

namespace pocketmq::bench {

class BrokerProcess {
 public:
  /// Returns when it is ready. Throws if it does not get there.
  explicit BrokerProcess(const char* program);
  BrokerProcess(const BrokerProcess&) = delete;
  BrokerProcess& operator=(const BrokerProcess&) = delete;
  /// Asks it to end, and waits until it has.
  ~BrokerProcess();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// What it has in memory now, in KiB; and the most that it ever had.
  [[nodiscard]] std::size_t resident() const { return status("VmRSS:"); }
  [[nodiscard]] std::size_t most_resident() const { return status("VmHWM:"); }

 private:
  [[nodiscard]] std::size_t status(const char* field) const;

  pid_t pid_;
  std::uint16_t port_{0};
};

}  // namespace pocketmq::bench
