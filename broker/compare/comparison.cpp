#include "broker/compare/comparison.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "broker/compare/comparison_connections.hpp"

namespace pocketmq::broker {
namespace {

using Indexes = ParsedRecording::Indexes;

constexpr auto none = AlignedPair::none;
constexpr std::size_t pairs_max = 1'000'000;  // of events without an order; of more, the order counts

class Comparer {
  using Messages = std::set<std::string, std::less<>>;

 public:
  Comparer(const ParsedRecording& golden, const ParsedRecording& recorded)
      : golden_{golden.events},
        recorded_{recorded.events},
        values_{golden.options, renaming_},
        all_{.golden = golden, .recorded = recorded, .renaming = renaming_, .values = values_},
        pair_of_golden_(golden_.size(), none),
        is_told_(golden_.size(), false),
        golden_introduced_{introduced_in(golden_)},
        recorded_introduced_{introduced_in(recorded_)} {}

  Comparison compare() {
    match_connections(all_);
    for (const auto& [lane, events] : all_.golden_lanes)
      if (lane.of == Lane::Of::commands || lane.of == Lane::Of::publishes) all_.bind_names(lane);
    for (const auto& [lane, events] : all_.golden_lanes)
      if (lane.of != Lane::Of::life && lane.of != Lane::Of::none) compare_lane(lane, events);
    tell_extra_lanes();
    compare_lives();
    compare_without_order();
    check_order_of_lives();
    std::ranges::stable_sort(comparison_.differences, {}, [](const auto& d) { return d.golden_line; });
    return std::move(comparison_);
  }

 private:
  // ---- telling

  void tell(std::size_t golden_line, std::string text) {
    if (comparison_.differences.size() == ComparisonLimits::differences_max)
      ++comparison_.left_out;
    else
      comparison_.differences.push_back({golden_line, std::move(text)});
  }

  [[nodiscard]] static std::string line(const RecordedEvent& event) { return "line " + std::to_string(event.line); }

  void tell_missing(std::size_t i) {
    tell(golden_[i].line, line(golden_[i]) + ": " + golden_[i].text() + " is missing");
  }
  // `before`: the golden's event that comes before it; `none` if there is none.
  void tell_extra(std::size_t j, std::size_t before) {
    const auto place = before == none ? std::string{"at the beginning"} : "after " + line(golden_[before]);
    tell(before == none ? 0 : golden_[before].line, place + ": " + recorded_[j].text(&renaming_)
                                                        + " is not in the golden; it is line "
                                                        + std::to_string(recorded_[j].line) + " of the recording");
  }

  void pair(std::size_t i, std::size_t j) {
    pair_of_golden_[i] = j;
    for (const auto& how : values_.differences(*golden_[i].json, *recorded_[j].json))
      tell(golden_[i].line, line(golden_[i]) + " (" + golden_[i].text() + "): " + how);
  }

  // ---- lists in order

  void compare_lane(const Lane& lane, const Indexes& events) {
    if (!lane.connection.empty() && renaming_.recorded(lane.connection).empty()) {
      if (missing_connections_.insert(lane.connection).second) tell_missing_connection(lane.connection, events);
      return;
    }
    compare_in_order(events, all_.recorded_events(lane));
  }

  void tell_missing_connection(const std::string& connection, const Indexes& events) {
    tell(golden_[events.front()].line, line(golden_[events.front()]) + ": the recording has no connection for "
                                           + connection + ", with all that it does");
  }

  void compare_in_order(const Indexes& wanted, const Indexes& others) {
    const auto pairs =
        align(wanted.size(), others.size(), [&](auto i, auto j) { return all_.fit(wanted[i], others[j]); });
    std::vector<std::pair<std::size_t, std::size_t>> extra;  // with the golden's event before it
    Indexes missing;
    auto before = none;
    for (const auto& [left, right] : pairs) {
      if (left != none && right != none) pair(wanted[left], others[right]);
      if (left == none) extra.emplace_back(others[right], before);
      if (right == none) missing.push_back(wanted[left]);
      if (left != none) before = wanted[left];
    }
    take_moved(missing, extra);
    for (const auto i : missing) tell_missing(i);
    for (const auto& [j, place] : extra) tell_extra(j, place);
  }

