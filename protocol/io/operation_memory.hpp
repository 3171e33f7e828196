// Memory for an asynchronous operation of Asio's that is started again and again. It is a member of the object that
// starts the operation. The operation then allocates nothing.
#pragma once

#include <array>
#include <cstddef>
#include <new>
#include <utility>

namespace pocketmq::protocol {

/// Serves one operation of the usual size at a time. A larger one, or a second one, gets memory from the heap. It must
/// outlive its operations: their handlers hold its owner.
class OperationMemory {
 public:
  OperationMemory() = default;
  OperationMemory(const OperationMemory&) = delete;
  OperationMemory& operator=(const OperationMemory&) = delete;

  [[nodiscard]] void* take(std::size_t bytes) {
    if (bytes > sizeof memory_ || std::exchange(is_taken_, true)) return ::operator new(bytes);
    return memory_.data();
  }
  void give_back(void* memory) {
    if (memory != memory_.data()) return ::operator delete(memory);
    is_taken_ = false;
  }

 private:
  alignas(std::max_align_t) std::array<std::byte, 112> memory_;
  bool is_taken_{false};
};

template <class T> class OperationAllocator {
 public:
  using value_type = T;

  explicit OperationAllocator(OperationMemory& memory) : memory_{&memory} {}
  template <class U> OperationAllocator(const OperationAllocator<U>& other) : memory_{other.memory_} {}

  [[nodiscard]] T* allocate(std::size_t count) { return static_cast<T*>(memory_->take(count * sizeof(T))); }
  void deallocate(T* place, std::size_t) { memory_->give_back(place); }

  friend bool operator==(const OperationAllocator&, const OperationAllocator&) = default;

 private:
  template <class> friend class OperationAllocator;

  OperationMemory* memory_;
};

/// A handler whose operation is allocated in `memory`.
template <class Handler> struct HandlerWithMemory {
  using allocator_type = OperationAllocator<std::byte>;

  [[nodiscard]] allocator_type get_allocator() const { return allocator_type{memory}; }
  template <class... Args> void operator()(Args&&... args) { handler(std::forward<Args>(args)...); }

  OperationMemory& memory;
  Handler handler;
};

}  // namespace pocketmq::protocol
