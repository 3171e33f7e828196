// A password as RabbitMQ keeps it: a salt of 4 bytes, and the SHA-2 digest of the salt and the password together.
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

  /// `salt` is 4 bytes, and better not the same for everybody.
  [[nodiscard]] static PasswordHash of(std::string_view password, std::string_view salt);
  /// A definitions file's `password_hash`: salt and digest in base64. Nothing if it is not that.
  [[nodiscard]] static std::optional<PasswordHash> from_base64(std::string_view text, Algorithm algorithm);

  /// Takes as long whether the password is nearly right or all wrong.
  [[nodiscard]] bool matches(std::string_view password) const;

 private:
  PasswordHash(Algorithm algorithm, std::string salt_and_digest)
      : algorithm_{algorithm}, salt_and_digest_{std::move(salt_and_digest)} {}

  Algorithm algorithm_;
  std::string salt_and_digest_;
};

}  // namespace pocketmq::broker
