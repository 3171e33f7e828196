#include "broker/compare/comparison_connections.hpp"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "broker/compare/comparison_limits.hpp"
#include "broker/request/control_error.hpp"

namespace pocketmq::broker {
namespace {

using Json = nlohmann::ordered_json;
using Indexes = ParsedRecording::Indexes;
using Lanes = ComparedRecordings::Lanes;

// How many values are compared to find the connections; and in all, before events are only compared by their kinds. In
// recordings that are nearly equal, each value of each event is compared a few times.
constexpr std::size_t search_compared_max = 200'000, search_compared_for_an_event = 20;
constexpr std::size_t compared_max = 1'000'000, compared_for_an_event = 60;
constexpr std::size_t misfit_events_max = 100;  // of a connection that are looked at for the best fit

bool introduces_names(std::string_view kind) {
  return kind == "message.published" || kind == "queue.declared" || kind == "consumer.started"
         || kind == "connection.authenticated";
}

struct Connection {
  std::string name;  // c1
  Json introduction = Json::object();
  std::vector<Lane> lanes{};
  std::size_t event_count{0};
};

// In the order in which they appear.
std::vector<Connection> connections_of(const ParsedRecording& recording, const Lanes& lanes) {
  std::vector<Connection> connections;
  std::map<std::string, std::size_t, std::less<>> index;
  for (const auto& event : recording.events) {
    const auto& name = event.lane.connection;
    if (name.empty()) continue;
    const auto [at, is_new] = index.emplace(name, connections.size());
    if (is_new) connections.push_back({.name = name});
    auto& connection = connections[at->second];
    ++connection.event_count;
    if (event.kind == "connection.authenticated")
      for (const auto* const member : {"name", "encoding", "vhost"})
        if (const auto found = event.json->find(member); found != event.json->end())
          connection.introduction[member] = *found;
  }
  for (const auto& [lane, events] : lanes)
    if (!lane.connection.empty()) connections[index.at(lane.connection)].lanes.push_back(lane);
  if (connections.size() > ComparisonLimits::connections_max)
    throw ControlError{ControlError::Kind::bad, "at most " + std::to_string(ComparisonLimits::connections_max)
                                                    + " connections can be compared; compare a shorter part"};
  return connections;
}

class Matching {
 public:
  explicit Matching(ComparedRecordings& all)
      : all_{all},
        golden_{connections_of(all.golden, all.golden_lanes)},
        recorded_{connections_of(all.recorded, all.recorded_lanes)},
        used_(recorded_.size(), false) {}

  void match() {
    for (const auto& connection : golden_) candidates_.push_back(candidates_of(connection));
    for (std::size_t i = 0; i < golden_.size(); ++i) order_.push_back(i);
    std::ranges::stable_sort(order_, {}, [&](std::size_t i) { return candidates_[i].size(); });
    search_until_ =
        all_.values.compared() + search_compared_max + search_compared_for_an_event * all_.golden.events.size();
    if (golden_.size() == recorded_.size() && match_all(0)) return;
    match_best();
  }

 private:
  [[nodiscard]] Indexes candidates_of(const Connection& golden) const {
    Indexes candidates;
    const auto wanted = golden.introduction.find("name");
    for (std::size_t i = 0; i < recorded_.size(); ++i) {
      const auto& recorded = recorded_[i].introduction;
      // A golden that leaves the names out takes any.
      const bool fits =
          wanted == golden.introduction.end()
              ? !recorded.contains("name") || all_.golden.options.members == Members::listed
              : all_.values.are_equal(Json{{"name", *wanted}},
                                      recorded.contains("name") ? Json{{"name", recorded["name"]}} : Json::object(),
                                      Unbound::may_differ);
      if (fits) candidates.push_back(i);
    }
    return candidates;
  }

  // A search with backtracking: connections with equal names and equal deeds are told apart by the messages.
  bool match_all(std::size_t depth) {
    if (depth == order_.size()) return true;
    const auto& golden = golden_[order_[depth]];
    for (const auto i : candidates_[order_[depth]]) {
      if (used_[i] || golden.event_count != recorded_[i].event_count) continue;
      if (all_.values.compared() > search_until_) return false;
      const auto mark = all_.renaming.mark();
      used_[i] = true;
      if (all_.renaming.bind(golden.name, recorded_[i].name) && fits_whole(golden) && match_all(depth + 1)) return true;
      used_[i] = false;
      all_.renaming.undo(mark);
    }
    return false;
  }

  [[nodiscard]] bool fits_whole(const Connection& golden) const {
    return std::ranges::all_of(golden.lanes, [&](const Lane& lane) {
      const auto& events = all_.golden_lanes.at(lane);
      const auto& others = all_.recorded_events(lane);
      const auto fits = [&](std::size_t i, std::size_t j) {
        return all_.values.are_equal(*all_.golden.events[i].json, *all_.recorded.events[j].json, Unbound::are_bound);
      };
      return std::ranges::equal(events, others, fits);
    });
  }

