// Gives memory back to the system: what was freed in the middle of its heap the allocator keeps, however much it is.
#pragma once

#include <cstddef>

#include "broker/deadline_heap.hpp"

namespace pocketmq::broker {

class Context;

class HeapTrim {
 public:
  /// `context` outlives it.
  explicit HeapTrim(Context& context);

  /// Looks at how much is held. When that has fallen far, free memory is given back soon, and not again and again.
  void observe();

 private:
  void give_back();

  Context& context_;
  std::size_t most_{0};  // that was held since the last time
  Alarm<HeapTrim> due_;
};

}  // namespace pocketmq::broker
