#include "broker/heap_trim.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>  // of which __GLIBC__ is

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "broker/context.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t worth_it = std::size_t{16} << 20;
constexpr std::chrono::milliseconds quiet{200};

}  // namespace

HeapTrim::HeapTrim(Context& context) : context_{context}, due_{context.deadlines(), *this, &HeapTrim::give_back} {}

void HeapTrim::observe() {
  const auto held = context_.memory().used();
  most_ = std::max(most_, held);
  if (most_ - held >= worth_it) due_.set(context_.now() + quiet);
}

void HeapTrim::give_back() {
  most_ = context_.memory().used();
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace pocketmq::broker
