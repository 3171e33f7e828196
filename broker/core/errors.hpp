// How the core refuses a command: an exception is thrown where the error is found. Session::on_command catches it, or
// Session::go_on, if the command takes more than a slice.
#pragma once

#include <exception>
#include <string>
#include <utility>

#include "protocol/vocabulary/reply_code.hpp"

namespace pocketmq::broker {

using protocol::ReplyCode;

/// A refusal: AMQP's reply code and a text that explains it. The text does not begin with the code's name.
class Refusal : public std::exception {
 public:
  Refusal(ReplyCode code, std::string text) : code_{code}, text_{std::move(text)} {}

  [[nodiscard]] ReplyCode code() const { return code_; }
  /// The whole text. `what()` ends at the first NUL, which may be part of a name in the text.
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  ReplyCode code_;
  std::string text_;
};

/// Closes the channel (AMQP 0-9-1, 4.7 "soft error").
class ChannelError final : public Refusal {
 public:
  using Refusal::Refusal;
};

/// Closes the connection (4.7 "hard error").
class ConnectionError final : public Refusal {
 public:
  using Refusal::Refusal;
};

/// Thrown when other work has to be finished before a command can be carried out, and that work does not fit into the
/// slice. It is thrown before the command has changed anything. The command is handled again in another slice.
struct Unfinished {};

}  // namespace pocketmq::broker
