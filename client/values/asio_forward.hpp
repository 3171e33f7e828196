// The names of Asio's that our declarations use. A user's file that does not use Asio need not read Asio's headers,
// which take longer than all of ours.
//
// A file that uses Asio includes what it uses, before or after our headers: templates here look at it when they are
// used.
#pragma once

#if defined(ASIO_DETAIL_CONFIG_HPP)  // such a file: give it all that these templates may look at
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
