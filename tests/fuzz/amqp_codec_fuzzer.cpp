#include "tests/fuzz/codec_fuzzer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return pocketmq::tests::fuzz(pocketmq::protocol::Encoding::amqp, data, size);
}
