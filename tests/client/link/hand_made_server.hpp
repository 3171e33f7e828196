// A server made of a plain channel, whose replies a test chooses. It hears cancellations too.
#pragma once

#include <functional>
#include <future>
#include <string>
#include <string_view>
#include <utility>

#include <asio/use_future.hpp>

#include "client/connection.hpp"

namespace pocketmq::client {

class HandMadeServer {
 public:
  /// `answer` is called with each request, on the connection's thread.
  using Answer = std::function<void(HandMadeServer&, const Message& request)>;

  HandMadeServer(std::string_view url, const std::string& queue, Answer answer) : connection_{url} {
    using asio::use_future;
    channel_ = connection_.open_channel(use_future).get();
    channel_.declare_exchange("pocketmq.rpc.cancel", "fanout", {}, use_future).get();
    const auto cancellations = channel_.declare_queue("", {.exclusive = true}, use_future).get().name;
    channel_.bind_queue({.source = "pocketmq.rpc.cancel", .destination = cancellations}, use_future).get();
    const auto note = [this](const Delivery& delivery) {
      if (!std::exchange(is_cancelled_, true)) cancelled_.set_value(*delivery.message.properties.correlation_id);
    };
    channel_.consume(cancellations, {.no_ack = true}, note, use_future).get();
    channel_.declare_queue(queue, {}, use_future).get();
    const auto hear = [this, answer = std::move(answer)](const Delivery& delivery) { answer(*this, delivery.message); };
    channel_.consume(queue, {.no_ack = true}, hear, use_future).get();
  }

  void reply(const Message& request, std::string body, Table headers = {}) {
    const auto& asked = request.properties;
    Message reply{.body = std::move(body)};
    reply.properties.correlation_id = asked.correlation_id;
    if (!headers.empty()) reply.properties.headers = std::move(headers);
    channel_.publish({.routing_key = *asked.reply_to}, std::move(reply));
  }
  void send_element(const Message& request, std::int64_t number, std::string body) {
    reply(request, std::move(body), Table{}.add("x-rpc-seq", number));
  }
  void send_end(const Message& request, std::int64_t number) {
    reply(request, {}, Table{}.add("x-rpc-seq", number).add("x-rpc-end", true));
  }

  /// The number of the first call that is cancelled; the rest of its id is random. Call once.
  [[nodiscard]] std::string cancelled() {
    const auto id = cancelled_.get_future().get();
    return id.substr(0, id.find('-'));
  }

 private:
  std::promise<std::string> cancelled_;
  bool is_cancelled_{false};
  Connection connection_;
  Channel channel_;
};

}  // namespace pocketmq::client
