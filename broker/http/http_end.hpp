// The broker's end of one HTTP connection: it takes requests and answers them one after the other, in their order.
//
// Like every end it has no I/O. While a request is being answered, nothing is read. So if a client sends many requests
// ahead, they wait in the buffers of the client's own system.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "broker/core/backlog.hpp"
#include "broker/core/intake.hpp"
#include "broker/http/http_state.hpp"
#include "broker/http/message_codec.hpp"
#include "broker/http/responder.hpp"
#include "protocol/codec/input_buffer.hpp"
#include "protocol/end/connection_end.hpp"

namespace pocketmq::broker::http {

using protocol::TimePoint;

class HttpEnd final : public protocol::ConnectionEnd,
                      private ResponseSink,
                      private Intake::Reader,
                      private Backlog::Item {
 public:
  /// `state` must outlive the end.
  HttpEnd(HttpState& state, Caller caller, TimePoint now);
  ~HttpEnd() override;

  [[nodiscard]] std::span<std::byte> prepare() override { return input_.prepare(); }
  void commit(std::size_t bytes, TimePoint now) override;
  [[nodiscard]] bool wants_input() const override { return may_take_input(); }
  [[nodiscard]] bool wants_rest() const override { return phase_ == Phase::body; }
  void end_turn() override;
  [[nodiscard]] const protocol::Output& output() const override { return output_; }
  void sent(std::size_t bytes, TimePoint now) override;
  void tick(TimePoint now) override;
  [[nodiscard]] TimePoint deadline() const override;
  [[nodiscard]] bool finished() const override { return phase_ == Phase::finished; }
  void disconnect(std::error_code why, TimePoint now) override;

  /// Ends the connection. A request that is not answered yet gets 503 with that text. Between two requests the
  /// connection ends without a response.
  void shut_down(std::string_view text);
  /// Call this before the first byte has come: the connection ends with 503 and that text.
  void refuse_connection(std::string_view text);

 private:
  enum class Phase : std::uint8_t {
    idle,       // between two requests, or before the first
    head,       // a request has begun
    body,       // the head of the request has come
    answering,  // the request has come, and its response is not in the output as a whole
    finished    // only the output is still sent
  };
  enum class Answer : std::uint8_t { none, whole, stream };

  // ResponseSink
  void send(Response response) override;
  void begin(ResponseHead head) override;
  void write(std::string_view bytes) override;
  [[nodiscard]] std::size_t room() override;
  void ask_for_room() override;
  void end() override;
  void cut() override;

  void on_admitted() override {
    begin_waiting();
    wake();
  }
  bool go_on() override;

  [[nodiscard]] bool is_receiving() const { return phase_ < Phase::answering; }
  [[nodiscard]] bool may_take_input() const;
  void observe(TimePoint now);
  void process();
  [[nodiscard]] bool parse_input();
  [[nodiscard]] std::list<HttpEnd*>& list_of_phase() const {
    return is_receiving() ? state_.waiting : state_.answering;
  }
  void begin_phase(Phase phase);
  void begin_waiting();
  void begin_request();
  void on_head();
  [[nodiscard]] std::optional<Response> check_head();
  [[nodiscard]] std::optional<Response> refuse_expectation() const;
  void on_body_part();
  void on_request_complete();
  void run_handler(Request& request);
  void refuse(Response refusal);
  void append(std::string_view bytes);
  void send_head(const ResponseHead& head, Framing framing, std::uint64_t body_bytes);
  void send_some();
  void call_on_room();
  void finish_response();
  void finish();
  void forget_request();
  void call_on_gone();
  [[nodiscard]] TimePoint receive_deadline() const;

  HttpState& state_;
  Context& context_;
  const Caller caller_;
  const protocol::MemoryCharge charge_;
  std::list<HttpEnd*>::iterator list_position_;  // in one of the lists of the state
  protocol::InputBuffer input_;
  protocol::Output output_;

  Phase phase_{Phase::idle};
  TimePoint since_;  // when the wait for the peer began, or its body last made progress
  std::size_t progress_bytes_{0};
  bool is_first_{true};
  std::unique_ptr<RequestParser> parser_;  // of the request that is arriving
  std::optional<Response> refusal_;        // decided at the head, sent after the body
  const Router::Route* route_{nullptr};
  bool is_http_1_0_{false};
  bool is_head_request_{false};
  bool keeps_alive_{true};

  std::shared_ptr<Pending> pending_;  // until a handler's response is complete
  Answer answer_{Answer::none};
  Framing framing_{Framing::none};
  std::string body_;              // of a whole response
  std::string_view rest_;         // the part of it, or of a lasting body, that is not in the output yet
  std::size_t counted_bytes_{0};  // in the state's response_bytes
  protocol::MemoryCharge body_charge_;
  std::string idle_text_;  // of the stream
  TimePoint last_sent_;
  std::optional<TimePoint> blocked_since_;  // since when no write has made progress
  bool wants_room_call_{false};
  bool processing_{false};
};

}  // namespace pocketmq::broker::http
