// Declares the types of Asio that our declarations use. So a user's file that does not use Asio need not read Asio's
// headers, which take longer to compile than all of ours.
//
// A file that uses Asio includes what it uses, before or after our headers. Our templates look for these types where
// the templates are used.
#pragma once

#if defined(ASIO_DETAIL_CONFIG_HPP)  // the file uses Asio: include all that our templates may look for
#include <asio/any_io_executor.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#endif

#include <asio/async_result.hpp>

namespace asio {

class any_io_executor;
template <typename T, typename Executor> class awaitable;
template <typename T, typename Executor> struct associated_executor;
template <typename T, typename CancellationSlot> struct associated_cancellation_slot;

}  // namespace asio

namespace pocketmq::client {

/// asio::awaitable<T>.
template <class T> using Awaitable = asio::awaitable<T, asio::any_io_executor>;

}  // namespace pocketmq::client
