#include "protocol/base/random_source.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/random.h>
#include <unistd.h>  // where musl declares getentropy

namespace pocketmq::protocol {
namespace {

constexpr std::string_view base64url_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Writes ten characters; the first one stands for the six bits at `first_shift`. There is no loop, for speed: each RPC
// call writes two names.
template <unsigned first_shift> char* write_ten(std::uint64_t bits, char* to) {
  return [&]<unsigned... i>(std::integer_sequence<unsigned, i...>) {
    ((*to++ = base64url_alphabet[bits >> (first_shift - 6 * i) & 0x3FU]), ...);
    return to;
  }
  (std::make_integer_sequence<unsigned, 10>{});
}

}  // namespace

RandomSource::RandomSource(std::optional<std::uint64_t> seed) {
  if (seed)
    key_ = {static_cast<std::uint32_t>(*seed), static_cast<std::uint32_t>(*seed >> 32U)};
  else if (::getentropy(key_.data(), sizeof key_) != 0)
    throw std::system_error{errno, std::generic_category(), "the system gives no random bytes"};
}

// Each refill replaces the key, so that earlier numbers cannot be computed again.
void RandomSource::refill() {
  const auto words = chacha20_blocks(key_, 0, {});
  std::copy_n(words.begin(), key_.size(), key_.begin());
  for (std::size_t i = 0; i < numbers_.size(); ++i) {
    const auto* const pair = &words[key_.size() + 2 * i];
    numbers_[i] = std::uint64_t{pair[0]} << 32U | pair[1];
  }
  left_ = numbers_.size();
}

// Each character stands for six bits. The last one has the remaining two.
char* write_random_name(Bits128 bits, char* to) {
  to = write_ten<58>(bits.high, to);
  *to++ = base64url_alphabet[(bits.high << 2U | bits.low >> 62U) & 0x3FU];
  to = write_ten<56>(bits.low, to);
  *to++ = base64url_alphabet[(bits.low & 0x3U) << 4U];
  return to;
}

void append_random_name(Bits128 bits, std::string& to) {
  const auto size = to.size();
  to.resize(size + random_name_size);
  write_random_name(bits, to.data() + size);
}

}  // namespace pocketmq::protocol