  // First those with the right names; then whatever is left.
  void match_best() {
    for (const auto index : order_) match_best_of(golden_[index], candidates_[index]);
    Indexes all;
    for (std::size_t i = 0; i < recorded_.size(); ++i) all.push_back(i);
    for (const auto& golden : golden_)
      if (all_.renaming.recorded(golden.name).empty()) match_best_of(golden, all);
  }

  void match_best_of(const Connection& golden, const Indexes& candidates) {
    std::size_t best = recorded_.size(), least = 0;
    for (const auto i : candidates) {
      if (used_[i]) continue;
      const auto misfit = candidates.size() == 1 ? 0 : misfit_of(golden, recorded_[i]);
      if (best < recorded_.size() && misfit >= least) continue;
      best = i;
      least = misfit;
    }
    if (best == recorded_.size()) return;
    used_[best] = true;
    static_cast<void>(all_.renaming.bind(golden.name, recorded_[best].name));
    for (const auto& lane : golden.lanes)
      if (lane.of == Lane::Of::commands) all_.bind_names(lane);
  }

  // How many of the first events have no counterpart, if these two correspond.
  [[nodiscard]] std::size_t misfit_of(const Connection& golden, const Connection& recorded) const {
    const auto mark = all_.renaming.mark();
    static_cast<void>(all_.renaming.bind(golden.name, recorded.name));
    std::size_t misfit = 0;
    for (const auto& lane : golden.lanes) {
      const auto& events = all_.golden_lanes.at(lane);
      const auto& others = all_.recorded_events(lane);
      const auto pairs = align(std::min(events.size(), misfit_events_max), std::min(others.size(), misfit_events_max),
                               [&](std::size_t i, std::size_t j) { return all_.fit(events[i], others[j]); });
      for (const auto& [left, right] : pairs) {
        const bool is_pair = left != AlignedPair::none && right != AlignedPair::none;
        if (!is_pair || all_.fit(events[left], others[right]) != Fit::equal) ++misfit;
      }
    }
    all_.renaming.undo(mark);
    return misfit;
  }

  ComparedRecordings& all_;
  const std::vector<Connection> golden_;
  const std::vector<Connection> recorded_;
  std::vector<Indexes> candidates_;  // of each golden connection
  Indexes order_;                    // the golden connections with the fewest candidates first
  std::vector<bool> used_;
  std::size_t search_until_{0};  // how many values may be compared
};

}  // namespace

Fit ComparedRecordings::fit(std::size_t golden_index, std::size_t recorded_index) const {
  const auto& wanted = golden.events[golden_index];
  const auto& other = recorded.events[recorded_index];
  if (wanted.kind != other.kind) return Fit::different;
  if (values.compared() > compared_max + compared_for_an_event * golden.events.size()) return Fit::similar;
  return values.are_equal(*wanted.json, *other.json, Unbound::may_differ) ? Fit::equal : Fit::similar;
}

const ParsedRecording::Indexes& ComparedRecordings::recorded_events(const Lane& golden_lane) const {
  static const Indexes none;
  auto lane = golden_lane;
  if (!lane.connection.empty()) lane.connection = renaming.recorded(golden_lane.connection);
  const auto found = recorded_lanes.find(lane);
  const bool is_unbound = lane.connection.empty() && !golden_lane.connection.empty();
  return found == recorded_lanes.end() || is_unbound ? none : found->second;
}

void ComparedRecordings::bind_names(const Lane& golden_lane) {
  const auto introducing = [](const Indexes& events, const ParsedRecording& recording) {
    Indexes some;
    std::ranges::copy_if(events, std::back_inserter(some),
                         [&](std::size_t i) { return introduces_names(recording.events[i].kind); });
    return some;
  };
  const auto wanted = introducing(golden_lanes.at(golden_lane), golden);
  const auto others = introducing(recorded_events(golden_lane), recorded);
  const auto pairs = align(wanted.size(), others.size(), [&](auto i, auto j) { return fit(wanted[i], others[j]); });
  for (const auto& [left, right] : pairs) {
    if (left == AlignedPair::none || right == AlignedPair::none) continue;
    const auto& event = golden.events[wanted[left]];
    const auto& other = recorded.events[others[right]];
    if (values.are_equal(*event.json, *other.json, Unbound::are_bound) || event.message.empty()) continue;
    static_cast<void>(renaming.bind(event.message, other.message));
  }
}

void match_connections(ComparedRecordings& recordings) { Matching{recordings}.match(); }

}  // namespace pocketmq::broker
