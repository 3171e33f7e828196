// Gates: code that is asked before each command of a client is carried out, and before each command is sent. The test
// kit's faults and its pause are gates. Without a gate a session checks one pointer for each command.
#pragma once

#include <cstdint>

#include "protocol/vocabulary/command.hpp"

namespace pocketmq::broker {

class Session;

class CommandGate {
 public:
  /// What becomes of a command.
  enum class Verdict : std::uint8_t {
    pass,    // the next gate is asked; after the last one, the command is carried out or sent
    hold,    // for received commands only: the session keeps it until `Session::release_command`, and takes no other
    swallow  // nothing happens: it is as if the command had never come, or had been sent and got lost
  };

  CommandGate(const CommandGate&) = delete;
  CommandGate& operator=(const CommandGate&) = delete;

  /// A command has come, and is about to be carried out; it may be changed. Is called once for each command. Its views
  /// are valid until this returns. May throw ChannelError or ConnectionError: then the command is refused so. Not asked
  /// while either side closes the connection. To act on the session, use its functions for gates.
  virtual Verdict on_received(Session& session, protocol::Command& command) = 0;
  /// A command is about to be sent. This is called in the middle of the broker's work: the only functions of the
  /// session that may be called are those that say so.
  virtual Verdict on_sent(Session& session, const protocol::Command& command) = 0;
  /// The session carries out no more commands; a command that it keeps is dropped. May be called more than once.
  virtual void on_ended(Session& session) = 0;

 protected:
  CommandGate() = default;
  ~CommandGate() = default;

 private:
  friend class CommandGates;

  CommandGate* next_{nullptr};
};

/// The gates of a broker, in the order in which they are asked.
class CommandGates {
 public:
  [[nodiscard]] bool any() const { return first_ != nullptr; }
  /// Null if there are not that many.
  [[nodiscard]] CommandGate* at(std::size_t index) const {
    auto* gate = first_;
    for (; gate != nullptr && index > 0; --index) gate = gate->next_;
    return gate;
  }
  void for_each(auto&& visit) const {
    for (auto* gate = first_; gate != nullptr; gate = gate->next_) visit(*gate);
  }

  /// It is asked before all others, or after them. It must be removed before it is destroyed.
  void add_first(CommandGate& gate) {
    gate.next_ = first_;
    first_ = &gate;
  }
  void add_last(CommandGate& gate) { *end() = &gate; }
  void remove(CommandGate& gate) {
    auto** link = &first_;
    while (*link != nullptr && *link != &gate) link = &(*link)->next_;
    if (*link != nullptr) *link = gate.next_;
    gate.next_ = nullptr;
  }

 private:
  [[nodiscard]] CommandGate** end() {
    auto** link = &first_;
    while (*link != nullptr) link = &(*link)->next_;
    return link;
  }

  CommandGate* first_{nullptr};
};

/// How a connection is cut.
enum class Cut : std::uint8_t {
  end,    // the client sees the stream's end
  reset,  // it sees an error
  freeze  // nothing is read or sent any more, and the connection stays open until the client gives up
};

}  // namespace pocketmq::broker
