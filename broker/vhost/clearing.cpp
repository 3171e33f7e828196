// Deletes the content of a virtual host.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "broker/vhost/virtual_host.hpp"

namespace pocketmq::broker {
namespace {

// The last name first: the first one comes to the top of a heap.
constexpr auto has_later_name = [](const auto& a, const auto& b) { return a->name() > b->name(); };

template <class T> protocol::Ref<T> take_first_by_name(std::vector<protocol::Ref<T>>& heap) {
  std::ranges::pop_heap(heap, has_later_name);
  auto first = std::move(heap.back());
  heap.pop_back();
  return first;
}

bool is_predeclared(const Exchange& exchange) { return exchange.name().empty() || exchange.name().starts_with("amq."); }

}  // namespace

// Queues and exchanges are deleted by their names, because the tables have an order that differs in each run. A heap
// sorts them while they are deleted.
class VirtualHost::Clearing final : public Backlog::Item {
 public:
  Clearing(VirtualHost& virtual_host, Content content, event::Gone reason)
      : Item{virtual_host.context_.backlog()}, virtual_host_{virtual_host}, content_{content}, reason_{reason} {
    virtual_host.for_each_queue([this](Queue& queue) {
      if (goes(queue.declaration().durable)) queues_.emplace_back(&queue);
    });
    virtual_host.for_each_exchange([this](Exchange& exchange) {
      const bool has_bindings = !exchange.bindings().empty() || !exchange.bindings_to().empty();
      if (is_predeclared(exchange) ? content_ == Content::everything && has_bindings
                                   : goes(exchange.declaration().durable))
        exchanges_.emplace_back(&exchange);
    });
    budget().use(virtual_host.queue_count() + virtual_host.exchange_count());
    std::ranges::make_heap(queues_, has_later_name);
    std::ranges::make_heap(exchanges_, has_later_name);
  }

  bool go_on() override {
    while (!queues_.empty() || !exchanges_.empty()) {
      if (budget().is_used_up()) return false;
      budget().use(steps::for_a_deletion);
      if (!queues_.empty())
        delete_queue();
      else
        delete_exchange();
    }
    return true;
  }

 private:
  [[nodiscard]] bool goes(bool is_durable) const { return content_ == Content::everything || !is_durable; }

  void delete_queue() {
    const auto queue = take_first_by_name(queues_);
    if (!queue->deleted()) virtual_host_.delete_queue(*queue, reason_);
  }

  void delete_exchange() {
    auto exchange = take_first_by_name(exchanges_);
    if (is_predeclared(*exchange))
      virtual_host_.unbind_all(std::move(exchange));
    else if (!exchange->deleted())
      virtual_host_.delete_exchange(*exchange, reason_);
  }

  VirtualHost& virtual_host_;
  const Content content_;
  const event::Gone reason_;
  std::vector<protocol::Ref<Queue>> queues_;
  std::vector<protocol::Ref<Exchange>> exchanges_;
};

void VirtualHost::clear(Content content, event::Gone reason) {
  context_.backlog().keep_for_rest_of_slice(std::make_unique<Clearing>(*this, content, reason));
}

}  // namespace pocketmq::broker
