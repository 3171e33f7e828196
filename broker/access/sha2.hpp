// SHA-256 and SHA-512 (FIPS 180-4), for the password hashes that RabbitMQ writes.
#pragma once

#include <string>
#include <string_view>

namespace pocketmq::broker {

/// The digest of `message`, 32 bytes.
[[nodiscard]] std::string sha256(std::string_view message);

/// The digest of `message`, 64 bytes.
[[nodiscard]] std::string sha512(std::string_view message);

}  // namespace pocketmq::broker
