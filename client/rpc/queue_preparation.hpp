// Declares the queues of procedures, and asks whether they have consumers, before requests are sent there.
//
// It uses channels of its own, because a refusal closes a channel. Each connection gets a new object: the new broker
// may not know what was declared before.
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

  /// `connection` must outlive this object, unless it is over.
  explicit QueuePreparation(ConnectionCore& connection) : connection_{connection} {}

  /// Whether the request can be sent without preparation.
  [[nodiscard]] bool is_ready(const RpcRequest& request) const {
    return !request.require_consumer && !must_declare(request);
  }
  /// Declares the request's queue, or asks for its consumers, as the request demands. `prepared` may be called before
  /// this returns. It is not called once this object is gone.
  void prepare(const RpcRequest& request, Prepared prepared);

 private:
  struct Waiting {
    bool require_consumer;
    Prepared prepared;
  };
  enum class Ask : std::uint8_t { whether_it_exists, to_declare };
  using Question = std::pair<std::string, Ask>;  // about a queue

  [[nodiscard]] bool must_declare(const RpcRequest& request) const {
    return request.declare && !declared_.contains(request.queue);
  }
  void ask(const Question& question, const QueueOptions& options);
  void ask_on(std::shared_ptr<ChannelCore> channel, const Question& question, const QueueOptions& options);
  void answer(const Question& question, const std::optional<RpcError>& error, std::uint32_t consumer_count);

  ConnectionCore& connection_;
  std::set<std::string, std::less<>> declared_;
  std::map<Question, std::vector<Waiting>> asked_;  // one question at a time, for all calls that wait for it
  std::shared_ptr<ChannelCore> spare_;              // an open channel that is not in use
};

}  // namespace pocketmq::client
