// Keeps an account of each message of each virtual host: what was published, where it is, and how it ended. It also
// knows the connections, the publishes that are not confirmed, and the open transactions.
//
// It goes by the journal's rules (broker/journal/README.md, "The state"). JournalState forgets a message when it ends,
// and does not know since when it is where; that is what this is for. Queues, consumers and bindings are not repeated
// here: ask the broker.
//
// Make it together with the broker. Messages that were published before are unknown to it, and so are connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/account/ledger_scope.hpp"
#include "broker/core/backlog.hpp"
#include "broker/core/gradual_table.hpp"
#include "broker/events/journal.hpp"

namespace pocketmq::broker {

class Broker;
class Context;
struct MessageMatch;

struct LedgerBounds {
  std::size_t body_bytes{64 << 10};  // that are kept of each body
  /// For all messages together. It is charged to the broker's memory, a message with about 1 KiB. When it is full, the
  /// messages that ended first are removed. Messages that have not ended are never removed. If they alone fill it, the
  /// properties and bodies of further messages are left out where they are long.
  std::size_t total_bytes{128 << 20};
  std::size_t content_short_bytes{256};  // properties and body of at most that are always kept
  std::size_t ended_connections{1'000};
  std::size_t events_of_a_message{100};  // whose numbers are kept
};

/// A part of a long list of messages.
struct MessagePage {
  std::vector<const LedgerMessage*> messages{};  // valid until the broker's next turn
  std::uint64_t next{0};                         // the number with which to go on; 0 if this is all
};

/// Which messages to list.
struct MessageQuery {
  std::optional<std::string> vhost{};  // none: of all virtual hosts
  std::optional<std::string> queue{};  // that are, or were, in this queue
  std::optional<MessageState> state{};
  std::uint64_t from{1};
  std::size_t max{1'000};
};

/// Used on the broker's thread only.
class Ledger {
 public:
  /// Is told what has changed. It is called in the middle of the broker's work: it must not change the broker or the
  /// ledger.
  class Listener {
   public:
    /// An event was about this message. `is_marked` is the listener's own; it is false in a new message.
    virtual void on_message(LedgerMessage& message) = 0;
    /// An event was about this virtual host; also after each `on_message`.
    virtual void on_event(LedgerScope& scope) = 0;
    /// A client was about to log in, and has gone.
    virtual void on_login_given_up() = 0;

   protected:
    ~Listener() = default;
  };

  /// `broker` outlives it.
  explicit Ledger(Broker& broker, const LedgerBounds& bounds = {});
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;
  ~Ledger();

  /// Null for none.
  void set_listener(Listener* listener) { listener_ = listener; }

  // ---- what there is

  /// Null if there is none of that number, or if it was removed.
  [[nodiscard]] const LedgerMessage* find(std::uint64_t message) const;
  [[nodiscard]] LedgerMessage* find(std::uint64_t message);
  [[nodiscard]] const LedgerConnection* find_connection(std::uint64_t number) const;
  /// Null if nothing has happened in that virtual host.
  [[nodiscard]] const LedgerScope* find_scope(std::string_view vhost) const;
  /// Calls `visit(const LedgerScope&)` for the scope of that virtual host or, without one, for each scope.
  void for_each_scope(const std::optional<std::string>& vhost, auto&& visit) const {
    for (const auto& [name, scope] : scopes_)
      if (!scope.is_forgotten && (!vhost || *vhost == name)) visit(scope);
  }
  /// Calls `visit(const LedgerConnection&)` for each connection of that virtual host that is open, or has ended and is
  /// still known; without one, for each.
  void for_each_connection(const std::optional<std::string>& vhost, auto&& visit) const {
    for (const auto& [number, connection] : connections_)
      if (!vhost || (connection.scope != nullptr && connection.scope->vhost == *vhost)) visit(connection);
  }
  /// How many connections are about to log in.
  [[nodiscard]] std::size_t logging_in() const { return logging_in_; }
  /// The number of the last message.
  [[nodiscard]] std::uint64_t last_message() const { return messages_.empty() ? 0 : messages_.rbegin()->first; }
  /// How a connection is called in texts: its name, or its number if it is unknown.
  [[nodiscard]] std::string name_of_connection(std::uint64_t number) const;

  // ---- lists

  /// Looks at no more than `looked_at_max` messages. Go on with `next`.
  [[nodiscard]] MessagePage messages(const MessageQuery& query) const;
  /// The messages that match, in the order in which they were published. The work is charged to the current slice's
  /// budget. Looks at no more than `looked_at_max`.
  [[nodiscard]] MessagePage find(const MessageMatch& match, const MessageQuery& query) const;
  static constexpr std::size_t looked_at_max = 20'000;
  /// Calls `visit(const LedgerMessage&)` for each message from the number `from` on, until it returns false.
  void for_each_message(std::uint64_t from, auto&& visit) const {
    for (auto at = messages_.lower_bound(from); at != messages_.end() && visit(at->second);) ++at;
  }
  /// The events of a message's life that the journal still has: a line of NDJSON each, without line ends.
  [[nodiscard]] std::vector<std::string> life(std::uint64_t message) const;

