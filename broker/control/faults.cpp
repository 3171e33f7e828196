#include "broker/control/faults.hpp"

#include <algorithm>
#include <memory>

#include "broker/channel/channel.hpp"
#include "broker/control/fault_texts.hpp"
#include "broker/request/control_error.hpp"
#include "protocol/base/random_source.hpp"

namespace pocketmq::broker {

namespace basic = protocol::basic;
using fault::Direction;

namespace {

bool happens_with(double probability, protocol::RandomSource& random) {
  constexpr double one_of_2_to_53 = 0x1p-53;
  return static_cast<double>(random.bits64() >> 11U) * one_of_2_to_53 < probability;
}

// The delivery tags that an ack, nack or reject is about.
struct TagsMeant {
  std::uint64_t tag;
  bool multiple;

  [[nodiscard]] bool contains(std::uint64_t each) const { return multiple ? tag == 0 || each <= tag : each == tag; }
};

}  // namespace

struct Faults::Rule {
  Rule(FaultRule checked_rule, std::uint64_t id, std::uint64_t seed)
      : rule{std::move(checked_rule)}, random{seed + id}, report{.id = id, .name = rule.name, .scope = rule.scope} {}

  // One more command has come that the rule is about. Returns whether it fires.
  [[nodiscard]] bool sees_one() {
    const auto seen = ++report.seen;
    if (const auto* nth = std::get_if<fault::Nth>(&rule.when)) return seen == nth->number;
    if (const auto* times = std::get_if<fault::Times>(&rule.when)) return seen <= times->count;
    if (const auto* every = std::get_if<fault::Every>(&rule.when)) return seen % every->number == 0;
    if (const auto* chance = std::get_if<fault::Chance>(&rule.when)) return happens_with(chance->probability, random);
    return true;
  }

  FaultRule rule;
  protocol::RandomSource random;
  FaultReport report;
};

// Carries out the action of a rule that fires for a command.
class Faults::Acting {
 public:
  // `received` is null for a command that is being sent.
  Acting(Faults& faults, Rule& rule, Session& session, const CommandFacts& facts, protocol::Command* received)
      : faults_{faults}, rule_{rule}, session_{session}, facts_{facts}, received_{received} {}

  Verdict operator()(const fault::Nack&) {
    if (!open_channel() || !open_channel()->has_confirms())
      return could_not(
          "its channel is not in confirm mode, so that nobody would hear of a nack; use confirm.select, or "
          "write \"full\" to drop it or \"close_channel\" to refuse it");
    return refuse_publish(event::Dropped::fault, "was nacked");
  }

  Verdict operator()(const fault::Full&) {
    if (!open_channel() || open_channel()->is_transactional())
      return could_not("its channel is transactional; name a publish outside of a transaction");
    return refuse_publish(event::Dropped::queue_full, open_channel()->has_confirms()
                                                          ? "was nacked as by a full queue"
                                                          : "was dropped as by a full queue");
  }

  Verdict operator()(const fault::Return& action) {
    auto& publish = std::get<basic::Publish>(received_->method);
    if (!open_channel() || open_channel()->is_transactional())
      return could_not("its channel is transactional; name a publish outside of a transaction");
    if (!publish.mandatory)
      return could_not(
          "it is not mandatory, and RabbitMQ returns only mandatory ones; publish it with mandatory, or "
          "write \"nack\" or \"full\"");
    fired("was returned with " + std::to_string(action.code), next_message());
    open_channel()->return_publish(publish, *received_->content, action.code, action.text);
    return Verdict::swallow;
  }

  Verdict operator()(const fault::CloseChannel& action) {
    if (!open_channel()) return could_not("its channel is not open");
    fired("closed its channel with " + std::to_string(action.code));
    return close_channel({static_cast<ReplyCode>(action.code), action.text.empty() ? by_fault("closed") : action.text});
  }

  Verdict operator()(const fault::CloseConnection& action) {
    fired("closed its connection with " + std::to_string(action.code));
    const auto code = static_cast<ReplyCode>(action.code);
    auto text = action.text.empty() ? by_fault("closed") : action.text;
    if (received_ != nullptr) throw ConnectionError{code, std::move(text)};
    session_.act_soon([&session = session_, code, text = std::move(text)] { session.close(code, text); });
    return Verdict::pass;
  }

