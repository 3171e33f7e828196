// Random clients under random faults, lawful and unlawful, with pauses: the broker survives, and at the end what the
// journal has told is what is in the broker (World checks it).
#include <array>
#include <random>

#include "broker/request/control_error.hpp"
#include "tests/support/faulty_world.hpp"

namespace pocketmq::tests {
namespace {

class RandomStory {
 public:
  explicit RandomStory(unsigned seed)
      : random_{seed}, faulty_{{.encoding = seed % 2 == 0 ? Encoding::amqp : Encoding::json}} {
    faulty_.faults.on_restart([this] { faulty_.world.broker().shut_down("restart"); });
    while (faulty_.faults.reports().size() < 8) add_random_rule();
  }

  void happens() {
    for (int i = 0; i < 150; ++i) {
      auto& client = clients_[below(clients_.size())];
      if (!client || !client->end().is_open())
        client = arrived();
      else
        acts(*client);
    }
    for (const auto& each : faulty_.faults.reports()) fired_ += each.fired_count;
    faulty_.faults.remove_all({});
    faulty_.pause.resume();
    faulty_.world.settle();
    faulty_.world.advance(1min);
  }

  /// How often rules have fired.
  [[nodiscard]] std::uint64_t fired() const { return fired_; }

 private:
  [[nodiscard]] std::size_t below(std::size_t end) { return random_() % end; }
  [[nodiscard]] bool tosses() { return below(2) == 0; }
  [[nodiscard]] std::string queue_name() { return "q" + std::to_string(below(3)); }

  [[nodiscard]] fault::Action random_action() {
    const auto cut = [this] {
      decltype(fault::CutOff::at) at{};
      if (tosses())
        at = fault::CutOff::After{};
      else if (tosses())
        at = fault::CutOff::Bytes{below(40)};
      return fault::CutOff{at, static_cast<broker::Cut>(below(3))};
    };
    const std::array<fault::Action, 17> actions{fault::Nack{},
                                                fault::Return{},
                                                fault::CloseChannel{},
                                                fault::CloseConnection{},
                                                cut(),
                                                fault::Cancel{},
                                                fault::Block{1s},
                                                fault::Unblock{},
                                                fault::Refuse{},
                                                fault::Delay{2s},
                                                fault::Redeliver{},
                                                fault::Full{},
                                                fault::Restart{},
                                                fault::Drop{},
                                                fault::Duplicate{},
                                                fault::Reorder{},
                                                fault::Redeliver{}};
    return actions[below(actions.size())];
  }

  void add_random_rule() {
    constexpr std::array methods{"connection.start-ok", "connection.open", "connection.open-ok", "channel.open",
                                 "channel.open-ok",     "queue.declare",   "queue.declare-ok",   "basic.consume",
                                 "basic.consume-ok",    "basic.publish",   "basic.deliver",      "basic.get",
                                 "basic.get-ok",        "basic.ack",       "basic.nack",         "basic.cancel",
                                 "confirm.select",      "tx.commit",       "channel.close",      "basic.publish",
                                 "basic.deliver",       "basic.publish",   "basic.deliver",      "connection.close-ok"};
    try {
      faulty_.faults.add(
          {.on = {.method = methods[below(methods.size())], .direction = static_cast<fault::Direction>(below(2))},
           .when = fault::Chance{0.15},
           .act = random_action(),
           .unlawful = true});
    } catch (const broker::ControlError&) {
      // The action does not fit the method.
    }
  }

  [[nodiscard]] Client arrived() {
    const Login login{.heartbeat = 20s, .understands_blocked = tosses()};
    const auto client = faulty_.world.arrive(login).shakes_hands(login);
    if (!faulty_.world.speaks_json()) client.sends(channel::Open{});
    client.on_channel(2).sends(channel::Open{});
    client.on_channel(3).sends(channel::Open{});
    client.on_channel(2).sends(confirm::Select{});
    client.on_channel(3).sends(tx::Select{});
    return client;
  }

  void acts(const Client& somebody) {
    const auto is_close = [](const Received& received) {
      return std::holds_alternative<connection::Close>(received.method);
    };
    if (std::ranges::any_of(somebody.end().inbox(), is_close))
      return (void)somebody.on_channel(0).sends(connection::CloseOk{});
    const auto client = somebody.on_channel(static_cast<std::uint16_t>(1 + below(3)));
    const auto name = queue_name();
    const auto tag = below(8);
    const std::string body(below(40) == 0 ? 20'000 : below(20), 'x');
    switch (below(26)) {
      case 0:
      case 1: client.sends(queue::Declare{.queue = name}); break;
      case 2: client.sends(queue::Delete{.queue = name}); break;
      case 3: client.sends(queue::Purge{.queue = name}); break;
      case 4:
      case 5:
      case 6: client.sends(basic::Consume{.queue = name, .no_ack = below(4) == 0}); break;
      case 7:
        client.sends(basic::Qos{.prefetch_count = static_cast<std::uint16_t>(below(4)), .global = tosses()});
        break;
      case 8: client.sends(basic::Get{.queue = name}); break;
      case 9:
      case 10:
      case 11: client.sends(basic::Ack{.delivery_tag = tag, .multiple = tosses()}); break;
      case 12: client.sends(basic::Nack{.delivery_tag = tag, .multiple = tosses(), .requeue = tosses()}); break;
      case 13: client.sends(tx::Commit{}); break;
      case 14: client.sends(tx::Rollback{}); break;
      case 15: client.sends(channel::CloseOk{}).sends(channel::Open{}); break;
      case 16: client.sends(channel::Close{}); break;
      case 17: client.vanishes(); break;
      case 18: faulty_.world.advance(std::chrono::milliseconds{below(3'000)}); break;
      case 19: faulty_.pause.pause(); break;
      case 20:
        if (faulty_.pause.is_paused()) (void)faulty_.pause.step(std::nullopt, 1 + below(3));
        faulty_.world.settle();
        break;
      case 21:
        faulty_.pause.resume();
        faulty_.world.settle();
        break;
      default:
        client.publishes_at_once(name, {body, "another"});
        client.publishes(name, {.body = body, .mandatory = tosses()});
    }
  }

  std::mt19937 random_;
  FaultyWorld faulty_;
  std::array<std::optional<Client>, 4> clients_;
  std::uint64_t fired_{0};
};

}  // namespace

TEST_CASE("under random faults the broker stays consistent") {
  std::uint64_t fired = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    RandomStory story{seed};
    story.happens();
    fired += story.fired();
  }
  CHECK(fired > 1'000);
}

}  // namespace pocketmq::tests
