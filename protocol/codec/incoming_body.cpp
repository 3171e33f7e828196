#include "protocol/codec/incoming_body.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace pocketmq::protocol {
namespace {

constexpr std::size_t read_max_bytes = 262'144;

}  // namespace

std::span<std::byte> IncomingBody::prepare(std::uint64_t bytes) {
  assert(!is_dropped() && bytes <= left());
  const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, read_max_bytes));
  reserve(room);
  return std::as_writable_bytes(std::span{block_->data() + headroom_ + received_, room});
}

void IncomingBody::append(std::string_view bytes) {
  assert(bytes.size() <= left());
  if (!is_dropped() && !bytes.empty()) {
    reserve(bytes.size());
    std::memcpy(block_->data() + headroom_ + received_, bytes.data(), bytes.size());
  }
  received_ += bytes.size();
}

void IncomingBody::move_to(Content& content) && {
  if (!block_) return;
  content.body = {block_->data() + headroom_, static_cast<std::size_t>(received_)};
  content.storage = std::move(block_);
}

// The first block has no room for more than has come, because a peer may begin a body on each of very many channels.
void IncomingBody::reserve(std::size_t bytes) {
  const auto needed = static_cast<std::size_t>(headroom_ + received_ + bytes);
  const auto whole = static_cast<std::size_t>(headroom_ + size_);
  if (!block_) {
    block_ = Block::allocate(needed);
    if (account_ != nullptr) block_->charge_to(*account_);
  } else if (const auto capacity = block_->capacity(); capacity < needed) {
    block_ = Block::grow(std::move(block_), std::min(whole, std::max(needed, 2 * capacity)));
  }
}

}  // namespace pocketmq::protocol