  // ---- what others tell it

  /// The connection is frozen by a fault: from now on nothing passes in either direction.
  void freeze(std::uint64_t connection);
  /// The virtual host is gone: removes what is known of it, in slices. Another one must not get its name.
  void forget(std::string_view vhost);

  /// The bytes that are charged for messages.
  [[nodiscard]] std::size_t charged_bytes() const { return charged_bytes_; }
  [[nodiscard]] std::size_t message_count() const { return messages_.size(); }

 private:
  void apply(const Entry& entry);
  template <class E> void on_any(const E& event);
  // An event without an `on` of its own is about a virtual host or a connection, and changes nothing here.
  template <class E> void on(const E&) {}
  void on(const event::ConnectionOpened& e);
  void on(const event::ConnectionAuthenticated& e);
  void on(const event::ConnectionClosed& e);
  void on(const event::ConnectionLost& e);
  void on(const event::CommandRefused& e);
  void on(const event::FaultFired& e);
  void on(const event::ConsumerCancelled& e);
  void on(const event::ChannelClosed& e);
  void on(const event::ChannelModeSet& e);
  void on(const event::VhostCreated& e);
  void on(const event::QueueDeclared& e);
  void on(const event::QueueDeleted& e);
  void on(const event::ConsumerStarted& e);
  void on(const event::PublishConfirmed& e);
  void on(const event::PublishNacked& e);
  void on(const event::TransactionCommitted& e);
  void on(const event::TransactionRolledBack& e);
  void on(const event::MessagePublished& e);
  void on(const event::DeadLetterPublished& e);
  void on(const event::MessageRouted& e);
  void on(const event::MessageUnroutable& e);
  void on(const event::MessageEnqueued& e);
  void on(const event::MessageDelivered& e);
  void on(const event::MessageAcked& e);
  void on(const event::MessageRejected& e);
  void on(const event::MessageRequeued& e);
  void on(const event::MessageDeadLettered& e);
  void on(const event::MessageDropped& e);
  void on(const event::MessageReturned& e);
  void on(const event::MessageReplied& e);

  [[nodiscard]] LedgerScope& scope_of(std::string_view vhost);
  [[nodiscard]] LedgerConnection* connection(std::uint64_t number);
  [[nodiscard]] LedgerChannel* channel(std::uint64_t connection, std::uint16_t channel);
  void note_trouble(std::uint64_t connection);
  void end_connection(std::uint64_t number, LedgerConnection::Is is, std::string_view why);
  template <class E> LedgerMessage& add_message(const E& event);
  [[nodiscard]] LedgerPlace& place_of(LedgerMessage& message, std::string_view queue);
  [[nodiscard]] LedgerPlace* find_place(LedgerMessage* message, std::string_view queue);
  void leave_queue(LedgerMessage& message, std::string_view queue, LedgerPlace& place);
  void enter(LedgerMessage& message, std::string_view queue, LedgerPlace& place, LedgerPlace::Is is);
  void forget_deleted(LedgerScope& scope, std::string_view queue);
  void set_routed(LedgerMessage& message);
  void no_longer_awaited(LedgerMessage& message);
  void letter_is_gone(LedgerMessage& message);
  void tally(const LedgerMessage& message, Happened what, std::string_view name, std::string_view why = {});
  void tally_drop(const LedgerMessage& message, const event::MessageDropped& e);
  void tell_changed(std::uint64_t message);
  void tell_event(LedgerScope* scope, const event::Kind& kind);
  void charge(LedgerMessage& message, std::size_t bytes);
  void make_room(std::size_t bytes);
  void remove(LedgerMessage& message);
  [[nodiscard]] bool sweep();

  Broker& broker_;
  Context& context_;
  const LedgerBounds bounds_;
  Listener* listener_{nullptr};
  std::map<std::string, LedgerScope, std::less<>> scopes_;
  std::map<std::uint64_t, LedgerConnection> connections_;
  std::deque<std::uint64_t> ended_connections_;
  std::size_t logging_in_{0};
  std::map<std::uint64_t, LedgerMessage> messages_;  // by number
  std::deque<std::uint64_t> ended_;                  // the first that ended comes first
  std::size_t charged_bytes_{0};
  Moment now_{};                   // the current event's
  std::uint64_t event_number_{0};  // the same
  Backlog::Call<Ledger> sweeping_;
  Subscription subscription_;  // the last member, so that it ends first
};

}  // namespace pocketmq::broker