  // What is missing at one place and extra at another one was moved.
  void take_moved(Indexes& missing, std::vector<std::pair<std::size_t, std::size_t>>& extra) {
    constexpr std::size_t each_max = 200;
    if (missing.size() > each_max || extra.size() > each_max) return;
    std::erase_if(missing, [&](std::size_t i) {
      const auto found = std::ranges::find_if(extra, [&](const auto& e) { return all_.fit(i, e.first) == Fit::equal; });
      if (found == extra.end()) return false;
      const auto [j, before] = *found;
      extra.erase(found);
      tell(golden_[i].line, line(golden_[i]) + ": " + golden_[i].text() + " comes in another order: "
                                + (before == none ? "first" : "after " + line(golden_[before])));
      pair(i, j);
      is_told_[i] = true;
      return true;
    });
  }

  void tell_extra_lanes() {
    std::set<std::string> told;
    for (const auto& [lane, events] : all_.recorded_lanes) {
      if (lane.of == Lane::Of::life || lane.of == Lane::Of::none) continue;
      auto golden_lane = lane;
      if (!lane.connection.empty()) golden_lane.connection = renaming_.golden(lane.connection);
      if (!lane.connection.empty() && golden_lane.connection.empty()) {
        if (told.insert(lane.connection).second)
          tell(0, "the golden has no connection for " + lane.connection + " of the recording, which begins in its line "
                      + std::to_string(recorded_[events.front()].line));
      } else if (!all_.golden_lanes.contains(golden_lane)) {
        for (const auto j : events) tell_extra(j, none);
      }
    }
  }

  // ---- what happens to messages without a client

  using ByQueue = std::map<std::string, Indexes>;
  struct Life {
    std::string message{};
    ByQueue events{};
  };

  // In the order of the messages' first appearance. Only events that no client's lane has.
  [[nodiscard]] static std::vector<Life> lives_of(const std::vector<RecordedEvent>& events) {
    std::vector<Life> lives;
    std::map<std::string, std::size_t, std::less<>> index;
    for (std::size_t i = 0; i < events.size(); ++i) {
      const auto& event = events[i];
      if (event.message.empty()) continue;
      const auto [at, is_new] = index.emplace(event.liver(), lives.size());
      if (is_new) lives.push_back({.message = event.liver()});
      if (event.lane.of == Lane::Of::life) lives[at->second].events[event.queue].push_back(i);
    }
    return lives;
  }

  void compare_lives() {
    const auto golden = lives_of(golden_), recorded = lives_of(recorded_);
    std::map<std::string_view, const Life*> by_message;
    for (const auto& life : recorded) by_message.emplace(life.message, &life);
    for (const auto& life : golden) {
      if (renaming_.recorded(life.message).empty()) bind_by_life(life, recorded);
      const auto found = by_message.find(life.message == "m0" ? "m0" : renaming_.recorded(life.message));
      if (found == by_message.end())
        tell_lost_life(life);
      else
        compare_life(life.events, found->second->events);
    }
    for (const auto& life : recorded)
      if (life.message != "m0" && renaming_.golden(life.message).empty()
          && !recorded_introduced_.contains(life.message))
        for (const auto& [queue, events] : life.events)
          for (const auto j : events) tell_extra(j, none);
  }

  // Of a message whose publish is missing, that is told already.
  void tell_lost_life(const Life& life) {
    if (golden_introduced_.contains(life.message)) return;
    for (const auto& [queue, events] : life.events)
      for (const auto i : events) tell_missing(i);
  }

  // The messages whose publish is there. Others were published before, or such events were left out.
  [[nodiscard]] static Messages introduced_in(const std::vector<RecordedEvent>& events) {
    Messages messages;
    for (const auto& event : events)
      if (event.kind == "message.published" || event.kind == "message.dead_letter") messages.insert(event.message);
    return messages;
  }

  void bind_by_life(const Life& life, const std::vector<Life>& recorded) {
    if (life.message == "m0" || golden_introduced_.contains(life.message)) return;
    for (const auto& other : recorded) {
      if (other.message == "m0" || !renaming_.golden(other.message).empty()) continue;
      const auto mark = renaming_.mark();
      static_cast<void>(renaming_.bind(life.message, other.message));
      if (fits(life.events, other.events)) return;
      renaming_.undo(mark);
    }
  }

