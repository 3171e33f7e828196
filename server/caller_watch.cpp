#include "server/caller_watch.hpp"

#include <optional>

#include "client/values/rpc_error.hpp"
#include "client/values/rpc_request.hpp"

namespace pocketmq::server {

// The broker refuses a passive declare of another connection's exclusive queue with 405 (locked) if the queue exists,
// and with 404 (not found) if it does not.
void CallerWatch::look(client::ConnectionCore& connection, const std::set<std::string>& reply_queues) {
  if (unanswered_ > 0) return;
  if (!questions_) questions_ = std::make_shared<client::QueuePreparation>(connection);
  unanswered_ = reply_queues.size();
  for (const auto& queue : reply_queues)
    questions_->prepare({.queue = queue}, [this, queue](const std::optional<client::RpcError>& refusal) {
      --unanswered_;
      if (refusal && refusal->reason() == client::reason::no_queue) gone_(queue);
    });
}

void CallerWatch::forget() {
  questions_.reset();
  unanswered_ = 0;
}

}  // namespace pocketmq::server
