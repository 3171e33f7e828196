#include "tests/bench/load/carrier.hpp"

#include <array>
#include <charconv>
#include <stdexcept>

#include "tests/bench/load/broker_connection.hpp"
#include "tests/bench/load/nats_connection.hpp"

namespace pocketmq::bench {
namespace {

namespace basic = protocol::basic;
namespace queue = protocol::queue;
using protocol::ShortString;

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ptr != text.data() + text.size())
    throw std::runtime_error{"'" + std::string{text} + "' is no number"};
  return value;
}

// Decimal digits, without an allocation.
class Digits {
 public:
  explicit Digits(std::uint64_t value) : end_{std::to_chars(text_.data(), text_.data() + text_.size(), value).ptr} {}
  [[nodiscard]] std::string_view view() const { return {text_.data(), static_cast<std::size_t>(end_ - text_.data())}; }

 private:
  std::array<char, 20> text_{};
  char* end_;
};

class AmqpCarrier final : public Carrier {
 public:
  explicit AmqpCarrier(std::uint16_t port) : amqp_{port} {
    amqp_.on_command = [this](const protocol::Command& command) {
      const auto* delivered = std::get_if<basic::Deliver>(&command.method);
      if (delivered == nullptr) return;
      protocol::BasicProperties properties;  // those of messages that are no calls are empty
      if (command.content->properties != protocol::Properties{}) properties = command.content->properties.decode();
      on_message({.reply_to = properties.reply_to.value_or(""),
                  .id = properties.correlation_id ? number(*properties.correlation_id) : 0,
                  .delivery_tag = delivered->delivery_tag,
                  .body = command.content->body});
    };
  }

  Connection& connection() override { return amqp_; }

  void receive_at(std::string_view name, Acks acks) override {
    amqp_.call(queue::Declare{.queue = ShortString{name}, .exclusive = true});
    if (acks == Acks::each) amqp_.call(basic::Qos{.prefetch_count = 200});
    amqp_.call(basic::Consume{.queue = ShortString{name}, .no_ack = acks == Acks::none});
  }
  void publish(std::string_view to, std::string_view body) override { amqp_.publish(to, body); }
  void request(std::string_view to, std::string_view reply_to, std::uint64_t id, std::string_view body) override {
    amqp_.publish(to, body, {.correlation_id = ShortString{Digits{id}.view()}, .reply_to = ShortString{reply_to}});
  }
  void reply(const Arrived& request, std::string_view body) override {
    amqp_.publish(request.reply_to, body, {.correlation_id = ShortString{Digits{request.id}.view()}});
  }
  void ack(const Arrived& message) override { amqp_.send(basic::Ack{.delivery_tag = message.delivery_tag}); }

 private:
  BrokerConnection amqp_;
};

// The id is the last part of the subject that a reply goes to. There are no acks.
class NatsCarrier final : public Carrier {
 public:
  explicit NatsCarrier(std::uint16_t port) : nats_{port} {
    nats_.on_message = [this](std::string_view subject, std::string_view reply_to, std::string_view body) {
      const auto dot = subject.rfind('.');
      const auto id = dot == std::string_view::npos ? 0 : number(subject.substr(dot + 1));
      on_message({.reply_to = reply_to, .id = id, .delivery_tag = 0, .body = body});
    };
  }

  Connection& connection() override { return nats_; }

  void receive_at(std::string_view name, Acks) override {
    nats_.subscribe(name);
    nats_.subscribe(std::string{name} + ".*");
    nats_.ping();
  }
  void publish(std::string_view to, std::string_view body) override { nats_.publish(to, "", body); }
  void request(std::string_view to, std::string_view reply_to, std::uint64_t id, std::string_view body) override {
    inbox_.assign(reply_to).append(".").append(Digits{id}.view());
    nats_.publish(to, inbox_, body);
  }
  void reply(const Arrived& request, std::string_view body) override { nats_.publish(request.reply_to, "", body); }
  void ack(const Arrived&) override {}

 private:
  NatsConnection nats_;
  std::string inbox_;
};

}  // namespace

std::unique_ptr<Carrier> connect(std::string_view protocol, std::uint16_t port) {
  if (protocol == "amqp") return std::make_unique<AmqpCarrier>(port);
  if (protocol == "nats") return std::make_unique<NatsCarrier>(port);
  throw std::invalid_argument{"the protocol is amqp or nats, not " + std::string{protocol}};
}

}  // namespace pocketmq::bench
