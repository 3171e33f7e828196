// What the ledger knows of one virtual host, and of its connections.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "broker/account/ledger_message.hpp"
#include "broker/events/values.hpp"

namespace pocketmq::broker {

/// How many messages something has happened to, and the first of them.
struct LedgerTally {
  static constexpr std::size_t samples_max = 20;

  std::uint64_t count{0};
  std::vector<std::uint64_t> samples{};  // numbers of messages
  std::string_view why{};                // the reason's name, of the first; static text

  void add(std::uint64_t message, std::string_view reason = {}) {
    if (count == 0) why = reason;
    ++count;
    if (samples.size() < samples_max) samples.push_back(message);
  }
  void add(const LedgerTally& other) {
    for (const auto message : other.samples) add(message, other.why);
    count += other.count - other.samples.size();
  }
};

struct LedgerChannel {
  bool has_confirms{false};
  bool is_transactional{false};
  std::map<std::uint64_t, std::uint64_t> unconfirmed{};  // messages by the numbers of their publishes
  LedgerTally uncommitted{};                             // published in the open transaction
};

struct LedgerConnection {
  enum class Is : std::uint8_t {
    logging_in,
    open,
    closed_by_client,
    closed_by_broker,
    lost  // without a close of either side
  };

  std::uint64_t number{0};
  std::string name{};  // what the client calls itself, otherwise its address
  std::string address{};
  std::string user{};
  LedgerScope* scope{nullptr};  // null until it has logged in
  Is is{Is::logging_in};
  bool is_frozen{false};    // see Ledger::freeze
  bool had_trouble{false};  // it was refused something, lost a consumer, or a fault has happened to it
  Moment since{};           // what it is
  std::string why{};        // it was closed by the broker or lost
  std::map<std::uint16_t, LedgerChannel> channels{};
  std::map<std::string, LedgerTally> delivered_without_ack{};  // by queue

  [[nodiscard]] bool has_ended() const { return is != Is::logging_in && is != Is::open; }
};

/// A queue that exists and has had messages or consumers, or a deleted one that still has messages.
struct LedgerQueue {
  std::uint64_t ready{0};
  std::uint64_t ready_for_good{0};  // those that do not expire
  std::set<std::uint64_t> unacked{};
  bool had_consumer{false};
  bool is_deleted{false};
  bool is_deleted_by_client{false};  // by queue.delete: that its messages are dropped is what the client wants

  [[nodiscard]] bool is_empty() const { return ready == 0 && unacked.empty(); }
};

/// What may happen to messages that a test should know of.
enum class Happened : std::uint8_t {
  unroutable,     // and dropped, by exchange
  returned,       // by exchange
  expired,        // and not dead-lettered, by queue
  dropped,        // for other reasons, by queue
  dead_lettered,  // by queue
  lost            // delivered without acks to a connection that was lost, by queue
};

struct LedgerScope {
  std::string vhost{};
  bool is_forgotten{false};           // its messages are being removed
  std::uint64_t first_message{0};     // 0 if there was none
  std::uint64_t published{0};         // by clients and by the test kit
  std::uint64_t dead_letters{0};      // published by the broker
  std::uint64_t messages_kept{0};     // in the ledger
  std::uint64_t messages_dropped{0};  // from the ledger: they had ended, and memory was scarce

  // Sums over all its messages: see LedgerMessage.
  std::uint64_t unrouted{0};
  std::uint64_t awaited{0};
  std::uint64_t letters{0};
  std::set<std::uint64_t> alive{};  // messages that have not ended
  std::map<std::string, LedgerQueue, std::less<>> queues{};
  std::map<std::pair<Happened, std::string>, LedgerTally> happened{};

  std::set<std::uint64_t> connections{};  // those that are open
  std::set<std::uint64_t> ended{};        // the last ones that have ended
  std::uint64_t connections_ever{0};
  /// Those that were closed by their clients and had no trouble. (A client that had trouble often closes its connection
  /// itself, and connects again.)
  std::uint64_t connections_finished{0};

  Moment last_event_at{};
  event::Kind last_event{"", event::Category::broker};  // without a name before the first

  [[nodiscard]] const LedgerQueue* find_queue(std::string_view name) const {
    const auto found = queues.find(name);
    return found == queues.end() ? nullptr : &found->second;
  }
};

}  // namespace pocketmq::broker
