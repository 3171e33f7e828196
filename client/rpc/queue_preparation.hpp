// Declares the queues of procedures, and asks whether anybody consumes them, before requests go there.
//
// It happens on channels of its own: a refusal closes a channel. A new connection gets a new one, for its broker may
// know nothing of what was declared before.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "client/link/connection_core.hpp"
#include "client/values/rpc_request.hpp"

namespace pocketmq::client {

class QueuePreparation : public std::enable_shared_from_this<QueuePreparation> {
 public:
  using Prepared = MoveOnlyFunction<void(const std::optional<RpcError>&)>;

  /// `connection` must outlive it, or be over.
  explicit QueuePreparation(ConnectionCore& connection) : connection_{connection} {}

  /// Whether the request may be sent as it is.
  [[nodiscard]] bool is_ready(const RpcRequest& request) const {
    return !request.require_consumer && !must_declare(request);
  }
  /// Does what the request wants done first. `prepared` may be called before this returns; it is not called once this
  /// object is gone.
  void prepare(const RpcRequest& request, Prepared prepared);

 private:
  struct Waiting {
    bool require_consumer;
    Prepared prepared;
  };
  enum class Ask : std::uint8_t { whether_it_exists, to_declare };
  using Question = std::pair<std::string, Ask>;  // on a queue

  [[nodiscard]] bool must_declare(const RpcRequest& request) const {
    return request.declare && !declared_.contains(request.queue);
  }
  void ask(const Question& question, const QueueOptions& options);
  void ask_on(std::shared_ptr<ChannelCore> channel, const Question& question, const QueueOptions& options);
  void answer(const Question& question, const std::optional<RpcError>& error, std::uint32_t consumer_count);

  ConnectionCore& connection_;
  std::set<std::string, std::less<>> declared_;
  std::map<Question, std::vector<Waiting>> asked_;  // each is asked once, for all who wait
  std::shared_ptr<ChannelCore> spare_;              // open, and nothing is asked on it
};

}  // namespace pocketmq::client
