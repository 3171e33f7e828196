#include "broker/access/sha2.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <limits>

#include "protocol/base/big_endian.hpp"

namespace pocketmq::broker {
namespace {

// The fractional parts of the square roots of the first 8 primes and of the cube roots of the first 80, 64 bits each.
// SHA-256 takes the upper 32 bits of what SHA-512 takes whole.
constexpr std::array<std::uint64_t, 8> square_roots{
    0x6a09e667'f3bcc908U, 0xbb67ae85'84caa73bU, 0x3c6ef372'fe94f82bU, 0xa54ff53a'5f1d36f1U,
    0x510e527f'ade682d1U, 0x9b05688c'2b3e6c1fU, 0x1f83d9ab'fb41bd6bU, 0x5be0cd19'137e2179U,
};
constexpr std::array<std::uint64_t, 80> cube_roots{
    0x428a2f98'd728ae22U, 0x71374491'23ef65cdU, 0xb5c0fbcf'ec4d3b2fU, 0xe9b5dba5'8189dbbcU, 0x3956c25b'f348b538U,
    0x59f111f1'b605d019U, 0x923f82a4'af194f9bU, 0xab1c5ed5'da6d8118U, 0xd807aa98'a3030242U, 0x12835b01'45706fbeU,
    0x243185be'4ee4b28cU, 0x550c7dc3'd5ffb4e2U, 0x72be5d74'f27b896fU, 0x80deb1fe'3b1696b1U, 0x9bdc06a7'25c71235U,
    0xc19bf174'cf692694U, 0xe49b69c1'9ef14ad2U, 0xefbe4786'384f25e3U, 0x0fc19dc6'8b8cd5b5U, 0x240ca1cc'77ac9c65U,
    0x2de92c6f'592b0275U, 0x4a7484aa'6ea6e483U, 0x5cb0a9dc'bd41fbd4U, 0x76f988da'831153b5U, 0x983e5152'ee66dfabU,
    0xa831c66d'2db43210U, 0xb00327c8'98fb213fU, 0xbf597fc7'beef0ee4U, 0xc6e00bf3'3da88fc2U, 0xd5a79147'930aa725U,
    0x06ca6351'e003826fU, 0x14292967'0a0e6e70U, 0x27b70a85'46d22ffcU, 0x2e1b2138'5c26c926U, 0x4d2c6dfc'5ac42aedU,
    0x53380d13'9d95b3dfU, 0x650a7354'8baf63deU, 0x766a0abb'3c77b2a8U, 0x81c2c92e'47edaee6U, 0x92722c85'1482353bU,
    0xa2bfe8a1'4cf10364U, 0xa81a664b'bc423001U, 0xc24b8b70'd0f89791U, 0xc76c51a3'0654be30U, 0xd192e819'd6ef5218U,
    0xd6990624'5565a910U, 0xf40e3585'5771202aU, 0x106aa070'32bbd1b8U, 0x19a4c116'b8d2d0c8U, 0x1e376c08'5141ab53U,
    0x2748774c'df8eeb99U, 0x34b0bcb5'e19b48a8U, 0x391c0cb3'c5c95a63U, 0x4ed8aa4a'e3418acbU, 0x5b9cca4f'7763e373U,
    0x682e6ff3'd6b2b8a3U, 0x748f82ee'5defb2fcU, 0x78a5636f'43172f60U, 0x84c87814'a1f0ab72U, 0x8cc70208'1a6439ecU,
    0x90befffa'23631e28U, 0xa4506ceb'de82bde9U, 0xbef9a3f7'b2c67915U, 0xc67178f2'e372532bU, 0xca273ece'ea26619cU,
    0xd186b8c7'21c0c207U, 0xeada7dd6'cde0eb1eU, 0xf57d4f7f'ee6ed178U, 0x06f067aa'72176fbaU, 0x0a637dc5'a2c898a6U,
    0x113f9804'bef90daeU, 0x1b710b35'131c471bU, 0x28db77f5'23047d84U, 0x32caab7b'40c72493U, 0x3c9ebe0a'15c9bebcU,
    0x431d67c4'9c100d4cU, 0x4cc5d4be'cb3e42b6U, 0x597f299c'fc657e2aU, 0x5fcb6fab'3ad6faecU, 0x6c44198c'4a475817U,
};

template <class Word> constexpr Word constant(std::uint64_t bits) {
  return static_cast<Word>(bits >> (64 - std::numeric_limits<Word>::digits));
}

// How far each function rotates to the right; the last distance of a small sigma is a shift (4.1.2, 4.1.3).
struct Distances {
  std::array<int, 3> big_sigma_0, big_sigma_1, small_sigma_0, small_sigma_1;
};
template <class Word> constexpr Distances distances{};
template <> constexpr Distances distances<std::uint32_t>{{2, 13, 22}, {6, 11, 25}, {7, 18, 3}, {17, 19, 10}};
template <> constexpr Distances distances<std::uint64_t>{{28, 34, 39}, {14, 18, 41}, {1, 8, 7}, {19, 61, 6}};

template <class Word> Word big_sigma(Word x, const std::array<int, 3>& by) {
  return std::rotr(x, by[0]) ^ std::rotr(x, by[1]) ^ std::rotr(x, by[2]);
}
template <class Word> Word small_sigma(Word x, const std::array<int, 3>& by) {
  return std::rotr(x, by[0]) ^ std::rotr(x, by[1]) ^ (x >> by[2]);
}

template <class Word> class Sha2 {
 public:
  Sha2() {
    for (std::size_t i = 0; i < hash_.size(); ++i) hash_[i] = constant<Word>(square_roots[i]);
  }

  void add_block(const char* block) {
    constexpr auto& by = distances<Word>;
    std::array<Word, rounds> schedule;
    for (std::size_t t = 0; t < 16; ++t) schedule[t] = protocol::load_big_endian<Word>(block + t * sizeof(Word));
    for (std::size_t t = 16; t < rounds; ++t)
      schedule[t] = small_sigma(schedule[t - 2], by.small_sigma_1) + schedule[t - 7]
                    + small_sigma(schedule[t - 15], by.small_sigma_0) + schedule[t - 16];
    auto [a, b, c, d, e, f, g, h] = hash_;
    for (std::size_t t = 0; t < rounds; ++t) {
      const Word choice = (e & f) ^ (~e & g);
      const Word majority = (a & b) ^ (a & c) ^ (b & c);
      const Word first = h + big_sigma(e, by.big_sigma_1) + choice + constant<Word>(cube_roots[t]) + schedule[t];
      const Word second = big_sigma(a, by.big_sigma_0) + majority;
      h = g;
      g = f;
      f = e;
      e = d + first;
      d = c;
      c = b;
      b = a;
      a = first + second;
    }
    const std::array<Word, 8> worked{a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < hash_.size(); ++i) hash_[i] += worked[i];
  }

  [[nodiscard]] std::string digest() const {
    std::string bytes(sizeof hash_, '\0');
    for (std::size_t i = 0; i < hash_.size(); ++i)
      protocol::store_big_endian(bytes.data() + i * sizeof(Word), hash_[i]);
    return bytes;
  }

  static constexpr std::size_t block_bytes = 16 * sizeof(Word);

 private:
  static constexpr std::size_t rounds = sizeof(Word) == 4 ? 64 : 80;

  std::array<Word, 8> hash_;
};

template <class Word> std::string hash(std::string_view message) {
  constexpr auto block_bytes = Sha2<Word>::block_bytes;
  constexpr auto length_bytes = 2 * sizeof(Word);
  Sha2<Word> sha2;
  std::string padded{message};  // (5.1): a one bit, zeros, and the length in bits at the end of a block
  padded += '\x80';
  const auto blocks = (padded.size() + length_bytes + block_bytes - 1) / block_bytes;
  padded.resize(blocks * block_bytes, '\0');
  protocol::store_big_endian(padded.data() + padded.size() - sizeof(std::uint64_t), std::uint64_t{message.size()} * 8);
  for (std::size_t at = 0; at < padded.size(); at += block_bytes) sha2.add_block(padded.data() + at);
  return sha2.digest();
}

}  // namespace

std::string sha256(std::string_view message) { return hash<std::uint32_t>(message); }

std::string sha512(std::string_view message) { return hash<std::uint64_t>(message); }

}  // namespace pocketmq::broker
