#include "broker/access/password_hash.hpp"

#include <cassert>

#include "broker/access/sha2.hpp"
#include "protocol/base/base64.hpp"

namespace pocketmq::broker {
namespace {

std::string salted(std::string_view salt, std::string_view password, PasswordHash::Algorithm algorithm) {
  const auto together = std::string{salt} + std::string{password};
  const auto digest = algorithm == PasswordHash::Algorithm::sha256 ? sha256(together) : sha512(together);
  return std::string{salt} + digest;
}

}  // namespace

PasswordHash PasswordHash::of(std::string_view password, std::string_view salt) {
  assert(salt.size() == salt_bytes);
  return {Algorithm::sha256, salted(salt, password, Algorithm::sha256)};
}

std::optional<PasswordHash> PasswordHash::from_base64(std::string_view text, Algorithm algorithm) {
  std::string bytes;
  const std::size_t digest_bytes = algorithm == Algorithm::sha256 ? 32 : 64;
  if (!protocol::append_from_base64(text, bytes) || bytes.size() != salt_bytes + digest_bytes) return std::nullopt;
  return PasswordHash{algorithm, std::move(bytes)};
}

bool PasswordHash::matches(std::string_view password) const {
  const auto given = salted(std::string_view{salt_and_digest_}.substr(0, salt_bytes), password, algorithm_);
  unsigned difference = 0;
  for (std::size_t i = 0; i < given.size(); ++i)
    difference |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(salt_and_digest_[i]);
  return difference == 0;
}

}  // namespace pocketmq::broker
