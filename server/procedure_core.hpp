// One procedure's requests between delivery and answer: which run and which wait, who gets the answers, and the latest
// answers.
//
// Invariants: at most `prefetch` requests run at once, those of earlier connections included. A delivery is acked after
// its answer was sent, or is given back, or its channel is lost. Each request that is handed out ends with one of
// reply, fail, end, drop and give_back.
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

#include "client/rpc/number_map.hpp"
#include "client/values/rpc_error.hpp"
#include "protocol/base/text_hash.hpp"
#include "server/caller_watch.hpp"
#include "server/recent.hpp"
#include "server/request.hpp"
#include "server/request_queue.hpp"

namespace pocketmq::server {

/// What a server core tells whoever runs the handlers. Called on the connection's thread.
struct ServerEvents {
  /// A request is handed out. The receiver runs it, and answers it.
  client::MoveOnlyFunction<void(Request&&)> requested;
  /// Nobody waits for the answer of a running request any more: the caller cancelled it, or the connection was lost. It
  /// must still end with an answer, which is not sent.
  client::MoveOnlyFunction<void(RequestId)> cancelled;
  /// The core's deadline is now earlier.
  client::MoveOnlyFunction<void()> deadline_changed;
  /// Why a queue is not consumed at the moment, or why a request could not be read and was refused.
  client::MoveOnlyFunction<void(const client::CloseReason&)> troubled;
};

/// The `caller_key`s of cancellations that came before their requests.
using EarlyCancels = Recent<bool>;

class ProcedureCore {
 public:
  ProcedureCore(std::size_t procedure_number, Served served, std::uint16_t prefetch, ServerEvents& events,
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

  /// The caller has cancelled its request. False if there is no such request here.
  bool cancel(const std::string& caller);
  void stop();

  [[nodiscard]] std::size_t running() const { return running_; }
  void tick(protocol::TimePoint now);
  [[nodiscard]] protocol::TimePoint deadline() const { return std::min(queue_.deadline(), next_caller_check_); }

 private:
  // One delivery of a request. The delivery of a repeat joins the running request.
  struct Delivery {
    Delivery(std::uint64_t tag, std::optional<protocol::ShortString> reply_to,
             std::optional<protocol::ShortString> correlation_id);

    [[nodiscard]] std::optional<std::string_view> reply_to() const;
    [[nodiscard]] std::optional<std::string_view> correlation_id() const;

    std::uint64_t delivery_tag;
    std::string caller;  // its caller_key
    std::uint64_t caller_hash;
    std::uint8_t reply_to_size;
    bool wants_reply;
    bool has_correlation_id;
    bool is_acked_first{false};  // acked before anything is sent to it; see `suspects_`
    bool is_acked{false};
    bool is_answered{false};
  };
  // Nearly always there is only one.
  class Deliveries {
   public:
    void add(Delivery delivery) {
      if (first_)
        others_.push_back(std::move(delivery));
      else
        first_ = std::move(delivery);
    }
    template <class F> void for_each(F f) {
      if (first_) f(*first_);
      for (auto& delivery : others_) f(delivery);
    }
    void forget() {
      first_.reset();
      others_.clear();
    }

   private:
    std::optional<Delivery> first_;
    std::vector<Delivery> others_;
  };
  struct Entry {
    Request request;  // moved from once it is handed out
    Deliveries deliveries;
    std::string message_id{};       // under which its answer is kept; empty: it is not kept
    std::int64_t elements{0};       // elements of a stream that were sent
    bool is_running{false};         // handed out
    bool ran_at_last_check{false};  // it was already running at the last look for callers
    bool is_cancelled{false};       // it was told to stop
  };
  struct Answer {
    std::string body;
    std::string_view content_type;  // of static lifetime
    bool is_error;
  };
  // An answer that is about to be sent.
  struct AnswerView {
    std::string_view body{};
    std::string_view content_type{};
    bool is_error{false};
  };

  void receive(const protocol::basic::Deliver& method, const protocol::Content& content);
  /// True if the delivery is a repeat: then it gets the stored answer, or waits for that of the running request.
  bool join(const std::string& message_id, Delivery& delivery);
  void hand_out_waiting();
  void refuse_unreadable(Delivery& delivery, std::string_view fault);
  void answer(std::uint64_t number, const AnswerView& answer, protocol::TimePoint now);
  /// Sends the last message that the caller of a delivery gets.
  void send(Delivery& delivery, const AnswerView& answer, std::int64_t elements);
  void send(Delivery& delivery, const client::RpcError& error, std::int64_t elements);
  void publish(Delivery& delivery, const protocol::BasicProperties& properties, std::string_view body, bool mandatory);
  void ack(Delivery& delivery);
  void index_by_caller(const Delivery& delivery, std::uint64_t number);
  /// Removes an entry, whether it runs or waits.
  void remove(std::uint64_t number, Entry& entry);
  void forget_deliveries(const client::CloseReason& why);
  void check_callers(protocol::TimePoint now);
  /// The queue where callers await their replies is deleted: cancels their requests.
  void forget_callers(const std::string& reply_to);

  const std::size_t procedure_number_;
  const Served served_;
  const std::uint16_t prefetch_;
  ServerEvents& events_;
  EarlyCancels& early_cancels_;
  RequestQueue queue_;
  CallerWatch caller_watch_;
  protocol::TimePoint next_caller_check_{
      protocol::TimePoint::max()};  // when to look for the callers of running requests
  bool stopped_{false};

  std::uint64_t last_number_{0};
  client::NumberMap<Entry> entries_;
  std::deque<std::uint64_t> waiting_;  // in order; numbers without an entry are skipped
  std::size_t running_{0};
  client::NumberMap<std::uint64_t> by_caller_;  // by the hash of the caller; of two with one hash, the later
  std::unordered_map<std::string, std::uint64_t, protocol::TextHash> by_message_id_;
  Recent<Answer> answers_;  // by message_id
  std::string properties_;  // an answer's, encoded; a member to keep its memory

  // Hashes of callers with direct reply addresses. If a server publishes to a forged address, RabbitMQ closes the
  // server's connection with an internal error, and delivers the request again: one request would stop a service for
  // ever. So the callers that were answered on such a connection are suspects. When their requests come again, they are
  // acked before anything is sent, so that they do not come a third time.
  std::deque<std::uint64_t> sent_directly_;  // the latest, on this connection
  std::unordered_set<std::uint64_t> suspects_;
};

}  // namespace pocketmq::server