  Verdict operator()(const fault::CutOff& action) {
    const bool is_after = std::holds_alternative<fault::CutOff::After>(action.at);
    const auto* const bytes = std::get_if<fault::CutOff::Bytes>(&action.at);
    const std::string where = is_after           ? "after it"
                              : bytes == nullptr ? "before it"
                                                 : "after " + std::to_string(bytes->count) + " bytes of it";
    fired(std::string{action.how == Cut::freeze ? "froze" : "cut"} + " its connection " + where
          + (action.how == Cut::reset ? ", by a reset" : ""));
    if (received_ == nullptr && is_after) session_.send_part(facts_.command, static_cast<std::size_t>(-1));
    if (received_ == nullptr && bytes != nullptr) session_.send_part(facts_.command, bytes->count);
    session_.cut(action.how, by_fault("cut"));
    if (action.how == Cut::freeze && faults_.frozen_) faults_.frozen_(session_.number());
    return received_ != nullptr && is_after ? Verdict::pass : Verdict::swallow;
  }

  Verdict operator()(const fault::Cancel&) {
    const auto tag = consumer_tag();
    if (!open_channel() || open_channel()->find_consumer(tag) == nullptr)
      return could_not("its consumer has no queue: it waits for direct replies, or has ended");
    fired("cancelled consumer " + in_quotes(tag)
          + (session_.understands_consumer_cancel()
                 ? ""
                 : ", which is not told, because it has not the capability consumer_cancel_notify"));
    session_.act_soon([&session = session_, number = facts_.command.channel, tag] {
      if (auto* const channel = session.find_channel(number)) channel->cancel_consumer(tag);
    });
    return Verdict::pass;
  }

  Verdict operator()(const fault::Block& action) {
    fired("blocked its connection" + (action.time ? " for " + duration_text(*action.time) : std::string{}));
    const auto until = action.time ? now() + *action.time : TimePoint::max();
    const auto block = [&session = session_, until] {
      if (session.is_open()) session.block("low on memory", until);
    };
    if (received_ != nullptr && std::holds_alternative<basic::Publish>(received_->method))
      block();  // so that this publish waits, too
    else
      session_.act_soon(block);
    return Verdict::pass;
  }

  Verdict operator()(const fault::Unblock&) {
    if (!session_.is_blocked()) return could_not("its connection is not blocked");
    fired("unblocked its connection");
    session_.act_soon([&session = session_] { session.unblock(); });
    return Verdict::pass;
  }

  Verdict operator()(const fault::Refuse& action) {
    if (!open_channel()) return could_not("its channel is not open");
    fired("was refused with " + std::to_string(action.code));
    const auto code = static_cast<ReplyCode>(action.code);
    return close_channel({code, action.text.empty() ? refusal_like_rabbitmq(code, facts_) : action.text});
  }

  Verdict operator()(const fault::Delay& action) {
    fired("was delayed by " + duration_text(action.time));
    if (received_ == nullptr) {
      session_.delay_output(now() + action.time);
      return Verdict::pass;
    }
    session_.release_command_at(now() + action.time);
    return Verdict::hold;
  }

  Verdict operator()(const fault::Redeliver&) {
    if (!open_channel() || open_channel()->is_transactional())
      return could_not("its channel is transactional; name one without tx.select");
    auto& acks = faults_.acks_to_lose_[{session_.number(), facts_.command.channel}];
    if (const auto* ack = std::get_if<basic::Ack>(&facts_.command.method)) {
      open_channel()->for_each_unacked([&](const Unacked& delivery) {
        if (TagsMeant{ack->delivery_tag, ack->multiple}.contains(delivery.tag)) acks.insert(delivery.tag);
        return true;
      });
      fired("got lost, and its message is delivered again");
      return Verdict::pass;  // lose_acks does it
    }
    const auto& delivery = std::get<basic::Deliver>(facts_.command.method);
    const auto* const consumer = open_channel()->find_consumer(delivery.consumer_tag);
    if (consumer == nullptr || consumer->ack_mode() == AckMode::automatic)
      return could_not("its consumer does not ack, and RabbitMQ delivers such messages once; consume without no_ack");
    acks.insert(delivery.delivery_tag);
    fired("is delivered again after its ack");
    return Verdict::pass;
  }

  Verdict operator()(const fault::Restart&) {
    fired("restarted the broker");
    faults_.restarting_.wait_in_line();
    return received_ != nullptr ? Verdict::swallow : Verdict::pass;
  }

