#include "protocol/codec/output.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace pocketmq::protocol {
namespace {

constexpr std::size_t initial_capacity_min = 256;
constexpr std::size_t initial_capacity_max = 65'536;
constexpr std::size_t capacity_kept_max = 512;  // kept by an idle connection, and not charged

}  // namespace

void Output::make_room(std::size_t bytes) {
  const auto waiting = own_end_ - own_begin_;
  if (waiting + bytes <= own_capacity_ / 2) {
    std::memmove(own_.get(), own_.get() + own_begin_, waiting);
  } else {
    const auto capacity = std::max({initial_capacity_min, initial_capacity_, 2 * own_capacity_, waiting + bytes});
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    if (waiting > 0) std::memcpy(larger.get(), own_.get() + own_begin_, waiting);
    own_ = std::move(larger);
    own_capacity_ = capacity;
    charge_capacity();
  }
  own_begin_ = 0;
  own_end_ = waiting;
}

void Output::charge_capacity() {
  if (account_ != nullptr && own_capacity_ > capacity_kept_max) charge_ = MemoryCharge{*account_, own_capacity_};
}

void Output::append(std::string_view bytes) {
  if (!bytes.empty()) std::memcpy(extend(bytes.size()), bytes.data(), bytes.size());
}

void Output::borrow(Ref<Block> block, std::string_view bytes) {
  if (bytes.empty()) return;
  if (account_ != nullptr) block->charge_to(*account_);
  borrowed_.push_back({written_, std::move(block), bytes});
  written_ += bytes.size();
}

void Output::count_as_answer(std::uint64_t from) {
  assert(from <= written_);
  if (from == written_) return;
  if (!answer_runs_.empty() && answer_runs_.back().end == from)
    answer_runs_.back().end = written_;
  else
    answer_runs_.push_back({from, written_});
  answers_ += static_cast<std::size_t>(written_ - from);
}

std::size_t Output::gather(std::span<std::string_view> buffers) const {
  std::size_t filled = 0;
  auto at = sent_;
  auto own = own_begin_;
  auto next_borrowed = borrowed_.begin();
  while (filled < buffers.size() && at != written_) {
    if (next_borrowed != borrowed_.end() && next_borrowed->at == at) {
      buffers[filled++] = next_borrowed->bytes;
      at += next_borrowed->bytes.size();
      ++next_borrowed;
    } else {
      const auto run_end = next_borrowed != borrowed_.end() ? next_borrowed->at : written_;
      const auto run = static_cast<std::size_t>(run_end - at);
      buffers[filled++] = {own_.get() + own, run};
      at += run;
      own += run;
    }
  }
  return filled;
}

void Output::consume(std::size_t bytes) {
  assert(bytes <= size());
  const auto end = sent_ + bytes;
  while (sent_ != end) {
    const bool in_borrowed = !borrowed_.empty() && borrowed_.front().at == sent_;
    const auto run_end = in_borrowed          ? sent_ + borrowed_.front().bytes.size()
                         : !borrowed_.empty() ? borrowed_.front().at
                                              : written_;
    const auto taken = static_cast<std::size_t>(std::min(run_end, end) - sent_);
    sent_ += taken;
    if (!in_borrowed) {
      own_begin_ += taken;
    } else if (sent_ == run_end) {
      borrowed_.pop_front();
    } else {
      borrowed_.front().bytes.remove_prefix(taken);
      borrowed_.front().at = sent_;
    }
  }

  while (!answer_runs_.empty() && answer_runs_.front().begin < sent_) {
    auto& run = answer_runs_.front();
    const auto gone = std::min(run.end, sent_) - run.begin;
    answers_ -= static_cast<std::size_t>(gone);
    run.begin += gone;
    if (run.begin != run.end) break;
    answer_runs_.pop_front();
  }

  if (empty()) release();
}

// An idle connection keeps almost no memory, but remembers how much its last output took.
void Output::release() {
  const auto taken = std::exchange(own_end_, 0);
  own_begin_ = 0;
  if (own_capacity_ <= capacity_kept_max) return;
  initial_capacity_ = std::min(taken, initial_capacity_max);
  own_.reset();
  own_capacity_ = 0;
  charge_ = {};
}

}  // namespace pocketmq::protocol
