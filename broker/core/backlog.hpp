// Work that does not fit into one turn of the event loop. It is done in slices. All slices of a turn share one budget,
// so no turn is long, however much work waits and for however many clients.
//
// A slice ends when its budget is used up. Unfinished work then waits in line for its next slice. A connection with
// input gets its own slice at once; the slice is short if this turn's budget is used up. So a client that asks for
// little is served in the same turn, and a client that asks for much waits behind the others.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>

#include "broker/core/budget.hpp"

namespace pocketmq::broker {

class Backlog {
  struct Entry;
  using Line = std::list<Entry>;

 public:
  /// The budget of all slices of one turn.
  static constexpr std::int64_t turn_steps = 250'000;
  /// The budget of one slice of an item that waits in line.
  static constexpr std::int64_t slice_steps = 50'000;
  /// The budget of one slice for a connection's input, and the least that such a slice gets.
  static constexpr std::int64_t input_slice_steps = 100'000;
  static constexpr std::int64_t input_slice_steps_min = 2'000;

  /// Work that is done in slices. The destructor takes it out of the line.
  class Item {
   public:
    explicit Item(Backlog& backlog) : backlog_{backlog} {}  // the backlog outlives the item
    Item(const Item&) = delete;
    Item& operator=(const Item&) = delete;
    virtual ~Item() { leave_line(); }

    /// Waits for a slice in a later turn. Does nothing if the item waits already.
    void wait_in_line();
    /// Waits for the rest of the current slice, or for a slice in a later turn. Does nothing if the item waits already.
    void wait_for_rest_of_slice();
    /// Waits until no other item waits for a slice: then everything is done that has begun before. Of several items
    /// that wait like this, only the last gets slices until it is done. Does nothing if the item waits already.
    void wait_for_quiet();
    void leave_line();
    [[nodiscard]] bool is_in_line() const { return position_.has_value(); }

    /// Works until all is done or the budget is used up. Returns whether all is done; if not, the item waits in line
    /// again.
    virtual bool go_on() = 0;

   protected:
    [[nodiscard]] Budget& budget() const { return backlog_.budget_; }

   private:
    friend class Backlog;

    struct Position {
      Line* line;
      Line::iterator at;
    };

    Backlog& backlog_;
    std::optional<Position> position_;
  };

  /// An item that calls a member of its owner.
  template <class Owner> class Call final : public Item {
   public:
    Call(Backlog& backlog, Owner& owner, bool (Owner::*call)()) : Item{backlog}, owner_{owner}, call_{call} {}
    bool go_on() override { return (owner_.*call_)(); }

   private:
    Owner& owner_;
    bool (Owner::*const call_)();
  };

  Backlog();
  Backlog(const Backlog&) = delete;
  Backlog& operator=(const Backlog&) = delete;
  ~Backlog();

  /// The budget of the current slice.
  [[nodiscard]] Budget& budget() { return budget_; }
  /// Whether the next turn is due at once: an item waits, or this turn's budget is used up.
  [[nodiscard]] bool is_due() const { return !is_empty() || !waiting_for_quiet_.empty() || left_of_turn() <= 0; }

  /// Whether no item waits for a slice. Items that wait until this is so do not count.
  [[nodiscard]] bool is_empty() const { return line_.empty() && waiting_for_rest_.empty(); }

  /// Begins a slice for a connection's input.
  void begin_input_slice();
  /// Does the work at once, until the budget is used up. What is left waits in line.
  void carry_out(std::unique_ptr<Item> item);
  /// Owns the item and lets it wait for slices in later turns until it is done.
  void keep(std::unique_ptr<Item> item);
  /// The same, but the item first gets the rest of the current slice.
  void keep_for_rest_of_slice(std::unique_ptr<Item> item);
  /// Gives the rest of the current slice to the items that wait for it, but no more than `slice_steps`. So the
  /// connection that has the slice keeps a part of it, and need not wait because its command has begun such work.
  void use_rest_of_slice() {
    if (!waiting_for_rest_.empty()) serve_rest();
  }

  /// Begins a new turn and its first slice.
  void begin_turn();
  /// Gives the waiting items a slice each, one after the other, until this turn's budget is used up.
  void go_on();
  /// Removes all items, unfinished.
  void clear();

 private:
  struct Entry {
    Item* item;
    std::unique_ptr<Item> owned;  // null if somebody else owns the item
  };

  [[nodiscard]] std::int64_t left_of_turn() const { return left_of_turn_ - (slice_budget_ - budget_.left()); }
  void begin_slice(std::int64_t steps);
  void add(Line& line, Item* item, std::unique_ptr<Item> owned);
  [[nodiscard]] static Entry take_first(Line& line);
  void serve_rest();
  void serve_line();
  void serve_quiet();

  Budget budget_;
  std::int64_t left_of_turn_{turn_steps};  // what was left of the turn's budget when the slice began
  std::int64_t slice_budget_{0};           // the slice's budget
  Line line_;
  Line waiting_for_rest_;   // items that wait for the rest of the slice
  Line waiting_for_quiet_;  // items that wait until the other lines are empty; the first is next
};

}  // namespace pocketmq::broker
