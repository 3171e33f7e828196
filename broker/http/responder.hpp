// How a handler answers: at once or later, whole or in pieces.
//
// All of this is used on the broker's thread only.
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

/// One request that is being answered. The Responder (or its Stream) and the connection share it, so that each notices
/// when the other has gone.
struct Pending {
  ResponseSink* sink{nullptr};  // null: answered, or the connection has gone
  protocol::MoveOnlyFunction<void()> on_gone{};
  protocol::MoveOnlyFunction<void()> on_room{};
};

/// The rest of a response that is sent in any number of pieces. Call `end` after the last piece. If a Stream is
/// destroyed before `end`, the connection is cut, so that the reader sees that something is missing.
class Stream {
 public:
  explicit Stream(std::shared_ptr<Pending> pending) : pending_{std::move(pending)} {}
  Stream(Stream&&) = default;
  Stream& operator=(Stream&& other) noexcept;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();

  /// False if the connection has gone or was cut, or if the request was a HEAD. Then `write` does nothing.
  [[nodiscard]] bool is_open() const { return pending_ && pending_->sink != nullptr; }
  /// How many bytes should be written now, so that the reader and the other connections keep up. Little or none when
  /// the turn's budget is used up, however much room the reader leaves.
  [[nodiscard]] std::size_t room() const { return is_open() ? pending_->sink->room() : 0; }
  /// Sends these bytes. If the handler writes more than `room` allows for long, the reader is cut
  /// (`HttpLimits::stream_behind_max_bytes`), and this is no longer open.
  void write(std::string_view bytes);
  /// Ends the response. This is not open afterwards.
  void end();

  /// Calls `f` soon, and again each time the reader has made room. `f` writes about `room()` bytes, or none, and may
  /// end the stream. If `f` has nothing to write now, call `ask_for_room` when there is something.
  void on_room(protocol::MoveOnlyFunction<void()> f);
  /// Has the function of `on_room` called again soon.
  void ask_for_room();
  /// Calls `f` once if the connection goes before `end`. `f` must not destroy the broker of the connection.
  void on_gone(protocol::MoveOnlyFunction<void()> f);

 private:
  std::shared_ptr<Pending> pending_;
};

/// Answers one request, once. It may be kept to answer later. If the connection has gone by then, the answer is
/// ignored. If it is destroyed without an answer, the client gets 500.
class Responder {
 public:
  explicit Responder(std::shared_ptr<Pending> pending);
  Responder(Responder&& other) noexcept = default;
  Responder& operator=(Responder&& other) noexcept;
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;
  ~Responder();

  /// False if nobody waits for the answer any more.
  [[nodiscard]] bool is_open() const { return pending_ && pending_->sink != nullptr; }

  void send(Response response);
  /// Begins a response whose length is not known.
  [[nodiscard]] Stream begin(ResponseHead head);

  /// Calls `f` once if the connection goes before this is answered.
  void on_gone(protocol::MoveOnlyFunction<void()> f);

 private:
  std::shared_ptr<Pending> pending_;
  int exceptions_;  // in flight when it was made; if there are more, the code that catches them answers
};

}  // namespace pocketmq::broker::http
