// Stop tokens: they carry a request to cancel from any thread.
#pragma once

#include <memory>
#include <stop_token>
#include <utility>

namespace pocketmq::client {

/// While the result lives: calls `f` when a stop is requested, on the requesting thread, or at once if a stop was
/// requested before. If another thread is calling `f`, the result's destructor waits until `f` returns.
template <class F> [[nodiscard]] std::unique_ptr<std::stop_callback<F>> when_stopped(const std::stop_token& stop, F f) {
  if (!stop.stop_possible()) return nullptr;
  return std::make_unique<std::stop_callback<F>>(stop, std::move(f));
}

}  // namespace pocketmq::client
