#include "broker/heap_trim.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>  // of which __GLIBC__ is
#include <new>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "broker/context.hpp"

namespace pocketmq::broker {
namespace {

// How far memory falls before something is done about it.
constexpr std::size_t worth_merging = 8 << 20;
constexpr std::size_t worth_giving_back = 16 << 20;
constexpr std::size_t worth_giving_back_at_once = 32 << 20;
constexpr int mapped_by_itself = 4 << 20;  // what is as large comes from the system, and goes back there when freed
constexpr std::size_t large = 64 << 10;
constexpr std::chrono::milliseconds quiet{200};

}  // namespace

HeapTrim::HeapTrim(Context& context)
    : context_{context}, due_{context.deadlines(), *this, &HeapTrim::give_back_when_quiet} {}

void HeapTrim::take_over() {
#ifdef __GLIBC__
  mallopt(M_TRIM_THRESHOLD, static_cast<int>(worth_giving_back));
  mallopt(M_MMAP_THRESHOLD, mapped_by_itself);
#endif
}

// glibc merges them whenever it is asked for a large piece.
void HeapTrim::merge_small_pieces() { ::operator delete(::operator new(large)); }

void HeapTrim::observe() {
  const auto held = context_.memory().used();
  const auto fell = [held](std::size_t& most) {
    most = std::max(most, held);
    return most - held;
  };
  if (fell(most_since_merged_) >= worth_merging) {
    most_since_merged_ = held;
    merge_small_pieces();
  }
  if (fell(most_since_given_back_) >= worth_giving_back_at_once) give_back();
  if (fell(most_since_quiet_) >= worth_giving_back) due_.set(context_.now() + quiet);
}

void HeapTrim::give_back_when_quiet() {
  most_since_quiet_ = context_.memory().used();
  give_back();
}

void HeapTrim::give_back() {
  most_since_given_back_ = context_.memory().used();
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace pocketmq::broker
