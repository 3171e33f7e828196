// A call with many replies, the result of `Procedure<Stream<T>(Args...)>`. Its elements are read one by one, as they
// come.
//
//     for (int n : count(10)) ...                                              // blocks for each
//     while (auto n = co_await numbers.async_next(asio::use_awaitable)) ...    // any completion token
#pragma once

#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "client/json/rpc_json.hpp"
#include "client/link/completion.hpp"
#include "client/link/stopping.hpp"
#include "client/rpc/stream_reader.hpp"

namespace pocketmq::client {

/// If a stream is destroyed before its end is read, the call is cancelled, and the server's handler too. The call's
/// deadline is that of the whole stream.
template <class T> class Stream {
 public:
  class Iterator;

  Stream(std::shared_ptr<StreamReader> reader, std::string procedure)
      : reader_{std::move(reader)}, procedure_{std::move(procedure)} {}
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&&) noexcept = default;

  /// Waits for the next element; nullopt is the end. If the call fails, throws RpcError after all elements that came
  /// before. Throws std::system_error(resource_deadlock_would_occur) on the client's own thread.
  [[nodiscard]] std::optional<T> next() { return value_of(reader_->next_and_wait(), procedure_); }

  /// The same with completion signature void(std::exception_ptr, std::optional<T>). One at a time. Its cancellation
  /// cancels the stream.
  template <class Token> auto async_next(Token&& token) {
    return initiate_cancellable<std::exception_ptr, std::optional<T>>(
        reader_, std::forward<Token>(token),
        [procedure = procedure_](const std::shared_ptr<StreamReader>& reader, const std::stop_token& stop, auto done) {
          auto stopping = when_stopped(stop, [reader] { reader->cancel(); });
          reader->next([procedure, stopping = std::move(stopping), done = std::move(done)](StreamItem item) mutable {
            stopping.reset();
            try {
              done(nullptr, value_of(std::move(item), procedure));
            } catch (...) {
              done(std::current_exception(), std::nullopt);
            }
          });
        });
  }

  /// Cancels the call and the server's handler. After the elements that have come, the stream ends as `cancelled`.
  void cancel() { reader_->cancel(); }

  /// Reads the first element, as `next` does. A stream can be read only once.
  [[nodiscard]] Iterator begin() { return Iterator{*this}; }
  [[nodiscard]] std::default_sentinel_t end() const { return {}; }

 private:
  [[nodiscard]] static std::optional<T> value_of(StreamItem item, const std::string& procedure) {
    if (item.error) throw *item.error;
    if (!item.body) return std::nullopt;
    return rpc_json::decode_result<T>(std::move(*item.body), procedure);
  }

  std::shared_ptr<StreamReader> reader_;
  std::string procedure_;
};

template <class T> class Stream<T>::Iterator {
 public:
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::input_iterator_tag;

  explicit Iterator(Stream& stream) : stream_{&stream}, value_{stream.next()} {}

  T& operator*() const { return *value_; }
  Iterator& operator++() {
    value_ = stream_->next();
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const Iterator& at, std::default_sentinel_t) { return !at.value_; }

 private:
  Stream* stream_;
  mutable std::optional<T> value_;
};

}  // namespace pocketmq::client
