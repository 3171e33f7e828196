#include "broker/message/deferred_drops.hpp"

#include <memory>
#include <utility>

#include "broker/core/context.hpp"

namespace pocketmq::broker {
namespace {

class Drops final : public Backlog::Item {
 public:
  Drops(Context& context, DropReason why, DroppedMessages messages)
      : Item{context.backlog()}, context_{context}, why_{std::move(why)}, messages_{std::move(messages)} {}

  bool go_on() override {
    while (!budget().is_used_up()) {
      const auto message = messages_(budget());
      if (!message) return !budget().is_used_up();
      budget().use(steps::for_dropping(message->body().size()));
      context_.tell(&Observer::on_dropped, *message);
      tell_dropped(*message);
    }
    return false;
  }

 private:
  void tell_dropped(const Message& message) {
    context_.journal().tell<event::MessageDropped>([&] {
      return event::MessageDropped{.message = message.number(),
                                   .vhost = why_.vhost,
                                   .queue = why_.queue,
                                   .stage = why_.stage,
                                   .reason = why_.reason};
    });
  }

  Context& context_;
  const DropReason why_;
  DroppedMessages messages_;
};

}  // namespace

void drop(Context& context, DropReason why, DroppedMessages messages) {
  context.backlog().carry_out(std::make_unique<Drops>(context, std::move(why), std::move(messages)));
}

}  // namespace pocketmq::broker