  Verdict operator()(const fault::Drop&) {
    fired("got lost");
    return Verdict::swallow;
  }

  Verdict operator()(const fault::Duplicate&) {
    fired(received_ != nullptr ? "was carried out twice" : "was sent twice");
    if (received_ != nullptr)
      session_.carry_out_twice(*received_);
    else
      session_.send_part(facts_.command, static_cast<std::size_t>(-1));
    return Verdict::pass;
  }

  Verdict operator()(const fault::Reorder&) {
    fired("changed places with the next command");
    if (received_ != nullptr)
      session_.carry_out_after_next(*received_);
    else
      session_.send_after_next(facts_.command);
    return Verdict::swallow;
  }

 private:
  [[nodiscard]] TimePoint now() const { return session_.context().now(); }
  [[nodiscard]] broker::Channel* open_channel() const { return session_.find_channel(facts_.command.channel); }
  [[nodiscard]] std::uint64_t next_message() const { return session_.context().upcoming_message_number(); }
  [[nodiscard]] std::string by_fault(std::string_view what) const {
    return std::string{what} + " by the fault " + in_quotes(rule_.rule.name);
  }

  [[nodiscard]] std::string consumer_tag() const {
    if (const auto* delivery = std::get_if<basic::Deliver>(&facts_.command.method))
      return std::string{delivery->consumer_tag};
    return std::string{std::get<basic::ConsumeOk>(facts_.command.method).consumer_tag};
  }

  Verdict refuse_publish(event::Dropped why, std::string_view text) {
    fired(text, next_message());
    open_channel()->refuse_publish(std::get<basic::Publish>(received_->method), *received_->content, why);
    return Verdict::swallow;
  }

  Verdict close_channel(const ChannelError& error) {
    if (received_ != nullptr) throw error;
    session_.act_soon([&session = session_, number = facts_.command.channel, error] {
      if (session.find_channel(number) != nullptr) session.fail(number, error);
    });
    return Verdict::pass;
  }

  // Call it before anything follows from the fault, because a cause is told before its effects.
  void fired(std::string_view what, std::uint64_t message = 0) {
    auto& journal = session_.context().journal();
    journal.tell(event::FaultFired{.fault = rule_.report.id,
                                   .name = rule_.rule.name,
                                   .what = fault::name_of(rule_.rule.act),
                                   .connection = session_.number(),
                                   .channel = facts_.command.channel,
                                   .method = facts_.method,
                                   .message = message != 0 ? message : facts_.message});
    ++rule_.report.fired_count;
    keep(rule_.report.fired, journal.is_on<event::FaultFired>() ? journal.last_number() : 0, what);
  }

  Verdict could_not(std::string_view why) {
    keep(rule_.report.could_not, 0,
         "the rule " + in_quotes(rule_.rule.name) + " could not act on it: " + std::string{why});
    return Verdict::pass;
  }

  void keep(std::vector<FaultReport::Occurrence>& kept, std::uint64_t event, std::string_view what) const {
    if (kept.size() < kept_max)
      kept.push_back(
          {event, session_.number(),
           described(facts_) + (event == 0 && &kept == &rule_.report.could_not ? ": " : " ") + std::string{what}});
  }

