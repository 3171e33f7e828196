// The serving side of the callback-queue pattern, without I/O and threads: requests come, and each is answered or
// dropped.
//
// A request is acked after its reply was sent, so that a server which dies in between leaves it to another one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/connection_core.hpp"
#include "client/queue_options.hpp"
#include "client/rpc_error.hpp"
#include "client/rpc_request.hpp"
#include "client/rpc_wire.hpp"

namespace pocketmq::server {

struct Request {
  std::size_t procedure{0};  // its place among those served
  std::uint64_t delivery_tag{0};
  std::string body{};
  std::optional<std::string> correlation_id{};
  std::optional<std::string> reply_to{};
  std::optional<client::WallTime> deadline{};  // when its caller stops waiting
};

struct Served {
  std::string queue{};
  client::QueueOptions options{};
};

class ServerCore {
 public:
  using OnRequest = client::MoveOnlyFunction<void(Request)>;
  /// An empty reason says that it is open.
  using OnOpen = client::MoveOnlyFunction<void(const client::CloseReason&)>;
  using OnLost = client::MoveOnlyFunction<void(const client::CloseReason&)>;

  /// Destroy it after the connection is closed, disconnected or gone.
  explicit ServerCore(client::ConnectionCore& connection) : connection_{connection} {}
  ServerCore(const ServerCore&) = delete;
  ServerCore& operator=(const ServerCore&) = delete;
  ~ServerCore();

  /// Declares the queues and consumes them, on an open connection. `requested` is called with each request, at most
  /// `prefetch` of each queue before they are answered (0: no limit). `lost` is called once if, after it has opened,
  /// requests can come no more, unless it was stopped.
  void open(std::vector<Served> procedures, std::uint16_t prefetch, OnRequest requested, OnLost lost, OnOpen opened);

  /// Sends the reply, if one is wanted, and acks the request.
  void reply(const Request& request, const client::Payload& payload);
  void fail(const Request& request, const client::RpcError& error);
  /// Acks a request that needs no answer any more.
  void drop(const Request& request);

  /// Takes no more requests. What was not answered goes back to its queue when the connection is closed.
  void stop();

 private:
  void serve(std::size_t procedure, const Served& served);
  void publish(const Request& request, const client::Payload& payload, std::optional<std::string_view> type);
  void one_more(std::error_code error);
  void lose(const client::CloseReason& reason);

  client::ConnectionCore& connection_;
  std::shared_ptr<client::ChannelCore> channel_;
  OnRequest requested_;
  OnLost lost_;
  OnOpen opened_;
  std::size_t missing_{0};  // consumers that are not there yet
  std::vector<std::string> consumer_tags_;
  bool stopped_{false};
};

}  // namespace pocketmq::server
