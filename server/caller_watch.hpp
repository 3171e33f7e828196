// Finds callers that have gone while their requests run. One that crashes cannot cancel its call, but the queue where
// it awaits the reply goes with its connection.
#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <string>

#include "client/link/connection_core.hpp"
#include "client/rpc/queue_preparation.hpp"
#include "client/values/callbacks.hpp"

namespace pocketmq::server {

class CallerWatch {
 public:
  using OnGone = client::MoveOnlyFunction<void(const std::string& reply_to)>;

  /// `gone` is told a queue for replies that does not exist any more.
  explicit CallerWatch(OnGone gone) : gone_{std::move(gone)} {}

  /// Asks the broker whether these queues exist. Nothing is asked while earlier questions are not answered.
  void look(client::ConnectionCore& connection, const std::set<std::string>& reply_queues);
  /// The connection is over.
  void forget();

 private:
  OnGone gone_;
  std::shared_ptr<client::QueuePreparation> questions_;  // on channels of their own: a refusal closes a channel
  std::size_t unanswered_{0};
};

}  // namespace pocketmq::server