  Faults& faults_;
  Rule& rule_;
  Session& session_;
  const CommandFacts& facts_;
  protocol::Command* const received_;
};

Faults::Faults(Broker& broker) : broker_{broker}, restarting_{broker.context().backlog(), *this, &Faults::restart_now} {
  broker_.gates().add_last(*this);
}

Faults::~Faults() { broker_.gates().remove(*this); }

// ---- rules

std::uint64_t Faults::add(FaultRule rule) {
  rule = checked(std::move(rule));
  if (std::holds_alternative<fault::Restart>(rule.act) && !restart_)
    throw ControlError{
        ControlError::Kind::conflict,
        "do.restart: this broker cannot be restarted by a rule, because nobody has said how; in C++ call "
        "Faults::on_restart first"};
  if (rules_.size() >= rules_max)
    throw ControlError{ControlError::Kind::conflict, "there are " + std::to_string(rules_max)
                                                         + " rules already; remove those of scopes that have ended"};
  const auto seed = broker_.context().options().seed.value_or(0);
  rules_.emplace_back(std::move(rule), ++last_id_, seed);
  return last_id_;
}

std::list<Faults::Rule>::const_iterator Faults::find(std::uint64_t id) const {
  const auto found = std::ranges::find(rules_, id, [](const Rule& each) { return each.report.id; });
  if (found == rules_.end())
    throw ControlError{ControlError::Kind::unknown,
                       "there is no fault with the id " + std::to_string(id)
                           + "; it was removed, or never added: GET /test/faults lists those that there are"};
  return found;
}

void Faults::remove(std::uint64_t id) { rules_.erase(find(id)); }

void Faults::remove_all(const std::optional<std::string>& scope) {
  rules_.remove_if([&](const Rule& each) { return !scope || each.rule.scope == scope; });
}

FaultReport Faults::report(std::uint64_t id) const { return find(id)->report; }

std::vector<FaultReport> Faults::reports(const std::optional<std::string>& scope) const {
  std::vector<FaultReport> reports;
  for (const auto& each : rules_)
    if (!scope || each.rule.scope == scope) reports.push_back(each.report);
  return reports;
}

std::vector<FaultReport> Faults::unfired(const std::string& scope) const {
  auto all = reports(scope);
  std::erase_if(all, [](const FaultReport& each) { return each.fired_count > 0; });
  return all;
}

// ---- commands

CommandGate::Verdict Faults::on_received(Session& session, protocol::Command& command) {
  if (std::holds_alternative<protocol::channel::Open>(command.method))
    acks_to_lose_.erase({session.number(), command.channel});  // a new channel's tags begin anew
  auto verdict = Verdict::pass;
  if (knows(command, Direction::to_broker)) {
    const CommandFacts facts{session, command, Direction::to_broker};
    if (auto* const rule = find_due(facts))
      verdict = std::visit(Acting{*this, *rule, session, facts, &command}, rule->rule.act);
  }
  return verdict == Verdict::pass && !acks_to_lose_.empty() ? lose_acks(session, command) : verdict;
}

CommandGate::Verdict Faults::on_sent(Session& session, const protocol::Command& command) {
  if (!knows(command, Direction::to_client)) return Verdict::pass;
  const CommandFacts facts{session, command, Direction::to_client};
  auto* const rule = find_due(facts);
  return rule == nullptr ? Verdict::pass : std::visit(Acting{*this, *rule, session, facts, nullptr}, rule->rule.act);
}

void Faults::on_ended(Session& session) {
  const auto first = acks_to_lose_.lower_bound({session.number(), 0});
  acks_to_lose_.erase(first, acks_to_lose_.lower_bound({session.number() + 1, 0}));
}

bool Faults::knows(const protocol::Command& command, Direction direction) const {
  if (rules_.empty()) return false;
  const auto method = id_of(command.method).name;
  return std::ranges::any_of(
      rules_, [&](const Rule& each) { return each.rule.on.method == method && each.rule.on.direction == direction; });
}

Faults::Rule* Faults::find_due(const CommandFacts& facts) {
  Rule* due = nullptr;
  for (auto& each : rules_)
    if (matches(each.rule, facts) && each.sees_one() && due == nullptr) due = &each;
  return due;
}

CommandGate::Verdict Faults::lose_acks(Session& session, const protocol::Command& command) {
  const auto found = acks_to_lose_.find({session.number(), command.channel});
  auto* const channel = session.find_channel(command.channel);
  if (found == acks_to_lose_.end() || channel == nullptr) return Verdict::pass;
  const auto take = [&](const TagsMeant& meant) {
    std::set<std::uint64_t> taken;
    for (const auto tag : found->second)
      if (meant.contains(tag)) taken.insert(tag);
    for (const auto tag : taken) found->second.erase(tag);
    return taken;
  };
  if (const auto* nack = std::get_if<basic::Nack>(&command.method)) take({nack->delivery_tag, nack->multiple});
  if (const auto* reject = std::get_if<basic::Reject>(&command.method)) take({reject->delivery_tag, false});
  const auto* const ack = std::get_if<basic::Ack>(&command.method);
  if (ack == nullptr) return Verdict::pass;
  const auto lost = take({ack->delivery_tag, ack->multiple});
  if (lost.empty()) return Verdict::pass;
  channel->ack_all_but(*ack, lost);
  return Verdict::swallow;
}

bool Faults::restart_now() {
  if (restart_) restart_();
  return true;
}

}  // namespace pocketmq::broker
