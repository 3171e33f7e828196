#include "server/outcome.hpp"

#include <system_error>

#include <asio/error.hpp>

namespace pocketmq::server {

using client::RpcCode;
using client::RpcError;

namespace {

const RpcError& failed() {
  static const RpcError error{RpcCode::internal, "the handler failed; the server's log says why"};
  return error;
}

const RpcError& cancelled() {
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
    return {.error = error.code() == asio::error::operation_aborted ? cancelled() : failed(),
            .exception = error.what()};
  } catch (const std::exception& error) {
    return {.error = failed(), .exception = error.what()};
  } catch (...) {
    return {.error = failed(), .exception = "something that is no std::exception"};
  }
}

RpcError revealed(const Outcome& outcome) {
  const auto& error = *outcome.error;
  const bool is_generic = error.message() == failed().message() || error.message() == cancelled().message();
  return is_generic && !outcome.exception.empty() ? RpcError{error.code(), outcome.exception} : error;
}

}  // namespace pocketmq::server
