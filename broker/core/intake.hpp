// Who reads on while what is on its way in takes up its share of the memory (see memory.hpp).
//
// Commands that come whole are always taken. Who is half-way with one reads on as long as there is room. When there is
// none, memory is crowded:
// - Who has little left to come reads on all the same, unless memory is flooded.
// - Of the others one at a time is admitted, and the rest stands in line: so all messages arrive in the end, however
//   many began at once. It is the one that has least left to come, also when it comes later.
// - Who is admitted and sends nothing for a moment makes way for the next, and from then on comes after those who have
//   not wasted their turn. That ends when memory is packed: each change is one message more that is there in part.
// Who is half-way and not in line has to send at a real rate, or its session cuts it (`progress_when_crowded_bytes`).
// So what is announced and not sent keeps nobody waiting for long.
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
  /// What has to come of a command that is half-way within `Options::stall_max`, or else its rest; and while memory is
  /// crowded.
  static constexpr std::uint32_t progress_bytes = 16'384;
  static constexpr std::uint32_t progress_when_crowded_bytes = 1'048'576;

  /// Who reads.
  class Reader {
   public:
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

   protected:
    explicit Reader(Intake& intake) : intake_{intake} {}
    ~Reader() { has_read_all(); }

    /// It is half-way with a command, of which so many bytes are still to come: whether it may read on. Otherwise it
    /// stands in line until `on_admitted`.
    [[nodiscard]] bool may_read_on(std::uint64_t left_bytes) { return intake_.admits(*this, left_bytes); }
    /// It is not, or not any more, or waits for something else.
    void has_read_all() {
      rank_ = {};
      if (intake_.is_busy()) intake_.leave(*this);
    }
    [[nodiscard]] bool stands_in_line() const { return line_position_.has_value(); }

   private:
    friend class Intake;
    // Less comes first.
    struct Rank {
      bool has_wasted_its_turn{false};
      std::uint64_t left_bytes{0};
      auto operator<=>(const Rank&) const = default;
    };
    using Line = std::multimap<Rank, Reader*>;

    /// It no longer stands in line. Called in the middle of something else: act at the end of the turn.
    virtual void on_admitted() = 0;

    Intake& intake_;
    Rank rank_;
    std::optional<Line::iterator> line_position_;
  };

  /// All three outlive it.
  Intake(const Memory& memory, DeadlineHeap& deadlines, const Clock& clock);

 private:
  [[nodiscard]] bool is_busy() const { return admitted_ != nullptr || !line_.empty(); }
  [[nodiscard]] bool admits(Reader& reader, std::uint64_t left_bytes);
  [[nodiscard]] bool is_little(std::uint64_t left_bytes) const;
  void leave(Reader& reader);
  void leave_line(Reader& reader);
  void admit(Reader& reader);
  void go_on();
  void patience_is_over();

  const Memory& memory_;
  const Clock& clock_;
  Reader* admitted_{nullptr};
  Reader::Line line_;
  Alarm<Intake> due_;
};

}  // namespace pocketmq::broker
