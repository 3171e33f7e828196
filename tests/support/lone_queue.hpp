// A queue without a virtual host and without clients, for tests that look inside the queue.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/queue/publisher.hpp"
#include "broker/queue/queue.hpp"

namespace pocketmq::tests {

class LoneQueue final : private broker::QueueHost, private broker::Publisher {
 public:
  explicit LoneQueue(broker::QueueSettings settings = {})
      : queue_{new broker::Queue{
          {.name = "q"}, std::make_shared<broker::QueueSettings>(std::move(settings)), context_, *this}} {}

  /// Publishes as number 1, 2, ...
  void publish(std::string_view body, std::optional<std::chrono::milliseconds> time_to_live = std::nullopt) {
    context_.backlog().begin_input_slice();
    queue_->enqueue({"", "q", {.body = body}, time_to_live}, *this, next_publish_++);
  }

  /// A turn of the broker: what is due, and a slice of what waits in the backlog.
  void take_turn() {
    context_.backlog().begin_turn();
    context_.deadlines().tell_due(context_.now(), context_.budget());
    context_.backlog().go_on();
  }
  /// Whether there is nothing to do in a turn now.
  [[nodiscard]] bool is_idle() {
    return !context_.backlog().is_due() && context_.deadlines().earliest() > context_.now();
  }
  /// What `basic.get` takes.
  [[nodiscard]] std::optional<broker::QueuedMessage> take() {
    do {
      context_.backlog().begin_input_slice();
    } while (!queue_->clear_head());
    return queue_->take();
  }

  [[nodiscard]] broker::Queue& operator*() const { return *queue_; }
  [[nodiscard]] broker::Queue* operator->() const { return queue_.get(); }
  [[nodiscard]] broker::Context& context() { return context_; }

  // What the queue has said.
  std::vector<std::uint64_t> accepted_ones{};
  std::vector<std::uint64_t> refused_ones{};
  std::vector<std::string> dead{};  // body and reason

 private:
  void accepted(std::uint64_t publish) override { accepted_ones.push_back(publish); }
  void refused(std::uint64_t publish) override { refused_ones.push_back(publish); }
  void take_dead_letter(broker::Queue&, broker::Message message, broker::DeathReason reason) override {
    dead.push_back(std::string{message.body()} + " " + std::string{name_of(reason)});
  }
  [[nodiscard]] const std::string& name() const override { return virtual_host_; }
  void remove_unused(broker::Queue&, broker::event::Gone) override {}

  const std::string virtual_host_{"/"};
  broker::Context context_{{}, nullptr};
  protocol::Ref<broker::Queue> queue_;
  std::uint64_t next_publish_{1};
};

}  // namespace pocketmq::tests
