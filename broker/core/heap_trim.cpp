#include "broker/core/heap_trim.hpp"

#include <algorithm>
#include <cstdlib>  // defines __GLIBC__
#include <ctime>
#include <new>
#include <utility>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "broker/core/context.hpp"

namespace pocketmq::broker {
namespace {

// How many bytes the held memory must fall before the heap is merged or trimmed.
constexpr std::size_t merge_min_bytes = 8 << 20;
constexpr std::size_t give_back_min_bytes = 16 << 20;
constexpr std::size_t give_back_at_once_min_bytes = 32 << 20;
constexpr int mmap_min_bytes = 4 << 20;  // larger pieces are mapped one by one, and unmapped when freed
constexpr std::size_t large_piece_bytes = 64 << 10;
constexpr std::chrono::milliseconds quiet_time{200};
constexpr std::chrono::milliseconds turn_max{10};
constexpr int rest_factor = 100;

// A small fall is trimmed too, but later, and only if it is at least an eighth of what the broker held.
constexpr std::size_t give_back_later_min_bytes = 1 << 20;
constexpr std::chrono::seconds delay_max{5};
bool is_worth_giving_back_later(std::size_t fall, std::size_t from) {
  return fall >= give_back_later_min_bytes && fall >= from / 8;
}

}  // namespace

HeapTrim::HeapTrim(Context& context, Trim trim)
    : context_{context},
      trim_{std::move(trim)},
      due_{context.real_deadlines(), *this, &HeapTrim::give_back_when_quiet} {}

void HeapTrim::configure_allocator() {
#ifdef __GLIBC__
  mallopt(M_TRIM_THRESHOLD, static_cast<int>(give_back_min_bytes));
  mallopt(M_MMAP_THRESHOLD, mmap_min_bytes);
#endif
}

// glibc merges small free pieces when it is asked for a large one.
void HeapTrim::merge_small_pieces() { ::operator delete(::operator new(large_piece_bytes)); }

void HeapTrim::observe() {
  const auto held = context_.memory().total();
  const auto fall = [held](std::size_t& most) {
    most = std::max(most, held);
    return most - held;
  };
  if (fall(most_since_merged_) >= merge_min_bytes) {
    most_since_merged_ = held;
    merge_small_pieces();
  }
  if (!takes_long_ && fall(most_since_given_back_) >= give_back_at_once_min_bytes) give_back();
  const auto fell_since_quiet = fall(most_since_quiet_);
  const bool is_much = fell_since_quiet >= give_back_min_bytes;
  const bool is_due = due_.at() != TimePoint::max();
  if (!is_much && !is_worth_giving_back_later(fell_since_quiet, most_since_quiet_) && !(is_due && takes_long_)) return;
  if (!is_due) give_back_at_latest_ = context_.clock().real_now() + delay_max;
  const auto quiet_at = context_.clock().real_now() + quiet_time;
  due_.set(takes_long_ ? std::max(not_before_, quiet_at)
           : is_much   ? std::min(give_back_at_latest_, quiet_at)
                       : give_back_at_latest_);
}

void HeapTrim::give_back_when_quiet() {
  most_since_quiet_ = context_.memory().total();
  give_back();
}

void HeapTrim::give_back() {
  most_since_given_back_ = context_.memory().total();
  const auto duration = trim_();
  takes_long_ = duration > turn_max;
  not_before_ = context_.clock().real_now() + rest_factor * duration;
}

// Measured in CPU time of this thread, because other threads and processes say nothing about the heap.
std::chrono::nanoseconds HeapTrim::trim_heap() {
  const auto thread_time = [] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
  };
  const auto begin = thread_time();
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  return thread_time() - begin;
}

}  // namespace pocketmq::broker
