// The program under test: it prices orders, and asks a stock service for what is left. It knows nothing of the test
// kit.
#pragma once

#include <chrono>
#include <string>

#include <pocketmq/client/rpc_client.hpp>
#include <pocketmq/server/rpc_server.hpp>

class Orders {
 public:
  explicit Orders(pocketmq::client::RpcClient& rpc)
      : left_{rpc.procedure<int(std::string)>("stock.left", {.timeout = std::chrono::seconds{5}, .idempotent = true})} {
  }

  /// False if there are not enough, or nobody knows.
  bool place(const std::string& article, int count) {
    try {
      return left_(article) >= count;
    } catch (const pocketmq::client::RpcError&) {
      return false;
    }
  }

 private:
  pocketmq::client::Procedure<int(std::string)> left_;
};

inline void serve_stock(pocketmq::server::RpcServer& server) {
  server.serve("stock.left", [](const std::string& article) { return article == "pens" ? 10 : 0; });
}
