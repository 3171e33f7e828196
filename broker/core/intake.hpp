// Decides which connections may go on reading when incomplete commands fill their share of the memory (see memory.hpp).
//
// Commands that arrive whole are always accepted. A connection in the middle of a command reads on while there is room.
// If there is none, memory is crowded:
// - A connection that has little left to receive reads on anyway, unless memory is flooded.
// - Of the others, one at a time is admitted, and the rest waits in line. So all messages arrive in the end, however
//   many
// began at once. The admitted one is the one with the fewest bytes left, even if it came later.
// - If the admitted connection sends nothing for a moment, the next one is admitted, and the idle one waits behind all
// that were not idle. These changes stop while memory is packed, because each leaves one more message half received. A
// connection that is in the middle of a command and not in line has to send at a minimum rate; otherwise its session
// closes it (`progress_when_crowded_bytes`). So a message that was announced and is not sent delays nobody for long.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "broker/core/clock.hpp"
#include "broker/core/deadline_heap.hpp"
#include "broker/core/memory.hpp"

namespace pocketmq::broker {

class Intake {
 public:
  /// How many bytes of an incomplete command, or its rest, have to arrive within `Options::stall_max`; and the same
  /// while memory is crowded.
  static constexpr std::uint32_t progress_bytes = 16'384;
  static constexpr std::uint32_t progress_when_crowded_bytes = 1'048'576;

  /// A connection that reads.
  class Reader {
   public:
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

   protected:
    explicit Reader(Intake& intake) : intake_{intake} {}
    ~Reader() { has_read_all(); }

    /// The reader is in the middle of a command of which `left_bytes` are missing. Returns whether it may read on. If
    /// not, it waits in line until `on_admitted`.
    [[nodiscard]] bool may_read_on(std::uint64_t left_bytes) { return intake_.admits(*this, left_bytes); }
    /// The reader is not in the middle of a command, or no longer, or waits for something else.
    void has_read_all() {
      order_ = {};
      if (intake_.is_busy()) intake_.leave(*this);
    }
    [[nodiscard]] bool waits_for_intake() const { return line_position_.has_value(); }

   private:
    friend class Intake;
    // The order of the line: the lesser is admitted first.
    struct Order {
      bool was_idle{false};
      std::uint64_t left_bytes{0};
      auto operator<=>(const Order&) const = default;
    };
    using Line = std::multimap<Order, Reader*>;

    /// The reader no longer waits in line. Called in the middle of other work, so act at the end of the turn.
    virtual void on_admitted() = 0;

    Intake& intake_;
    Order order_;
    std::optional<Line::iterator> line_position_;
  };

  /// All three must outlive the intake.
  Intake(const Memory& memory, DeadlineHeap& deadlines, const Clock& clock);

 private:
  [[nodiscard]] bool is_busy() const { return admitted_ != nullptr || !line_.empty(); }
  [[nodiscard]] bool admits(Reader& reader, std::uint64_t left_bytes);
  [[nodiscard]] bool is_small_rest(std::uint64_t left_bytes) const;
  void leave(Reader& reader);
  void leave_line(Reader& reader);
  void admit(Reader& reader);
  void go_on();
  void admit_next_if_idle();

  const Memory& memory_;
  const Clock& clock_;
  Reader* admitted_{nullptr};
  Reader::Line line_;
  Alarm<Intake> due_;
};

}  // namespace pocketmq::broker
