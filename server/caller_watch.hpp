// Finds callers that have crashed while their requests run. Such a caller cannot cancel its call. But the broker
// deletes its callback queue with its connection.
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

  /// `gone` is called with each reply queue that does not exist any more.
  explicit CallerWatch(OnGone gone) : gone_{std::move(gone)} {}

  /// Asks the broker whether these queues exist. Does nothing while earlier questions are unanswered.
  void look(client::ConnectionCore& connection, const std::set<std::string>& reply_queues);
  /// The connection is over.
  void forget();

 private:
  OnGone gone_;
  std::shared_ptr<client::QueuePreparation>
      questions_;  // each on a channel of its own, because a refusal closes the channel
  std::size_t unanswered_{0};
};

}  // namespace pocketmq::server
