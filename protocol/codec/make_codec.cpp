#include "protocol/codec/make_codec.hpp"

#include "protocol/codec/amqp_codec.hpp"
#include "protocol/codec/json_codec.hpp"

namespace pocketmq::protocol {

std::unique_ptr<Codec> make_codec(Encoding encoding, const Limits& limits, MemoryAccount* account) {
  if (encoding == Encoding::json) return std::make_unique<JsonCodec>(limits, account);
  return std::make_unique<AmqpCodec>(limits, account);
}

}  // namespace pocketmq::protocol
