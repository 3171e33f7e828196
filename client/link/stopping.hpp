// Stop tokens: how the wish to cancel travels from any thread.
#pragma once

#include <memory>
#include <stop_token>
#include <utility>

namespace pocketmq::client {

/// As long as the result lives, `f` is called when a stop is requested, on the thread that requests it; at once if it
/// was. Letting the result go waits for a call of `f` on another thread.
template <class F> [[nodiscard]] std::unique_ptr<std::stop_callback<F>> when_stopped(const std::stop_token& stop, F f) {
  if (!stop.stop_possible()) return nullptr;
  return std::make_unique<std::stop_callback<F>>(stop, std::move(f));
}

}  // namespace pocketmq::client
