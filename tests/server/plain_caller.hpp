// A caller by hand, that is none of our RpcClients; and what the tests of a server with a broker have in common.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include <asio/use_future.hpp>

#include "client/connection.hpp"
#include "client/values/rpc_error.hpp"
#include "server/context.hpp"
#include "tests/client/any_encoding.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::server {

template <class Call> client::RpcError error_of(Call&& call) {
  try {
    call();
  } catch (const client::RpcError& error) {
    return error;
  }
  return {client::RpcCode::unknown, "it did not fail"};
}

/// What a handler does that takes as long as it may: it returns when it is told to stop.
inline void wait_for_stop(const Context& context) {
  std::promise<void> stop;
  const std::stop_callback on_stop{context.stop_token(), [&] { stop.set_value(); }};
  stop.get_future().wait();
}

class PlainCaller {
 public:
  explicit PlainCaller(const std::string& url)
      : connection_{url}, channel_{connection_.open_channel(asio::use_future).get()} {
    reply_to_ = channel_.declare_queue("", {.exclusive = true}, asio::use_future).get().name;
    channel_
        .consume(
            reply_to_, {.no_ack = true},
            [this](client::Delivery delivery) {
              const std::lock_guard lock{mutex_};
              replies_.push_back(std::move(delivery.message));
              replied_.notify_all();
            },
            asio::use_future)
        .get();
  }

  void sends(const std::string& queue, client::Message request) {
    channel_.publish({.routing_key = queue}, std::move(request), asio::use_future).get();
  }
  void sends_and_wants_reply(const std::string& queue, client::Message request) {
    request.properties.reply_to = reply_to_;
    sends(queue, std::move(request));
  }
  void sends_and_wants_reply(const std::string& queue, std::string body, const std::string& id) {
    sends_and_wants_reply(queue, {.body = std::move(body), .properties = {.correlation_id = id}});
  }
  void cancels(const std::string& id) {
    channel_
        .publish({.exchange = "pocketmq.rpc.cancel"}, {.properties = {.correlation_id = id, .reply_to = reply_to_}},
                 asio::use_future)
        .get();
  }

  /// The next reply; an empty one if none comes in a long time.
  client::Message receives() {
    std::unique_lock lock{mutex_};
    if (!replied_.wait_for(lock, std::chrono::seconds{30}, [this] { return !replies_.empty(); })) {
      CHECK(false);
      return {};
    }
    auto reply = std::move(replies_.front());
    replies_.pop_front();
    return reply;
  }

  client::Channel& channel() { return channel_; }

 private:
  std::mutex mutex_;
  std::condition_variable replied_;
  std::deque<client::Message> replies_;  // guarded by mutex_
  client::Connection connection_;
  client::Channel channel_;
  std::string reply_to_;
};

}  // namespace pocketmq::server
