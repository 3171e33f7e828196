// What a test has asked for and cannot have.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace pocketmq::broker {

/// The text is a sentence that says what is wrong and what to write instead.
class ControlError final : public std::runtime_error {
 public:
  enum class Kind : std::uint8_t {
    bad,      // the request is malformed, or asks for something that does not exist at all
    unknown,  // it names something that is not there, such as a scope that has ended
    conflict  // it cannot be done now
  };

  ControlError(Kind kind, const std::string& text) : std::runtime_error{text}, kind_{kind} {}

  [[nodiscard]] Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

/// Throws a ControlError of kind `bad`.
[[noreturn]] inline void refuse_as_bad(const std::string& text) { throw ControlError{ControlError::Kind::bad, text}; }

}  // namespace pocketmq::broker
