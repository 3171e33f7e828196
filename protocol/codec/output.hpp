// Bytes to be sent: contiguous bytes of its own, and between them bodies that it borrows from their blocks.
//
// Counts how much of what waits was caused by the peer's own input (the "answers"), for back-pressure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "protocol/base/block.hpp"
#include "protocol/base/fifo.hpp"

namespace pocketmq::protocol {

class Output {
 public:
  /// From now on what this holds, but for a little, is charged to `account`, which must outlive it.
  void charge_to(MemoryAccount& account) { account_ = &account; }

  /// Room for `bytes` contiguous bytes at the end, which the caller fills now.
  [[nodiscard]] char* extend(std::size_t bytes) {
    if (own_capacity_ - own_end_ < bytes) make_room(bytes);
    char* const room = own_.get() + own_end_;
    own_end_ += bytes;
    written_ += bytes;
    return room;
  }
  void append(std::string_view bytes);
  /// Sends `bytes`, which lie in `block`, from where they are, and holds the block until they are sent.
  void borrow(Ref<Block> block, std::string_view bytes);

  /// Bytes that wait.
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(written_ - sent_); }
  [[nodiscard]] bool empty() const { return written_ == sent_; }
  /// Bytes ever written: the place where the next write begins.
  [[nodiscard]] std::uint64_t written() const { return written_; }

  /// All that was written since `from`, an earlier `written()`, answers the peer's own input.
  void count_as_answer(std::uint64_t from);
  /// Bytes of answers that wait.
  [[nodiscard]] std::size_t answers() const { return answers_; }

  /// Fills `buffers` with what is to be sent first, and returns how many it filled. Valid until the next write.
  [[nodiscard]] std::size_t gather(std::span<std::string_view> buffers) const;
  /// The first `bytes` have been sent.
  void consume(std::size_t bytes);

 private:
  struct Borrowed {
    std::uint64_t at{0};  // in the stream
    Ref<Block> block{};
    std::string_view bytes{};
  };
  struct Answer {
    std::uint64_t begin{0};  // in the stream
    std::uint64_t end{0};
  };

  void make_room(std::size_t bytes);
  void charge_capacity();
  void release();

  // The own bytes that wait are [own_begin_, own_end_) of own_; own_end_ <= own_capacity_.
  std::unique_ptr<char[]> own_;
  std::size_t own_capacity_{0};
  std::size_t own_begin_{0};
  std::size_t own_end_{0};
  MemoryAccount* account_{nullptr};
  MemoryCharge charge_;               // of own_capacity_, unless that is kept
  std::size_t capacity_at_first_{0};  // as much as the output last took
  Fifo<Borrowed> borrowed_;
  Fifo<Answer> answer_runs_;
  std::size_t answers_{0};
  std::uint64_t written_{0};
  std::uint64_t sent_{0};
};

}  // namespace pocketmq::protocol
