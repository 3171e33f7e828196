// Who reads on while what is on its way in takes up its share of the memory (see memory.hpp).
//
// Commands that come whole are always taken. Who is half-way with one reads on as long as there is room. When there is
// none it stands in line, and one at a time is admitted: it reads on to the end of its message, so that all messages
// arrive in the end, however many began at once. Who is admitted and sends nothing for a moment makes way for the next.
// That it stalls is its session's to deal with, and what is announced and not sent keeps nobody waiting for long.
#pragma once

#include <list>
#include <optional>

#include "broker/core/clock.hpp"
#include "broker/core/deadline_heap.hpp"
#include "broker/core/memory.hpp"

namespace pocketmq::broker {

class Intake {
 public:
  /// Who reads.
  class Guest {
   public:
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;

   protected:
    explicit Guest(Intake& intake) : intake_{intake} {}
    ~Guest() { has_read_all(); }

    /// It is half-way with a command: whether it may read on. Otherwise it stands in line until it is called.
    [[nodiscard]] bool may_read_on() { return intake_.admits(*this); }
    /// It is not, or not any more, or waits for something else.
    void has_read_all() {
      if (intake_.is_busy()) intake_.leave(*this);
    }
    [[nodiscard]] bool stands_in_line() const { return place_.has_value(); }

   private:
    friend class Intake;

    /// It no longer stands in line. Called in the middle of something else: act at the end of the turn.
    virtual void called() = 0;

    Intake& intake_;
    std::optional<std::list<Guest*>::iterator> place_;
  };

  /// All three outlive it.
  Intake(const Memory& memory, DeadlineHeap& deadlines, const Clock& clock);

 private:
  [[nodiscard]] bool is_busy() const { return admitted_ != nullptr || !line_.empty(); }
  [[nodiscard]] bool admits(Guest& guest);
  void leave(Guest& guest);
  void leave_line(Guest& guest);
  void admit(Guest& guest);
  void go_on();
  void patience_is_over();

  const Memory& memory_;
  const Clock& clock_;
  Guest* admitted_{nullptr};
  std::list<Guest*> line_;
  Alarm<Intake> due_;
};

}  // namespace pocketmq::broker
