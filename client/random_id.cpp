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

char* write_hex_id(std::uint64_t id, char* to) {
  for (auto left = hex_id_size; left > 0; --left, id >>= 4U) to[left - 1] = "0123456789abcdef"[id & 0xFU];
  return to + hex_id_size;
}

std::string hex_id(std::uint64_t id) {
  std::string text(hex_id_size, '0');
  write_hex_id(id, text.data());
  return text;
}

}  // namespace pocketmq::client
