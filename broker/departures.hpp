// What goes for good: deleted exchanges and queues with all their bindings, and the exclusive queues of a connection.
// A few go at once, very many a slice a turn.
//
// What is deleted has no name any more and no message reaches it. It is kept until the last binding from it or to it
// has gone, so that no binding ever refers to nothing. A queue whose turn has not come is there as it was.
#pragma once

#include <list>
#include <memory>
#include <vector>

#include "broker/deadline_heap.hpp"
#include "broker/exchange.hpp"
#include "broker/queue.hpp"

namespace pocketmq::broker {

class BindingTable;
class VirtualHost;

class Departures {
  struct Batch;

 public:
  /// Who is told when queues that did not all go at once have gone. It may go before they have.
  class Waiter {
   public:
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

   protected:
    Waiter() = default;
    ~Waiter() {
      if (awaits_departure()) batch_->waiter = nullptr;
    }

    [[nodiscard]] bool awaits_departure() const { return batch_ != nullptr; }

   private:
    friend class Departures;

    virtual void on_departed() = 0;

    Batch* batch_{nullptr};
  };

  /// All three outlive it.
  Departures(VirtualHost& virtual_host, BindingTable& bindings, DeadlineHeap& deadlines);

  /// A deleted exchange. Exchanges that auto-delete go with the last binding from them, in chains of any length.
  void take(std::unique_ptr<Exchange> exchange);
  /// Queues that are to be deleted, in their order, if nobody deletes them before. The waiter, if there is one, waits
  /// afterwards unless they have all gone.
  void take(std::vector<protocol::Ref<Queue>> queues, Waiter* waiter = nullptr);

 private:
  // What one operation has sent here. The last ones go first.
  struct Batch {
    std::vector<std::unique_ptr<Exchange>> exchanges;  // deleted
    std::vector<protocol::Ref<Queue>> queues;          // deleted, or to be deleted
    Waiter* waiter{nullptr};
  };

  void begin(Batch batch, Waiter* waiter);
  void go_on();
  /// Whether that was all of it.
  bool carry_out_slice(Batch& batch);
  /// These do a step of it, and return how many steps it was worth.
  std::size_t see_off_exchange(Batch& batch);
  std::size_t see_off_queue(Batch& batch);
  std::size_t remove(Binding& binding, Batch& batch);

  VirtualHost& virtual_host_;
  BindingTable& bindings_;
  std::list<Batch> unfinished_;
  Alarm<Departures> due_;
};

}  // namespace pocketmq::broker
