#include "broker/control/fault_rule.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <type_traits>
#include <utility>

#include "broker/control/method_facts.hpp"
#include "broker/request/control_error.hpp"
#include "protocol/codec/json_parse.hpp"
#include "protocol/vocabulary/method.hpp"
#include "protocol/vocabulary/reply_code.hpp"

namespace pocketmq::broker {
namespace {

using fault::Direction;

struct ActionFacts {
  std::string_view name;
  bool is_lawful;
};
// In the order of fault::Action.
constexpr std::array<ActionFacts, std::variant_size_v<fault::Action>> facts_of_actions{{{"nack", true},
                                                                                        {"return", true},
                                                                                        {"close_channel", true},
                                                                                        {"close_connection", true},
                                                                                        {"cut", true},
                                                                                        {"cancel", true},
                                                                                        {"block", true},
                                                                                        {"unblock", true},
                                                                                        {"refuse", true},
                                                                                        {"delay", true},
                                                                                        {"redeliver", true},
                                                                                        {"full", true},
                                                                                        {"restart", true},
                                                                                        {"drop", false},
                                                                                        {"duplicate", false},
                                                                                        {"reorder", false}}};

// The methods that come before connection.open. Then the client's virtual host is not known.
bool comes_before_open(std::string_view method) {
  constexpr std::array before{"connection.start",     "connection.start-ok", "connection.secure",
                              "connection.secure-ok", "connection.tune",     "connection.tune-ok"};
  return std::ranges::find(before, method) != before.end();
}

void check_direction(fault::On& on) {
  const auto ways = ways_of(on.method);
  if (!ways.to_broker && !ways.to_client)
    refuse_as_bad("on.method: there is no method " + protocol::in_quotes(on.method)
           + " in AMQP 0-9-1; write its name as the specification does, such as \"basic.publish\", \"basic.deliver\" or "
             "\"queue.declare\"");
  if (!on.direction && ways.to_broker && ways.to_client)
    refuse_as_bad("on.direction: " + on.method
           + " goes both ways; add \"direction\": \"to_broker\" for those that clients send, or \"to_client\" for those "
             "that the broker sends");
  if (!on.direction) on.direction = ways.to_broker ? Direction::to_broker : Direction::to_client;
  if (*on.direction == Direction::to_broker ? !ways.to_broker : !ways.to_client)
    refuse_as_bad("on.direction: " + on.method + " only goes " + (ways.to_broker ? "to the broker" : "to clients")
                  + "; leave the direction out");
}

void check_fields(const fault::On& on) {
  const auto has = fields_of(on.method);
  const auto refuse_field = [&](std::string_view field, std::string_view instead) {
    refuse_as_bad("on." + std::string{field} + ": " + on.method + " has none; " + std::string{instead});
  };
  if (on.queue && !has.queue) refuse_field("queue", "leave it out, or name another method, such as \"queue.declare\"");
  if (on.exchange && !has.exchange)
    refuse_field("exchange", "leave it out, or name another method, such as \"basic.publish\"");
  if (on.routing_key && !has.routing_key)
    refuse_field("routing_key", "leave it out, or name another method, such as \"basic.publish\"");
  if (on.body && !has.body)
    refuse_field("body",
                 "leave it out, or name \"basic.publish\", \"basic.deliver\", \"basic.get-ok\" or \"basic.return\"");
}

void check_when(const fault::When& when) {
  const auto require_one = [](std::string_view what, std::uint64_t number) {
    if (number == 0) refuse_as_bad(std::string{what} + ": wants a number from 1 on, got 0");
  };
  if (const auto* nth = std::get_if<fault::Nth>(&when)) require_one("nth", nth->number);
  if (const auto* times = std::get_if<fault::Times>(&when)) require_one("times", times->count);
  if (const auto* every = std::get_if<fault::Every>(&when)) require_one("every", every->number);
  if (const auto* chance = std::get_if<fault::Chance>(&when))
    if (!(chance->probability >= 0 && chance->probability <= 1))
      refuse_as_bad("chance: wants a number from 0 to 1, got " + std::to_string(chance->probability));
}

void check_code(std::string_view action, std::uint16_t code, std::initializer_list<protocol::ReplyCode> codes) {
  if (std::ranges::any_of(codes, [&](auto each) { return number_of(each) == code; })) return;
  std::string list;
  for (const auto each : codes)
    list += (list.empty() ? "" : ", ") + std::to_string(number_of(each)) + " (" + std::string{name_of(each)} + ")";
  refuse_as_bad("do." + std::string{action} + ".code: " + std::to_string(code)
                + " is none that it can have; write one of " + list);
}

// Whether the action fits the method.
class Fit {
 public:
  explicit Fit(const FaultRule& rule) : rule_{rule}, action_{fault::name_of(rule.act)} {}

