// How a handler answers: at once or later, whole or in pieces.
//
// All of this belongs to the broker's thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "broker/http/response.hpp"
#include "protocol/base/move_only_function.hpp"

namespace pocketmq::broker::http {

/// Where the response to one request goes: a connection's end.
class ResponseSink {
 public:
  virtual void send(Response response) = 0;
  virtual void begin(ResponseHead head) = 0;
  virtual void write(std::string_view bytes) = 0;
  [[nodiscard]] virtual std::size_t room() = 0;
  virtual void ask_for_room() = 0;
  virtual void end() = 0;
  virtual void cut() = 0;

 protected:
  ~ResponseSink() = default;
};

/// One request that is being answered. Responder and connection hold it; whichever goes first, the other notices.
struct Pending {
  ResponseSink* sink{nullptr};  // null: answered, or the connection has gone
  protocol::MoveOnlyFunction<void()> on_gone{};
  protocol::MoveOnlyFunction<void()> on_room{};
};

/// The rest of a response that is sent in pieces of any number. Whoever writes no more calls `end`; a Stream that goes
/// without it cuts the connection, so that the reader sees that something is missing.
class Stream {
 public:
  explicit Stream(std::shared_ptr<Pending> pending) : pending_{std::move(pending)} {}
  Stream(Stream&&) = default;
  Stream& operator=(Stream&& other) noexcept;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();

  /// False: the connection has gone, or was cut, or the request was a HEAD. What is written then is ignored.
  [[nodiscard]] bool is_open() const { return pending_ && pending_->sink != nullptr; }
  /// How many bytes may well be written now: less than the reader leaves room for when the turn's time is used up.
  [[nodiscard]] std::size_t room() const { return is_open() ? pending_->sink->room() : 0; }
  /// Sends these bytes. Who writes more than `room` says for long has its reader cut
  /// (`HttpLimits::stream_behind_max_bytes`), after which this is not open.
  void write(std::string_view bytes);
  /// The response is whole. This is not open after it.
  void end();

  /// `f` is called in a turn of its own, now and each time the reader has made room: it writes about `room()` bytes, or
  /// none, and may end the stream. If it has nothing to write now, call `ask_for_room` when it has.
  void on_room(protocol::MoveOnlyFunction<void()> f);
  /// `on_room`'s function is called again, soon.
  void ask_for_room();
  /// `f` is called once if the connection goes before `end`. It must not destroy the connection's broker.
  void on_gone(protocol::MoveOnlyFunction<void()> f);

 private:
  std::shared_ptr<Pending> pending_;
};

/// The duty to answer one request, once. It may be kept and answered later, also when the connection has gone: then the
/// answer is ignored. One that goes unanswered answers 500.
class Responder {
 public:
  explicit Responder(std::shared_ptr<Pending> pending);
  Responder(Responder&& other) noexcept = default;
  Responder& operator=(Responder&& other) noexcept;
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;
  ~Responder();

  /// False: nobody waits for the answer any more.
  [[nodiscard]] bool is_open() const { return pending_ && pending_->sink != nullptr; }

  void send(Response response);
  /// Begins a response whose length is not known.
  [[nodiscard]] Stream begin(ResponseHead head);

  /// `f` is called once if the connection goes before this is answered.
  void on_gone(protocol::MoveOnlyFunction<void()> f);

 private:
  std::shared_ptr<Pending> pending_;
  int exceptions_;  // under way when it was made: who throws leaves the answer to who catches
};

}  // namespace pocketmq::broker::http
