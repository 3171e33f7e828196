#include "server/outcome.hpp"

#include <system_error>

#include <asio/error.hpp>

namespace pocketmq::server {

using client::RpcCode;
using client::RpcError;

RpcError to_rpc_error(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const RpcError& error) {
    return error;
  } catch (const std::system_error& error) {
    const bool is_cancelled = error.code() == asio::error::operation_aborted;
    return {is_cancelled ? RpcCode::cancelled : RpcCode::internal, error.what()};
  } catch (const std::exception& error) {
    return {RpcCode::internal, error.what()};
  } catch (...) {
    return {RpcCode::internal, "the handler threw something that is no std::exception"};
  }
}

}  // namespace pocketmq::server
