#include "broker/message/deferred_drops.hpp"

#include <memory>
#include <utility>

#include "broker/core/context.hpp"

namespace pocketmq::broker {
namespace {

class Drops final : public Backlog::Item {
 public:
  Drops(Context& context, DroppedMessages messages)
      : Item{context.backlog()}, context_{context}, messages_{std::move(messages)} {}

  bool go_on() override {
    while (!budget().is_used_up()) {
      const auto message = messages_(budget());
      if (!message) return !budget().is_used_up();
      budget().use(steps::for_dropping(message->body().size()));
      context_.tell(&Observer::on_dropped, *message);
    }
    return false;
  }

 private:
  Context& context_;
  DroppedMessages messages_;
};

}  // namespace

void drop(Context& context, DroppedMessages messages) {
  context.backlog().carry_out(std::make_unique<Drops>(context, std::move(messages)));
}

}  // namespace pocketmq::broker
