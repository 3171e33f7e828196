// The bytes to send: contiguous bytes of its own, and between them bodies that lie in blocks.
//
// For back-pressure it counts how many waiting bytes are replies to the peer's own input (the "answers").
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
  /// Charges what it holds to `account`, except small amounts. The account must outlive it.
  void charge_to(MemoryAccount& account) { account_ = &account; }

  /// Appends `bytes` contiguous bytes. The caller has to fill them at once.
  [[nodiscard]] char* extend(std::size_t bytes) {
    if (own_capacity_ - own_end_ < bytes) make_room(bytes);
    char* const room = own_.get() + own_end_;
    own_end_ += bytes;
    written_ += bytes;
    return room;
  }
  void append(std::string_view bytes);
  /// Appends `bytes`, which lie in `block`, without copying. Holds the block until they are sent.
  void borrow(Ref<Block> block, std::string_view bytes);

  /// The bytes that wait to be sent.
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(written_ - sent_); }
  [[nodiscard]] bool empty() const { return written_ == sent_; }
  /// The bytes that were ever written: the offset of the next write in the stream.
  [[nodiscard]] std::uint64_t written() const { return written_; }

  /// All bytes since `from`, an earlier `written()`, are a reply to the peer's input.
  void count_as_answer(std::uint64_t from);
  /// The bytes of answers that wait to be sent.
  [[nodiscard]] std::size_t answers() const { return answers_; }

  /// Fills `buffers` with the next bytes to send, and returns how many it filled. Valid until the next write.
  [[nodiscard]] std::size_t gather(std::span<std::string_view> buffers) const;
  /// The first `bytes` bytes were sent.
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
  MemoryCharge charge_;              // of own_capacity_, if it is more than an idle connection keeps
  std::size_t initial_capacity_{0};  // what the last output took
  Fifo<Borrowed> borrowed_;
  Fifo<Answer> answer_runs_;
  std::size_t answers_{0};
  std::uint64_t written_{0};
  std::uint64_t sent_{0};
};

}  // namespace pocketmq::protocol
