// What it costs to turn messages into bytes and bytes into messages, in both encodings.
//
//     codec_bench [WORD...]        only the cases whose names contain all words
#include <array>
#include <cstring>
#include <stdexcept>

#include "protocol/codec/make_codec.hpp"
#include "tests/bench/bench.hpp"

namespace {

using namespace pocketmq;
using protocol::Encoding;

// What an RPC client publishes.
protocol::Command publish_of(std::string_view properties, std::string_view body,
                             const protocol::Ref<protocol::Block>& block) {
  return {.channel = 1,
          .method = protocol::basic::Publish{.routing_key = "rpc_queue", .mandatory = true},
          .content = protocol::Content{.properties = protocol::Properties{properties}, .body = body, .storage = block}};
}

std::string properties_of_a_request() {
  std::string encoded;
  protocol::encode({.correlation_id = "12345", .reply_to = "amq.gen-JzTY20BRgKO-HjmUJj0wLg", .expiration = "30000"},
                   encoded);
  return encoded;
}

std::string taken_from(protocol::Output& output) {
  std::string bytes;
  while (!output.empty()) {
    std::array<std::string_view, 64> pieces;
    const auto before = bytes.size();
    const auto count = output.gather(pieces);
    for (std::size_t i = 0; i < count; ++i) bytes += pieces[i];
    output.consume(bytes.size() - before);
  }
  return bytes;
}

// As a session does: into one output, which is sent now and then.
bench::Clock::duration time_to_encode(Encoding encoding, const protocol::Command& command, std::size_t messages) {
  constexpr std::size_t send_bytes = 65'536;
  const auto codec = make_codec(encoding, {});
  protocol::Output output;
  return bench::time_of([&] {
    for (std::size_t i = 0; i < messages; ++i) {
      codec->encode(command, output);
      if (output.size() >= send_bytes) output.consume(output.size());
    }
  });
}

bench::Clock::duration time_to_decode(Encoding encoding, const protocol::Command& command, std::size_t messages) {
  const auto codec = make_codec(encoding, {});
  protocol::Output output;
  codec->encode(command, output);
  const auto bytes = taken_from(output);
  protocol::InputBuffer input;
  std::size_t decoded = 0;
  const auto took = bench::time_of([&] {
    // The same message over and over, in pieces as large as the codec takes.
    for (std::size_t i = 0; i < messages; ++i)
      for (std::string_view rest{bytes}; !rest.empty();) {
        const auto room = codec->prepare(input);
        const auto size = std::min(room.size(), rest.size());
        std::memcpy(room.data(), rest.data(), size);
        codec->commit(input, size);
        rest.remove_prefix(size);
        protocol::Command into;
        while (codec->decode(input, into) == protocol::Decoded::command) ++decoded;
      }
  });
  if (decoded != messages) throw std::logic_error{"it does not decode: " + codec->violation().text};
  return took;
}

}  // namespace

int main(int argc, char** argv) try {
  bench::Bench bench{argc, argv};
  const auto properties = properties_of_a_request();
  for (const auto encoding : {Encoding::json, Encoding::amqp}) {
    const std::string prefix = encoding == Encoding::json ? "json, " : "amqp, ";
    const auto add = [&](const std::string& what, std::size_t messages, const protocol::Command& command) {
      bench.add(prefix + "encode " + what, messages, [=] { return time_to_encode(encoding, command, messages); });
      bench.add(prefix + "decode " + what, messages, [=] { return time_to_decode(encoding, command, messages); });
    };
    for (const std::size_t size : {16UL, 1'024UL, 65'536UL}) {
      const auto block = protocol::Block::allocate(size);
      std::memset(block->data(), 'b', size);
      add("basic.publish of " + bench::size_name(size), 100'000'000 / (1'000 + size),
          publish_of(properties, {block->data(), size}, block));
    }
    add("basic.ack", 100'000, {.channel = 1, .method = protocol::basic::Ack{.delivery_tag = 12'345}});
  }
  bench.run();
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "codec_bench: %s\n", error.what());
  return 1;
}
