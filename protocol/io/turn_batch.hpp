// The items of one turn of an event loop, for one handler that handles all of them at the end of the turn.
//
// The handler owns the batch: if the executor destroys the handler without running it, all items of the batch are
// destroyed with it.
#pragma once

#include <memory>
#include <utility>
#include <vector>

namespace pocketmq::protocol {

/// Belongs to one thread or strand, the one that runs the handlers.
template <class Item> class TurnBatch {
 public:
  using Items = std::vector<Item>;

  /// Adds an item to the batch of this turn. The first item of a turn begins a batch and gets it: post a handler that
  /// owns it, and that calls `end` before it looks at the items. For all other items the result is null.
  [[nodiscard]] std::unique_ptr<Items> add(Item item) {
    std::unique_ptr<Items> begun;
    if (current_ == nullptr) {
      begun = spare_ ? std::move(spare_) : std::make_unique<Items>();
      current_ = begun.get();
    }
    current_->push_back(std::move(item));
    return begun;
  }

  /// The batch is complete: the next item begins another one.
  void end() { current_ = nullptr; }

  /// Gives back a batch that is finished, so that a later batch uses its memory.
  void reuse(std::unique_ptr<Items> items) {
    items->clear();
    spare_ = std::move(items);
  }

 private:
  Items* current_{nullptr};  // the posted handler owns it
  std::unique_ptr<Items> spare_;
};

}  // namespace pocketmq::protocol
