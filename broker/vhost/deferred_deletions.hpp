// What is being deleted: exchanges and queues with all their bindings and consumers, the exclusive queues of a
// connection that ends, the consumers of a channel that ends. A few go with the command that deletes them, very many a
// slice a turn.
//
// What is deleted has lost its name, and no message reaches it. It is kept until the last binding from it or to it has
// gone, so that no binding ever refers to nothing. An exclusive queue whose turn has not come is there as it was.
#pragma once

#include <memory>
#include <vector>

#include "broker/core/backlog.hpp"
#include "broker/queue/consumer.hpp"
#include "broker/queue/queue.hpp"
#include "broker/routing/exchange.hpp"

namespace pocketmq::broker {

class BindingTable;

class DeferredDeletions {
  class Batch;

 public:
  /// What one operation deletes.
  struct Request {
    std::vector<protocol::Ref<Exchange>> exchanges{};  // which have lost their names already
    std::vector<Consumers> consumers{};                // of channels that have ended
    std::vector<protocol::Ref<Queue>> queues{};        // to be deleted in this order, if nobody deletes them before
  };

  /// Who is told when all of a request has gone. It may go before that.
  class Waiter {
   public:
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

   protected:
    Waiter() = default;
    ~Waiter();

    [[nodiscard]] bool awaits_deletion() const { return batch_ != nullptr; }

   private:
    friend class DeferredDeletions;

    virtual void on_deleted() = 0;

    Batch* batch_{nullptr};
  };

  /// The virtual host: where exchanges and queues lose their names. They are gone then, but for their bindings and
  /// consumers.
  class Owner {
   public:
    virtual void take_out(Queue& queue) = 0;
    [[nodiscard]] virtual protocol::Ref<Exchange> take_out(Exchange& exchange) = 0;

   protected:
    ~Owner() = default;
  };

  /// All three outlive it.
  DeferredDeletions(Owner& virtual_host, BindingTable& bindings, Backlog& backlog);

  /// Begins with the rest of the slice that is going on, after the command. Exchanges that auto-delete go with the last
  /// binding from them, in chains of any length. The waiter, if there is one, waits for one request at a time.
  void take(Request request, Waiter* waiter = nullptr);

 private:
  Owner& virtual_host_;
  BindingTable& bindings_;
  Backlog& backlog_;
};

}  // namespace pocketmq::broker
