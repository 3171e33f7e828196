// Deletes exchanges and queues with all their bindings and consumers, the exclusive queues of a closed connection, and
// the consumers of a closed channel. A few objects are deleted with the command, very many over several turns.
//
// A deleted exchange or queue has no name any more, and no message is routed to it. It exists until the last binding
// from it or to it is removed, so that no binding refers to a destroyed object. Exclusive queues that are not deleted
// yet work as before.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "broker/core/context.hpp"
#include "broker/queue/consumer.hpp"
#include "broker/queue/queue.hpp"
#include "broker/routing/exchange.hpp"

namespace pocketmq::broker {

class BindingTable;

class DeferredDeletions {
  class Batch;

 public:
  /// What becomes of an auto-delete exchange when the last binding from it is removed.
  enum class UnusedSources : std::uint8_t { deleted, kept };

  /// The objects that one operation deletes.
  struct Request {
    std::vector<protocol::Ref<Exchange>> exchanges{};  // their names are removed already, or only their bindings go
    std::vector<Consumers> consumers{};                // of closed channels
    std::vector<protocol::Ref<Queue>> queues{};        // in this order, unless they are deleted before
    UnusedSources unused_sources{UnusedSources::deleted};
  };

  /// Is told when a request is finished. It may be destroyed before that.
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

  /// The virtual host. `unregister` removes the name and marks the object as deleted; its bindings and consumers
  /// remain. `tell_unbound` is called before a binding is removed.
  class Owner {
   public:
    virtual void unregister(Queue& queue, event::Gone reason) = 0;
    [[nodiscard]] virtual protocol::Ref<Exchange> unregister(Exchange& exchange, event::Gone reason) = 0;
    virtual void tell_unbound(const Binding& binding, event::Gone reason) = 0;

   protected:
    ~Owner() = default;
  };

  /// All three must outlive it.
  DeferredDeletions(Owner& virtual_host, BindingTable& bindings, Context& context);

  /// Begins after the command, in the rest of the current slice. An auto-delete exchange is deleted with the last
  /// binding from it, in chains of any length. A waiter can wait for one request at a time.
  void add(Request request, Waiter* waiter = nullptr);

 private:
  Owner& virtual_host_;
  BindingTable& bindings_;
  Context& context_;
};

}  // namespace pocketmq::broker
