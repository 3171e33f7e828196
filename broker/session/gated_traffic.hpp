// What gates have asked of one session (command_gate.hpp). A session of which no gate has asked anything has none.
#pragma once

#include <cstddef>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/core/deadline_heap.hpp"
#include "broker/session/command_gate.hpp"
#include "broker/session/owned_command.hpp"
#include "protocol/base/move_only_function.hpp"

namespace pocketmq::broker {

class Session;

struct GatedTraffic {
  // Output that is sent later. What is sent after it waits as well.
  struct Delayed {
    TimePoint until;
    std::string bytes;
  };
  struct CutToDo {
    Cut how;
    std::string why;
  };

  /// What the session does when the time has come.
  struct Calls {
    void (Session::*release_command)();
    void (Session::*send_delayed)();
    void (Session::*unblock)();
  };

  GatedTraffic(Session& session, DeadlineHeap& deadlines, const Calls& calls)
      : release_due{deadlines, session, calls.release_command},
        output_due{deadlines, session, calls.send_delayed},
        unblock_due{deadlines, session, calls.unblock} {}

  /// Whether the session must read nothing.
  [[nodiscard]] bool keeps_held() const { return holds_command || holds_publish || cut; }

  // What was received.
  std::size_t passed{0};                      // how many gates have let the current command pass
  bool is_asking{false};                      // gates are being asked about it
  bool holds_command{false};                  // a gate holds the current command
  bool is_blocked{false};                     // publishes have to wait
  bool holds_publish{false};                  // one waits
  std::unique_ptr<OwnedCommand> set_aside{};  // is carried out after the next command
  std::unique_ptr<OwnedCommand> copy{};       // the copy that was carried out last; its views may still be in use
  std::vector<protocol::MoveOnlyFunction<void()>> soon{};
  Alarm<Session> release_due;
  // What is sent.
  std::deque<Delayed> delayed{};
  std::size_t delayed_bytes{0};
  std::optional<std::string> after_next{};  // is sent after the next command
  bool finishes_when_sent{false};
  Alarm<Session> output_due;

  std::optional<CutToDo> cut{};  // from now on nothing is sent
  bool is_cut{false};
  Alarm<Session> unblock_due;
};

}  // namespace pocketmq::broker
