// How the core says no: thrown where the breach is found, caught once in Session::dispatch.
#pragma once

#include <exception>
#include <string>
#include <utility>

#include "protocol/vocabulary/reply_code.hpp"

namespace pocketmq::broker {

using protocol::ReplyCode;

/// A refusal with AMQP's reply code and an explaining text, without the code's name in front.
class Refusal : public std::exception {
 public:
  Refusal(ReplyCode code, std::string text) : code_{code}, text_{std::move(text)} {}

  [[nodiscard]] ReplyCode code() const { return code_; }
  /// The whole text; `what()` ends at a NUL, which a name in it may have.
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  ReplyCode code_;
  std::string text_;
};

/// Ends the channel (AMQP 0-9-1, 4.7 "soft error").
class ChannelError final : public Refusal {
 public:
  using Refusal::Refusal;
};

/// Ends the connection (4.7 "hard error").
class ConnectionError final : public Refusal {
 public:
  using Refusal::Refusal;
};

/// Work has to be done before a command can be carried out that does not fit into a slice. Thrown before the command
/// has changed anything: it is handed on again in another slice.
struct Unfinished {};

}  // namespace pocketmq::broker
