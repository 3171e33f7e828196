// A password as RabbitMQ stores it: a salt of 4 bytes, then the SHA-2 digest of the salt and the password together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pocketmq::broker {

class PasswordHash {
 public:
  enum class Algorithm : std::uint8_t { sha256, sha512 };
  static constexpr std::size_t salt_bytes = 4;

  /// `salt` is 4 bytes. Each user should have a different one.
  [[nodiscard]] static PasswordHash of(std::string_view password, std::string_view salt);
  /// Reads `password_hash` of a definitions file: salt and digest in base64. Returns nothing if `text` is anything
  /// else.
  [[nodiscard]] static std::optional<PasswordHash> from_base64(std::string_view text, Algorithm algorithm);

  /// Takes the same time for each wrong password, so that the time says nothing about the right one.
  [[nodiscard]] bool matches(std::string_view password) const;

 private:
  PasswordHash(Algorithm algorithm, std::string salt_and_digest)
      : algorithm_{algorithm}, salt_and_digest_{std::move(salt_and_digest)} {}

  Algorithm algorithm_;
  std::string salt_and_digest_;
};

}  // namespace pocketmq::broker
