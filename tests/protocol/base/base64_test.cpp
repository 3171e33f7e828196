#include "protocol/base/base64.hpp"

#include "tests/protocol/codec/generator.hpp"
#include "tests/support/catch.hpp"

using namespace pocketmq::protocol;

namespace {

std::string base64(std::string_view bytes) {
  std::string text;
  append_base64(bytes, text);
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string bytes = "before";
  if (append_from_base64(text, bytes)) return bytes.substr(6);
  REQUIRE(bytes == "before");
  return std::nullopt;
}

}  // namespace

TEST_CASE("base64 gives RFC 4648's own examples") {
  const std::pair<std::string_view, std::string_view> examples[] = {{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : examples) {
    CHECK(base64(bytes) == text);
    CHECK(from_base64(text) == bytes);
  }
  CHECK(base64("\xfb\xff\xfe") == "+//+");
}

TEST_CASE("base64 gives back any bytes") {
  pocketmq::tests::Generator any{1};
  for (std::size_t size = 0; size < 300; ++size) {
    const auto bytes = any.bytes(size);
    CHECK(from_base64(base64(bytes)) == bytes);
  }
}

TEST_CASE("what base64 never writes is refused") {
  CHECK_FALSE(from_base64("Zg"));        // padding is missing
  CHECK_FALSE(from_base64("Zg="));       // and here
  CHECK_FALSE(from_base64("Zg==="));     // too much of it
  CHECK_FALSE(from_base64("===="));      // nothing but padding
  CHECK_FALSE(from_base64("Z==="));      // one digit is no byte
  CHECK_FALSE(from_base64("Zg==Zg=="));  // padding in the middle
  CHECK_FALSE(from_base64("Zm9v\n"));    // a line end
  CHECK_FALSE(from_base64("Zm9v\nAAA"));
  CHECK_FALSE(from_base64("Zm-_"));  // the alphabet for URLs
  CHECK_FALSE(from_base64("Zh=="));  // bits that belong to no byte are set
  CHECK_FALSE(from_base64("Zm9="));
  CHECK_FALSE(from_base64("Zm9\xc3"));
}
