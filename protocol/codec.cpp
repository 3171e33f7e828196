#include "protocol/codec.hpp"

#include "protocol/amqp_codec.hpp"
#include "protocol/json_codec.hpp"

namespace pocketmq::protocol {

std::unique_ptr<Codec> make_codec(Encoding encoding, const Limits& limits) {
  if (encoding == Encoding::json) return std::make_unique<JsonCodec>(limits);
  return std::make_unique<AmqpCodec>(limits);
}

}  // namespace pocketmq::protocol
