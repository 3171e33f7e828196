// The simulated processes: callers and servers, each with the core that it is to prove.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>

#include "client/rpc/rpc_core.hpp"
#include "server/server_core.hpp"
#include "tests/simulation/connector.hpp"
#include "tests/simulation/ledger.hpp"

namespace pocketmq::simulation {

class Caller {
 public:
  Caller(LossyNetwork& network, Ledger& ledger, const client::RpcSettings& settings);
  ~Caller();

  /// Gives the call's number.
  int call(const Call& call);
  void cancel(int number);
  /// As ~RpcClient: all that is under way is cancelled.
  void close();

  [[nodiscard]] std::size_t pending_calls() const { return core_.pending_calls(); }
  [[nodiscard]] std::uint64_t dropped_replies() const { return core_.dropped_replies(); }

 private:
  LossyNetwork& network_;
  Ledger& ledger_;
  const std::chrono::nanoseconds clock_error_;
  client::RpcCore core_;
  std::map<int, client::RpcCore::CallId> ids_;
  std::shared_ptr<Connector> connector_;
};

struct ServerPlan {
  int process{0};
  std::uint16_t prefetch{1};
  bool has_slow_pool{false};  // requests may wait for a thread
};

class Server : public std::enable_shared_from_this<Server> {
 public:
  /// Make it shared, and start it.
  Server(LossyNetwork& network, Ledger& ledger, const ServerPlan& plan);
  ~Server();

  void start();
  /// As ~RpcServer: it finishes what it has begun, and leaves.
  void stop();
  [[nodiscard]] std::size_t running_requests() const { return core_.running_requests(); }

 private:
  void note(const std::string& what);
  void take(server::Request request);
  void run(const server::Request& request);
  void stream(server::RequestId id, int number, int next);
  /// Runs the task then, if the process still lives.
  template <class Task> void in(std::chrono::nanoseconds delay, Task task);

  LossyNetwork& network_;
  Ledger& ledger_;
  const ServerPlan plan_;
  const std::chrono::nanoseconds clock_error_;
  server::ServerCore core_;
  std::shared_ptr<Connector> connector_;
};

}  // namespace pocketmq::simulation
