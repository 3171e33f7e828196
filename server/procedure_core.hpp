// One procedure's requests between delivery and answer: which run and which wait, who is to be answered, what was
// answered lately.
//
// Invariants: at most `prefetch` run at once, those of earlier connections included; a delivery is acked after its
// answer was sent, or given back, or its channel is lost; each request that is handed out ends with one of reply, fail,
// end, drop and give_back.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "client/rpc/numbered.hpp"
#include "client/values/rpc_error.hpp"
#include "protocol/base/text_hash.hpp"
#include "server/caller_watch.hpp"
#include "server/recent.hpp"
#include "server/request.hpp"
#include "server/request_queue.hpp"

namespace pocketmq::server {

/// What a server core tells the one who runs the handlers, on the connection's thread.
struct ServerEvents {
  /// Run it, and answer it.
  client::MoveOnlyFunction<void(Request&&)> requested;
  /// Nobody waits for its answer any more: its caller cancelled it, or its connection was lost. It is still to be
  /// answered, which is then not sent.
  client::MoveOnlyFunction<void(RequestId)> cancelled;
  /// The core's deadline came nearer.
  client::MoveOnlyFunction<void()> deadline_changed;
  /// A queue is not consumed for now, or a request could not be read and was refused: for this reason.
  client::MoveOnlyFunction<void(const client::CloseReason&)> troubled;
};

/// The `caller_key`s of cancellations that came before their requests.
using EarlyCancels = Recent<bool>;

class ProcedureCore {
 public:
  ProcedureCore(std::size_t place, Served served, std::uint16_t prefetch, ServerEvents& events,
                EarlyCancels& early_cancels);

  void open(client::ConnectionCore& connection, OnOpen opened) { queue_.open(connection, std::move(opened)); }

  // As ServerCore's:
  void reply(std::uint64_t number, const client::Payload& payload, protocol::TimePoint now);
  void fail(std::uint64_t number, const client::RpcError& error, protocol::TimePoint now);
  bool write(std::uint64_t number, const client::Payload& element);
  void when_output_drained(client::MoveOnlyFunction<void()> on_drain) {
    queue_.when_output_drained(std::move(on_drain));
  }
  void end(std::uint64_t number);
  void drop(std::uint64_t number);
  void give_back(std::uint64_t number);

  /// Its caller gave it up. False if there is no such request here.
  bool cancel(const std::string& caller);
  void stop();

  [[nodiscard]] std::size_t running() const { return running_; }
  void tick(protocol::TimePoint now);
  [[nodiscard]] protocol::TimePoint deadline() const { return std::min(queue_.deadline(), look_at_); }

 private:
  // One delivery of a request; a repeat of a running one joins it.
  struct Asker {
    Asker(std::uint64_t tag, std::optional<protocol::ShortString> reply_to,
          std::optional<protocol::ShortString> correlation_id);

    [[nodiscard]] std::optional<std::string_view> reply_to() const;
    [[nodiscard]] std::optional<std::string_view> correlation_id() const;

    std::uint64_t delivery_tag;
    std::string caller;  // its caller_key
    std::uint64_t caller_hash;
    std::uint8_t reply_to_size;
    bool wants_reply;
    bool has_correlation_id;
    bool is_acked_first{false};  // before anything is sent to it; see `suspects_`
    bool is_acked{false};
    bool is_answered{false};
  };
  // Nearly always there is one.
  class Askers {
   public:
    void add(Asker asker) {
      if (first_)
        others_.push_back(std::move(asker));
      else
        first_ = std::move(asker);
    }
    template <class F> void for_each(F f) {
      if (first_) f(*first_);
      for (auto& asker : others_) f(asker);
    }
    void forget() {
      first_.reset();
      others_.clear();
    }

   private:
    std::optional<Asker> first_;
    std::vector<Asker> others_;
  };
  struct Entry {
    Request request;  // whole until it is handed out
    Askers askers;
    std::string message_id{};  // under which its answer is kept; empty: it is not
    std::int64_t elements{0};  // of a stream, sent
    bool is_running{false};    // handed out
    bool is_long{false};       // and was at the last look for its caller
    bool is_cancelled{false};  // it was told to stop
  };
  struct Answer {
    std::string body;
    std::string_view content_type;  // of static lifetime
    bool is_error;
  };
  // An answer as it is sent.
  struct AnswerView {
    std::string_view body{};
    std::string_view content_type{};
    bool is_error{false};
  };

  void receive(const protocol::basic::Deliver& method, const protocol::Content& content);
  /// Whether the delivery is a repeat, which is then taken care of.
  bool join(const std::string& message_id, Asker& asker);
  void hand_out_waiting();
  void refuse_unreadable(Asker& asker, std::string_view fault);
  void answer(std::uint64_t number, const AnswerView& answer, protocol::TimePoint now);
  /// Sends the last that an asker gets, and nothing after it.
  void send(Asker& asker, const AnswerView& answer, std::int64_t elements);
  void send(Asker& asker, const client::RpcError& error, std::int64_t elements);
  void publish(Asker& asker, const protocol::BasicProperties& properties, std::string_view body, bool mandatory);
  void ack(Asker& asker);
  void know_caller(const Asker& asker, std::uint64_t number);
  /// Ends an entry, running or not.
  void remove(std::uint64_t number, Entry& entry);
  void forget_deliveries(const client::CloseReason& why);
  void look_for_callers(protocol::TimePoint now);
  /// The queue where callers await replies is gone, and so are they.
  void forget_callers(const std::string& reply_to);

  const std::size_t procedure_number_;
  const Served served_;
  const std::uint16_t prefetch_;
  ServerEvents& events_;
  EarlyCancels& early_cancels_;
  RequestQueue queue_;
  CallerWatch caller_watch_;
  protocol::TimePoint look_at_{protocol::TimePoint::max()};  // for callers of requests that run
  bool stopped_{false};

  std::uint64_t last_number_{0};
  client::Numbered<Entry> entries_;
  std::deque<std::uint64_t> waiting_;  // in order; those that are gone are passed over
  std::size_t running_{0};
  client::Numbered<std::uint64_t> by_caller_;  // by their hashes; the latest, where two are the same
  std::unordered_map<std::string, std::uint64_t, protocol::TextHash> by_message_id_;
  Recent<Answer> answers_;  // by message_id
  std::string properties_;  // what an answer is written with, kept for its memory

  // Callers with direct reply addresses, by their hashes. RabbitMQ ends the connection, with an internal error, that
  // publishes to a forged one, and delivers the request again: one request would end a service for ever. So those that
  // something was sent to on such a connection are suspects. When their requests come again they are acked before
  // anything is sent; then they do not come a third time.
  std::deque<std::uint64_t> sent_directly_;  // on this connection, the latest of them
  std::unordered_set<std::uint64_t> suspects_;
};

}  // namespace pocketmq::server
