#include "server/outcome.hpp"

#include <system_error>

#include <asio/error.hpp>

namespace pocketmq::server {

using client::RpcCode;
using client::RpcError;

namespace {

const RpcError& handler_failed() {
  static const RpcError error{RpcCode::internal, "the handler failed; the server's log says why"};
  return error;
}

const RpcError& handler_cancelled() {
  static const RpcError error{RpcCode::cancelled, "the handler was cancelled"};
  return error;
}

}  // namespace

Outcome failure_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const RpcError& error) {
    return {.error = error};
  } catch (const std::system_error& error) {
    return {.error = error.code() == asio::error::operation_aborted ? handler_cancelled() : handler_failed(),
            .exception = error.what()};
  } catch (const std::exception& error) {
    return {.error = handler_failed(), .exception = error.what()};
  } catch (...) {
    return {.error = handler_failed(), .exception = "something that is no std::exception"};
  }
}

RpcError revealed(const Outcome& outcome) {
  const auto& error = *outcome.error;
  const bool is_generic =
      error.message() == handler_failed().message() || error.message() == handler_cancelled().message();
  return is_generic && !outcome.exception.empty() ? RpcError{error.code(), outcome.exception} : error;
}

}  // namespace pocketmq::server
