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
constexpr std::size_t worth_merging = 8 << 20;
constexpr std::size_t worth_giving_back = 16 << 20;
constexpr std::size_t worth_giving_back_at_once = 32 << 20;
constexpr int mapped_by_itself = 4 << 20;  // larger pieces are mapped one by one, and unmapped when freed
constexpr std::size_t large = 64 << 10;
constexpr std::chrono::milliseconds quiet{200};
constexpr std::chrono::milliseconds turn_max{10};
constexpr int rest_factor = 100;

// A small fall is trimmed too, but later, and only if it is at least an eighth of what the broker held.
constexpr std::size_t worth_giving_back_later = 1 << 20;
constexpr std::chrono::seconds later{5};
bool is_worth_giving_back_later(std::size_t fell, std::size_t from) {
  return fell >= worth_giving_back_later && fell >= from / 8;
}

}  // namespace

HeapTrim::HeapTrim(Context& context, Trim trim)
    : context_{context}, trim_{std::move(trim)}, due_{context.deadlines(), *this, &HeapTrim::give_back_when_quiet} {}

void HeapTrim::take_over() {
#ifdef __GLIBC__
  mallopt(M_TRIM_THRESHOLD, static_cast<int>(worth_giving_back));
  mallopt(M_MMAP_THRESHOLD, mapped_by_itself);
#endif
}

// glibc merges small free pieces when it is asked for a large one.
void HeapTrim::merge_small_pieces() { ::operator delete(::operator new(large)); }

void HeapTrim::observe() {
  const auto held = context_.memory().total();
  const auto fell = [held](std::size_t& most) {
    most = std::max(most, held);
    return most - held;
  };
  if (fell(most_since_merged_) >= worth_merging) {
    most_since_merged_ = held;
    merge_small_pieces();
  }
  if (!takes_long_ && fell(most_since_given_back_) >= worth_giving_back_at_once) give_back();
  const auto fell_since_quiet = fell(most_since_quiet_);
  const bool is_much = fell_since_quiet >= worth_giving_back;
  const bool is_due = due_.at() != TimePoint::max();
  if (!is_much && !is_worth_giving_back_later(fell_since_quiet, most_since_quiet_) && !(is_due && takes_long_)) return;
  if (!is_due) latest_ = context_.now() + later;
  const auto quiet_at = context_.now() + quiet;
  due_.set(takes_long_ ? std::max(rested_at_, quiet_at) : is_much ? std::min(latest_, quiet_at) : latest_);
}

void HeapTrim::give_back_when_quiet() {
  most_since_quiet_ = context_.memory().total();
  give_back();
}

void HeapTrim::give_back() {
  most_since_given_back_ = context_.memory().total();
  const auto took = trim_();
  takes_long_ = took > turn_max;
  rested_at_ = context_.now() + rest_factor * took;
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
