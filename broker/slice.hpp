// How much of a long piece of work is done in one turn of the loop: so much that a turn stays well below 10 ms.
#pragma once

#include <cstddef>

#include "broker/message.hpp"

namespace pocketmq::broker {

class Slice {
 public:
  /// Of that many messages at most, and fewer if they are large: to free a large one takes as long as many small ones.
  explicit Slice(std::size_t messages_max) : messages_left_{messages_max} {}

  [[nodiscard]] bool is_used_up() const { return messages_left_ == 0 || bytes_left_ == 0; }
  void use(const Message& message) {
    --messages_left_;
    const auto bytes = message.body().size();
    bytes_left_ -= bytes < bytes_left_ ? bytes : bytes_left_;
  }

 private:
  std::size_t messages_left_;
  std::size_t bytes_left_{std::size_t{32} << 20};
};

}  // namespace pocketmq::broker
