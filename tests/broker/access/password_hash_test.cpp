// Password hashes, some of which a RabbitMQ made.
#include "broker/access/password_hash.hpp"

#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using broker::PasswordHash;
using Algorithm = PasswordHash::Algorithm;

// `rabbitmqctl add_user alice alicepw`, exported.
constexpr auto rabbitmqs_hash = "Mhqfts+ACZ2Qw6+89WMm0symNBtV1NOw1K0bC6xX5CGyegvW";

}  // namespace

TEST_CASE("a password is right for the hash that RabbitMQ made of it") {
  const auto hash = PasswordHash::from_base64(rabbitmqs_hash, Algorithm::sha256);
  REQUIRE(hash);
  CHECK(hash->matches("alicepw"));
}

TEST_CASE("any other password is wrong") {
  const auto hash = PasswordHash::from_base64(rabbitmqs_hash, Algorithm::sha256);
  REQUIRE(hash);
  for (const auto* password : {"", "alicep", "alicepw ", "Alicepw", "guest"}) CHECK_FALSE(hash->matches(password));
}

TEST_CASE("SHA-512 hashes are understood") {
  const auto hash = PasswordHash::from_base64(
      "AQIDBPhTH2L5HGYB1LWOrn+YpvuQmVOXKGqgsuiJRIZTILRoEvblSJo/WAsym3IZTfuaIaK5KR2o5KwFfTv6KsxfMIE=",
      Algorithm::sha512);
  REQUIRE(hash);
  CHECK(hash->matches("secret"));
  CHECK_FALSE(hash->matches("Secret"));
}

TEST_CASE("a hash is four bytes of salt and the digest in base64 and nothing else") {
  CHECK_FALSE(PasswordHash::from_base64("", Algorithm::sha256));
  CHECK_FALSE(PasswordHash::from_base64("not base64!", Algorithm::sha256));
  CHECK_FALSE(PasswordHash::from_base64("AQIDBA==", Algorithm::sha256));
  CHECK_FALSE(PasswordHash::from_base64(rabbitmqs_hash, Algorithm::sha512));
}

TEST_CASE("the same password has another hash with another salt") {
  CHECK(PasswordHash::of("secret", "salt").matches("secret"));
  CHECK(PasswordHash::of("secret", "pear").matches("secret"));
  CHECK_FALSE(PasswordHash::of("secret", "salt").matches("secre"));
  CHECK_FALSE(PasswordHash::of("tsecret", "sal ").matches("secret"));
}

}  // namespace pocketmq::tests