  [[nodiscard]] bool fits(const ByQueue& golden, const ByQueue& recorded) const {
    return std::ranges::equal(golden, recorded, [&](const auto& a, const auto& b) {
      return std::ranges::equal(a.second, b.second, [&](auto i, auto j) { return all_.fit(i, j) == Fit::equal; });
    });
  }

  void compare_life(const ByQueue& golden, const ByQueue& recorded) {
    ByQueue renamed;
    for (const auto& [queue, events] : recorded) renamed[with_golden_names(queue, renaming_)] = events;
    static const Indexes nothing;
    for (const auto& [queue, events] : golden) {
      const auto found = renamed.find(queue);
      compare_in_order(events, found == renamed.end() ? nothing : found->second);
      if (found != renamed.end()) renamed.erase(found);
    }
    for (const auto& [queue, events] : renamed) compare_in_order({}, events);
  }

  // ---- what has no order

  void compare_without_order() {
    const auto golden = all_.golden_lanes.find(Lane{.of = Lane::Of::none});
    const auto recorded = all_.recorded_lanes.find(Lane{.of = Lane::Of::none});
    auto left = recorded == all_.recorded_lanes.end() ? Indexes{} : recorded->second;
    if (golden != all_.golden_lanes.end()) {
      if (golden->second.size() * left.size() > pairs_max) return compare_in_order(golden->second, left);
      for (const auto i : golden->second) {
        auto found = std::ranges::find_if(left, [&](auto j) { return all_.fit(i, j) == Fit::equal; });
        if (found == left.end()) {
          tell_missing(i);
          continue;
        }
        pair(i, *found);
        left.erase(found);
      }
    }
    for (const auto j : left) tell_extra(j, none);
  }

  // ---- the order within a message's life, across connections

  void check_order_of_lives() {
    std::map<std::pair<std::string, std::string>, Indexes> lives;  // by message and queue
    std::map<std::string, std::vector<std::string>> queues;
    for (std::size_t i = 0; i < golden_.size(); ++i) {
      const auto& event = golden_[i];
      if (event.message.empty() || event.message == "m0" || pair_of_golden_[i] == none) continue;
      if (!event.queue.empty()) {
        auto [life, is_new] = lives.try_emplace({event.liver(), event.queue});
        if (is_new) life->second = lives[{event.liver(), ""}];  // what came before is common to all queues
        lives[{event.liver(), event.queue}].push_back(i);
        if (is_new) queues[event.liver()].push_back(event.queue);
        if (!event.parent.empty()) lives[{event.message, ""}].push_back(i);
        continue;
      }
      lives[{event.message, ""}].push_back(i);
      for (const auto& queue : queues[event.message]) lives[{event.message, queue}].push_back(i);
    }
    for (const auto& [name, events] : lives) check_order(events);
  }

  void check_order(const Indexes& events) {
    auto last = none;
    for (const auto i : events) {
      if (is_told_[i]) continue;
      if (last != none && pair_of_golden_[i] < pair_of_golden_[last]) {
        is_told_[i] = true;
        tell(golden_[i].line, line(golden_[i]) + ": " + golden_[i].text() + " comes in another order: before "
                                  + line(golden_[last]) + ", " + golden_[last].kind);
        continue;
      }
      last = i;
    }
  }

  const std::vector<RecordedEvent>& golden_;
  const std::vector<RecordedEvent>& recorded_;
  Renaming renaming_;
  ValueComparison values_;
  ComparedRecordings all_;
  Indexes pair_of_golden_;
  std::vector<bool> is_told_;  // whether an event's order has been told to differ
  const Messages golden_introduced_;
  const Messages recorded_introduced_;
  std::set<std::string> missing_connections_;
  Comparison comparison_;
};

}  // namespace

Comparison compare(std::string_view golden, std::string_view recording) {
  const auto wanted = parse_recording(golden, "the golden");
  const auto recorded = parse_recording(recording, "the recording", &wanted.options);
  return Comparer{wanted, recorded}.compare();
}

std::string text_of(const Comparison& comparison) {
  std::string text;
  for (const auto& difference : comparison.differences) text += difference.text + "\n";
  if (comparison.left_out > 0) text += "and " + std::to_string(comparison.left_out) + " more differences\n";
  return text;
}

}  // namespace pocketmq::broker
