// How a call can fail, and how an error is encoded in a message.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace pocketmq::client {

/// gRPC's status codes, without `ok`.
enum class RpcCode : std::uint8_t {
  cancelled,          // by the caller, or the client object was destroyed
  unknown,            // a code that this version does not know
  invalid_argument,   // the text says which, what was expected and what was given
  deadline_exceeded,  // no reply in time; whether the handler ran is not known
  not_found,
  already_exists,
  permission_denied,
  resource_exhausted,
  failed_precondition,
  aborted,
  out_of_range,
  unimplemented,
  internal,     // the handler failed, or a reply could not be read
  unavailable,  // see `reason()`; whether the handler ran is not known
  data_loss,
  unauthenticated,
};

/// The name in an error reply, such as "invalid_argument".
[[nodiscard]] std::string_view name_of(RpcCode code);
/// `unknown` for any other name.
[[nodiscard]] RpcCode rpc_code(std::string_view name);

/// The values of `RpcError::reason()`: why a call is `unavailable`.
namespace reason {
inline constexpr std::string_view no_queue = "no_queue";        // the broker returned the request
inline constexpr std::string_view no_consumer = "no_consumer";  // nobody serves the queue, so nothing was sent
inline constexpr std::string_view connection_lost =
    "connection_lost";  // before the reply came; or no connection could be made
}  // namespace reason

/// A failed call throws it. A handler throws it to choose the code that its caller gets.
class RpcError : public std::runtime_error {
 public:
  RpcError(RpcCode code, std::string message, std::string_view reason = {});
  // Errors are passed between threads. Copies of a runtime_error share their text in a way that ThreadSanitizer
  // reports. These copies do not.
  RpcError(const RpcError& other) : RpcError{other.code_, other.message_, other.reason_} {}
  RpcError(RpcError&&) = default;
  RpcError& operator=(const RpcError& other) { return *this = RpcError{other}; }
  RpcError& operator=(RpcError&&) = default;
  ~RpcError() override = default;

  [[nodiscard]] RpcCode code() const { return code_; }
  /// Without the code. (`what()` begins with it.)
  [[nodiscard]] const std::string& message() const { return message_; }
  /// One of `reason` if the code is `unavailable`; else empty.
  [[nodiscard]] const std::string& reason() const { return reason_; }

 private:
  RpcCode code_;
  std::string message_;
  std::string reason_;
};

/// The body of an error reply: {"code": ..., "message": ...}.
[[nodiscard]] std::string to_body(const RpcError& error);
/// The error in a body; `internal` if the body has none.
[[nodiscard]] RpcError error_from_body(std::string_view body);

}  // namespace pocketmq::client