  void check(const fault::Nack&) const { require_methods({"basic.publish"}); }
  void check(const fault::Full&) const { require_methods({"basic.publish"}); }
  void check(const fault::Return& a) const {
    require_methods({"basic.publish"});
    using enum protocol::ReplyCode;
    check_code(action_, a.code, {no_route, no_consumers});
    check_text(a.text);
  }
  void check(const fault::CloseChannel& a) const {
    if (rule_.on.method.starts_with("connection.") || rule_.on.method == "channel.open")
      refuse_as_bad("do.close_channel: " + rule_.on.method
                    + " has no open channel; write \"close_connection\", or name a method on a channel");
    using enum protocol::ReplyCode;
    check_code(
        action_, a.code,
        {content_too_large, no_route, no_consumers, access_refused, not_found, resource_locked, precondition_failed});
    check_text(a.text);
  }
  void check(const fault::CloseConnection& a) const {
    using enum protocol::ReplyCode;
    check_code(action_, a.code,
               {connection_forced, invalid_path, access_refused, frame_error, syntax_error, command_invalid,
                channel_error, unexpected_frame, resource_error, not_allowed, not_implemented, internal_error});
    check_text(a.text);
  }
  void check(const fault::CutOff&) const {}
  void check(const fault::Cancel&) const { require_methods({"basic.deliver", "basic.consume-ok"}); }
  void check(const fault::Block& a) const {
    check_time(a.time.value_or(std::chrono::nanoseconds{1}));
    require_open();
  }
  void check(const fault::Unblock&) const { require_open(); }
  void check(const fault::Refuse& a) const {
    const auto has = fields_of(rule_.on.method);
    const bool names_something = (has.queue || has.exchange) && !rule_.on.method.starts_with("basic.");
    const bool is_use =
        rule_.on.method == "basic.consume" || rule_.on.method == "basic.get" || rule_.on.method == "basic.publish";
    if (*rule_.on.direction != Direction::to_broker || !(names_something || is_use))
      refuse_as_bad("do.refuse: " + rule_.on.method
             + " names no queue or exchange that could be refused; name a method that does, such as \"queue.declare\", or "
               "write \"close_channel\"");
    using enum protocol::ReplyCode;
    check_code(action_, a.code, {access_refused, not_found, resource_locked, precondition_failed});
    check_text(a.text);
  }
  void check(const fault::Delay& a) const { check_time(a.time); }
  void check(const fault::Redeliver&) const {
    require_methods({"basic.deliver", "basic.ack"});
    if (rule_.on.method == "basic.ack" && *rule_.on.direction != Direction::to_broker)
      refuse_as_bad("do.redeliver: a basic.ack to a client is a confirm; write \"direction\": \"to_broker\"");
  }
  void check(const fault::Restart&) const {}
  void check(const fault::Drop&) const {}
  void check(const fault::Duplicate&) const {}
  void check(const fault::Reorder&) const {}

 private:
  void require_methods(std::initializer_list<std::string_view> methods) const {
    if (std::ranges::find(methods, rule_.on.method) != methods.end()) return;
    std::string list;
    for (const auto method : methods) list += (list.empty() ? "" : " or ") + protocol::in_quotes(method);
    refuse_as_bad("do." + std::string{action_} + ": does not fit " + rule_.on.method
                  + "; it is for \"on\": {\"method\": " + list + "}");
  }
  void require_open() const {
    if (comes_before_open(rule_.on.method))
      refuse_as_bad("do." + std::string{action_} + ": " + rule_.on.method
                    + " comes before the connection is open; name \"connection.open\" or a later method");
  }
  void check_time(std::chrono::nanoseconds time) const {
    if (time.count() <= 0)
      refuse_as_bad("do." + std::string{action_} + ": wants a duration longer than 0, such as \"2s\"");
  }
  // With the code's name it has to fit into a short string.
  void check_text(const std::string& text) const {
    constexpr std::size_t text_max_bytes = 200;
    if (text.size() > text_max_bytes)
      refuse_as_bad("do." + std::string{action_} + ".text: has " + std::to_string(text.size())
                    + " bytes; AMQP leaves room for 200");
  }

  const FaultRule& rule_;
  const std::string_view action_;
};

}  // namespace

std::string_view fault::name_of(Direction direction) {
  return direction == Direction::to_broker ? "to_broker" : "to_client";
}

std::string_view fault::name_of(const Action& action) { return facts_of_actions[action.index()].name; }

bool fault::is_lawful(const Action& action) { return facts_of_actions[action.index()].is_lawful; }

FaultRule checked(FaultRule rule) {
  check_direction(rule.on);
  check_fields(rule.on);
  check_when(rule.when);
  if (rule.on.connection && rule.on.connection_number)
    refuse_as_bad("on.connection: give its name or its number, not both");
  if (rule.scope && comes_before_open(rule.on.method))
    refuse_as_bad(
        "scope: " + rule.on.method
        + " comes before the client has named its virtual host; leave \"scope\" out, and name the connection");
  if (!fault::is_lawful(rule.act) && !rule.unlawful)
    refuse_as_bad("do." + std::string{fault::name_of(rule.act)}
           + ": no RabbitMQ does this, and TCP and AMQP exclude it; to test a client library with it, add \"unlawful\": "
             "true; to test an application, use \"cut\", \"delay\" or \"redeliver\"");
  const Fit fit{rule};
  std::visit([&](const auto& action) { fit.check(action); }, rule.act);
  if (rule.name.empty()) rule.name = std::string{fault::name_of(rule.act)} + " of " + rule.on.method;
  return rule;
}

}  // namespace pocketmq::broker
