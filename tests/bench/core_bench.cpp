// What a message costs in the broker's core, without sockets: encoded bytes go into sessions, and the bytes that come
// out of them are thrown away.
//
//     core_bench [WORD...]        only the cases whose names contain all words
#include <stdexcept>

#include "tests/bench/bench.hpp"
#include "tests/bench/peer.hpp"

namespace {

using namespace pocketmq;
using protocol::Command;
using protocol::Encoding;
namespace basic = protocol::basic;
namespace queue = protocol::queue;
using namespace std::string_literals;

constexpr std::size_t batch = 100;  // messages that come with one read

enum class Acks : std::uint8_t { none, each, whole_batch };

struct Case {
  Encoding encoding;
  std::size_t body_bytes;
  std::size_t queues{1};
  Acks acks{Acks::each};
  std::size_t journal_bytes{0};
};

// A publisher and a consumer; with several queues, each gets every message.
class Conversation {
 public:
  explicit Conversation(const Case& setup) : case_{setup} {
    for (std::size_t i = 0; i < case_.queues; ++i) {
      const auto name = "q" + std::to_string(i);
      consumer_.say(queue::Declare{.queue = name});
      if (case_.queues > 1) consumer_.say(queue::Bind{.queue = name, .exchange = "amq.fanout"});
      consumer_.say(basic::Consume{.queue = name, .no_ack = case_.acks == Acks::none});
    }
    const std::string body(case_.body_bytes, 'b');
    std::string properties;
    protocol::encode({.correlation_id = "12345", .reply_to = "amq.gen-JzTY20BRgKO-HjmUJj0wLg"}, properties);
    const Command publish{
        .channel = 1,
        .method = case_.queues > 1 ? basic::Publish{.exchange = "amq.fanout"} : basic::Publish{.routing_key = "q0"},
        .content = protocol::Content{.properties = protocol::Properties{properties}, .body = body}};
    const auto one = publisher_.encoded(publish);
    for (std::size_t i = 0; i < batch; ++i) publishes_ += one;
    deliveries_bytes_min_ = batch * case_.queues * case_.body_bytes;
  }

  bench::Clock::duration time_of_batches(std::size_t batches) {
    std::vector<std::string> acks;
    for (std::size_t i = 0; i < batches; ++i) acks.push_back(next_acks());
    return bench::time_of([&] {
      for (const auto& acks_of_batch : acks) {
        publisher_.feed(publishes_);
        publisher_.drain();
        if (consumer_.drain() < deliveries_bytes_min_) throw std::runtime_error{"not everything was delivered"};
        consumer_.feed(acks_of_batch);
        consumer_.drain();
      }
    });
  }

 private:
  std::string next_acks() {
    const auto deliveries = batch * case_.queues;
    const auto first = next_tag_;
    next_tag_ += deliveries;
    if (case_.acks == Acks::whole_batch) return ack({.delivery_tag = next_tag_ - 1, .multiple = true});
    std::string bytes;
    if (case_.acks == Acks::each)
      for (auto tag = first; tag < next_tag_; ++tag) bytes += ack({.delivery_tag = tag});
    return bytes;
  }
  std::string ack(const basic::Ack& method) { return consumer_.encoded(method); }

  const Case case_;
  bench::Loop loop_{broker::Options{.journal_bytes = case_.journal_bytes}};
  bench::Peer publisher_{loop_, case_.encoding};
  bench::Peer consumer_{loop_, case_.encoding};
  std::string publishes_;  // a batch
  std::size_t deliveries_bytes_min_{0};
  std::uint64_t next_tag_{1};
};

void add(bench::Bench& bench, const std::string& name, const Case& one) {
  const auto encoding = one.encoding == Encoding::json ? "json, "s : "amqp, "s;
  const auto batches = 1 + 20'000'000 / (one.queues * batch * (1'000 + one.body_bytes));
  bench.add(encoding + bench::size_name(one.body_bytes) + ", " + name, batches * batch,
            [=] { return Conversation{one}.time_of_batches(batches); });
}

}  // namespace

int main(int argc, char** argv) try {
  bench::Bench bench{argc, argv};
  for (const auto encoding : {Encoding::json, Encoding::amqp}) {
    for (const std::size_t size : {16UL, 1'024UL, 65'536UL})
      add(bench, "to one queue, acked each", {.encoding = encoding, .body_bytes = size});
    add(bench, "to one queue, no ack", {.encoding = encoding, .body_bytes = 16, .acks = Acks::none});
    add(bench, "to one queue, acked 100 at a time",
        {.encoding = encoding, .body_bytes = 16, .acks = Acks::whole_batch});
    add(bench, "to one queue, acked one by one, kept in the journal",
        {.encoding = encoding, .body_bytes = 16, .journal_bytes = broker::Journal::ring_default_bytes});
    for (const std::size_t size : {16UL, 65'536UL})
      add(bench, "to 10 queues, acked 1000 at a time",
          {.encoding = encoding, .body_bytes = size, .queues = 10, .acks = Acks::whole_batch});
  }
  bench.run();
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "core_bench: %s\n", error.what());
  return 1;
}
