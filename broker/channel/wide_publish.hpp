// A publish that does not fit into one slice. First it searches for its queues, then it hands the message to them, a
// slice at a time. It is completed even if its channel ends before.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "broker/core/backlog.hpp"
#include "broker/core/context.hpp"
#include "broker/queue/fan_out.hpp"
#include "broker/queue/publisher.hpp"
#include "broker/routing/routing.hpp"

namespace pocketmq::broker {

class WidePublish final : public Backlog::Item, private Publisher {
 public:
  /// The publisher. It is told what becomes of the publish, until `leave`.
  class Owner : public Publisher {
   public:
    /// The message goes to these queues. Returns the publish's number, for `accepted` and `refused`. The owner may move
    /// the queues and the record away; without the queues, the message is not handed to them.
    virtual std::uint64_t on_routed(const Message& message, std::vector<protocol::Ref<Queue>>& queues,
                                    RouteRecord& record, bool mandatory) = 0;
    /// The search is finished, but memory is exhausted: the message is dropped.
    virtual void on_memory_exhausted() = 0;

   protected:
    ~Owner() = default;
  };

  /// A publish whose search for queues is not finished. `context` outlives it. `owner` has to live until `leave`.
  WidePublish(Context& context, Owner& owner, std::unique_ptr<Routing> routing, bool mandatory);
  /// A publish that some of its queues have not been handed yet.
  WidePublish(Context& context, Owner& owner, std::unique_ptr<FanOut> fan_out);

  /// Throws what `Owner::on_memory_exhausted` throws.
  bool go_on() override;
  /// The owner ends. The publish is completed without it.
  void leave() { owner_ = nullptr; }
  /// The transaction ends to which the message was to be added. The search for its queues must not be finished.
  void drop();

 private:
  [[nodiscard]] bool finish_search();
  void drop_queues(Routing& routing);
  void accepted(std::uint64_t publish) override;
  void refused(std::uint64_t publish) override;

  Context& context_;
  Owner* owner_;
  const bool mandatory_{false};
  std::unique_ptr<Routing> routing_;  // until the search is finished
  std::unique_ptr<FanOut> fan_out_;   // from then on, until all queues have the message
};

}  // namespace pocketmq::broker
