// A publish that does not fit into one slice: its queues are searched for, then it is handed to them, a slice at a
// time. It is completed even if its channel ends before.
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
  /// Whoever published it: told what becomes of it, as long as it has not left it.
  class Owner : public Publisher {
   public:
    /// The message goes to these queues. Returns the publish's number, for `accepted` and `refused`. The owner may take
    /// the queues; then the message is not handed over.
    virtual std::uint64_t on_routed(const Message& message, std::vector<protocol::Ref<Queue>>& queues,
                                    bool mandatory) = 0;
    /// Memory was exhausted when the queues were found: the message is dropped.
    virtual void on_memory_exhausted() = 0;

   protected:
    ~Owner() = default;
  };

  /// Its queues are still searched for. `context` outlives it, `owner` only until `leave`.
  WidePublish(Context& context, Owner& owner, std::unique_ptr<Routing> routing, bool mandatory);
  /// It is still handed over to some of its queues.
  WidePublish(Context& context, Owner& owner, std::unique_ptr<FanOut> fan_out);

  /// Throws what `Owner::on_memory_exhausted` throws.
  bool go_on() override;
  /// The owner ends. The publish goes on without it.
  void leave() { owner_ = nullptr; }

 private:
  [[nodiscard]] bool finish_search();
  void drop_queues(Routing& routing);
  void accepted(std::uint64_t publish) override;
  void refused(std::uint64_t publish) override;

  Context& context_;
  Owner* owner_;
  const bool mandatory_{false};
  std::unique_ptr<Routing> routing_;  // until its queues are found,
  std::unique_ptr<FanOut> fan_out_;   // then until it is handed over
};

}  // namespace pocketmq::broker
