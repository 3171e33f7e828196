// SHA-2 against the examples of FIPS 180-4 and messages around the ends of its blocks.
#include "broker/access/sha2.hpp"

#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

std::string hexadecimal(std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4U];
    text += digits[static_cast<unsigned char>(byte) & 15U];
  }
  return text;
}

std::string sha256(std::string_view message) { return hexadecimal(broker::sha256(message)); }
std::string sha512(std::string_view message) { return hexadecimal(broker::sha512(message)); }

std::string letters_a(std::size_t count) { return std::string(count, 'a'); }

constexpr auto two_blocks_of_256 = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
constexpr auto two_blocks_of_512 =
    "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";

}  // namespace

TEST_CASE("SHA-256 gives the standard's examples") {
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256(two_blocks_of_256) == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256(letters_a(1'000'000)) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("SHA-512 gives the standard's examples") {
  CHECK(sha512("abc")
        == "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
           "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
  CHECK(sha512(two_blocks_of_512)
        == "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
           "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909");
  CHECK(sha512("")
        == "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
           "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e");
  CHECK(sha512(letters_a(1'000'000))
        == "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
           "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b");
}

TEST_CASE("a message that leaves no room for its length takes one block more") {
  CHECK(sha256(letters_a(55)) == "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
  CHECK(sha256(letters_a(56)) == "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a");
  CHECK(sha256(letters_a(64)) == "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
  CHECK(sha512(letters_a(111))
        == "fa9121c7b32b9e01733d034cfc78cbf67f926c7ed83e82200ef86818196921760"
           "b4beff48404df811b953828274461673c68d04e297b0eb7b2b4d60fc6b566a2");
  CHECK(sha512(letters_a(112))
        == "c01d080efd492776a1c43bd23dd99d0a2e626d481e16782e75d54c2503b5dc32"
           "bd05f0f1ba33e568b88fd2d970929b719ecbb152f58f130a407c8830604b70ca");
  CHECK(sha512(letters_a(128))
        == "b73d1929aa615934e61a871596b3f3b33359f42b8175602e89f7e06e5f658a24"
           "3667807ed300314b95cacdd579f3e33abdfbe351909519a846d465c59582f321");
}

}  // namespace pocketmq::tests
