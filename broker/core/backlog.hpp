// Work that does not fit into one turn of the loop. It is done in slices, and all of it shares one budget a turn, so
// that however much there is to do, and for however many, no turn is long.
//
// A slice ends when the budget is used up, and what is not finished then waits in line for its next one. A connection
// with input gets a slice of its own at once, but a short one when this turn's budget is used up. So a client that asks
// for little is served in the same turn, and a client that asks for much waits behind the others.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>

#include "broker/core/budget.hpp"

namespace pocketmq::broker {

class Backlog {
  struct Place;
  using Line = std::list<Place>;

 public:
  /// All slices of a turn together.
  static constexpr std::int64_t turn_steps = 250'000;
  /// One slice of what waits in line.
  static constexpr std::int64_t slice_steps = 50'000;
  /// One slice of what comes from outside; and the least that such a slice has.
  static constexpr std::int64_t share_steps = 100'000;
  static constexpr std::int64_t share_steps_min = 2'000;

  /// What is worked at in slices. Leaves the line when it is destroyed.
  class Item {
   public:
    explicit Item(Backlog& backlog) : backlog_{backlog} {}  // which outlives it
    Item(const Item&) = delete;
    Item& operator=(const Item&) = delete;
    virtual ~Item() { leave_line(); }

    /// Waits for a slice in a later turn. Does nothing if it waits already.
    void wait_in_line();
    /// Waits for what is left of the slice that is going on, or for one in a later turn. Does nothing if it waits
    /// already.
    void wait_for_rest_of_slice();
    void leave_line();
    [[nodiscard]] bool is_in_line() const { return place_.has_value(); }

    /// Works until the budget is used up or all is done. Returns whether all is done; if not, it waits in line.
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
    std::optional<Position> place_;
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

  /// Of the slice that is going on.
  [[nodiscard]] Budget& budget() { return budget_; }
  /// Whether a turn is due at once: something waits in line, or this turn's budget is used up.
  [[nodiscard]] bool is_due() const { return !line_.empty() || !fresh_.empty() || left_of_turn() <= 0; }

  /// Whether anything waits in line.
  [[nodiscard]] bool is_empty() const { return line_.empty() && fresh_.empty(); }

  /// A slice begins of what comes from outside.
  void begin_share();
  /// Does the work at once, as far as the budget goes. What is left waits in line.
  void carry_out(std::unique_ptr<Item> item);
  /// Waits for a slice in a later turn, until it is done.
  void keep(std::unique_ptr<Item> item);
  /// Waits for what is left of the slice that is going on, until it is done.
  void keep_for_rest_of_slice(std::unique_ptr<Item> item);
  /// What is left of the slice goes to those that wait for it, but no more than one slice in line has. So the
  /// connection whose slice it is keeps some of it, and is not held for what its command has begun.
  void use_rest_of_slice() {
    if (!fresh_.empty()) serve_fresh();
  }

  /// A new turn begins, with a slice of its own.
  void begin_turn();
  /// All that wait have slices in turn, until this turn's budget is used up.
  void go_on();
  /// Gives all of it up.
  void clear();

 private:
  struct Place {
    Item* item;
    std::unique_ptr<Item> owned;  // by the line; null for an item of somebody else's
  };

  [[nodiscard]] std::int64_t left_of_turn() const { return left_of_turn_ - (granted_ - budget_.left()); }
  void begin_slice(std::int64_t steps);
  void add(Line& line, Item* item, std::unique_ptr<Item> owned);
  [[nodiscard]] static Place take_first(Line& line);
  void serve_fresh();

  Budget budget_;
  std::int64_t left_of_turn_{turn_steps};  // when the slice began
  std::int64_t granted_{0};                // to that slice
  Line line_;
  Line fresh_;  // of those who wait for the rest of the slice
};

}  // namespace pocketmq::broker
