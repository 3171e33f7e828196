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

constexpr int worth_it = 16 << 20;
constexpr std::size_t enough_for_a_turn = 32 << 20;
constexpr int mapped_by_itself = 4 << 20;  // what is as large comes from the system, and goes back there when freed
constexpr std::size_t large = 64 << 10;
constexpr std::chrono::milliseconds quiet{200};

}  // namespace

HeapTrim::HeapTrim(Context& context)
    : context_{context}, due_{context.deadlines(), *this, &HeapTrim::give_back_when_quiet} {}

void HeapTrim::take_over() {
#ifdef __GLIBC__
  mallopt(M_TRIM_THRESHOLD, worth_it);
  mallopt(M_MMAP_THRESHOLD, mapped_by_itself);
  mallopt(M_MXFAST, 0);  // what is freed is joined with what is free around it, instead of very many pieces at a time
#endif
}

// glibc merges them whenever it is asked for a large piece.
void HeapTrim::merge_small_pieces() { ::operator delete(::operator new(large)); }

void HeapTrim::observe() {
  const auto held = context_.memory().used();
  most_ = std::max(most_, held);
  if (most_ - held >= std::size_t{worth_it}) due_.set(context_.now() + quiet);
  most_since_given_back_ = std::max(most_since_given_back_, held);
  if (most_since_given_back_ - held >= enough_for_a_turn) give_back();
}

void HeapTrim::give_back_when_quiet() {
  most_ = context_.memory().used();
  give_back();
}

void HeapTrim::give_back() {
  most_since_given_back_ = context_.memory().used();
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace pocketmq::broker
