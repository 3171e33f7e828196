#include "client/random_id.hpp"

#include <random>

namespace pocketmq::client {

std::uint64_t random_id() {
  thread_local std::mt19937_64 numbers = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(), device(), device(), device(), device()};
    return std::mt19937_64{seed};
  }();
  std::uint64_t id = 0;
  while (id == 0) id = numbers();
  return id;
}

std::string hex_id(std::uint64_t id) {
  std::string text(16, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, id >>= 4U) *digit = "0123456789abcdef"[id & 0xFU];
  return text;
}

}  // namespace pocketmq::client
