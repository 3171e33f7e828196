// A remote procedure with C++ types: called like a function, or asynchronously under any completion token.
#pragma once

#include <chrono>
#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <asio/async_result.hpp>

#include "client/completion.hpp"
#include "client/queue_options.hpp"
#include "client/rpc_caller.hpp"
#include "client/rpc_json.hpp"

namespace pocketmq::client {

struct ProcedureOptions {
  /// How long a call may take, from the call to the reply; `no_timeout` for as long as it takes. The request carries
  /// it: the broker and the server drop a request that nobody waits for any more.
  std::chrono::milliseconds timeout{std::chrono::seconds{30}};
  /// Declare the queue before the first call, so that clients may start before their server. It must be declared alike
  /// there.
  std::optional<QueueOptions> declare{};
};

template <class Signature> class Procedure;

/// Made by `RpcClient::procedure`. May be copied, and called from any thread; a call after its client is gone is
/// `cancelled`.
template <class Result, class... Args> class Procedure<Result(Args...)> {
 public:
  Procedure(std::shared_ptr<RpcCaller> caller, std::string queue, ProcedureOptions options)
      : caller_{std::move(caller)}, queue_{std::move(queue)}, options_{std::move(options)} {}

  /// Calls, and waits for the reply. Throws RpcError if the call fails, and
  /// std::system_error(resource_deadlock_would_occur) on the client's own thread, where it would wait for itself.
  Result operator()(const std::decay_t<Args>&... args) const {
    return rpc_json::decode_result<Result>(caller_->call_and_wait(request(args...)), queue_);
  }

  /// Calls: void(std::exception_ptr, Result), or void(std::exception_ptr) for a procedure without result. The exception
  /// is an RpcError. Throws at once only for arguments that cannot be written as JSON.
  template <class Token> auto async(const std::decay_t<Args>&... args, Token&& token) const {
    static_assert(std::is_void_v<Result> || std::default_initializable<Result>,
                  "a failed call completes with Result{}");
    if constexpr (std::is_void_v<Result>)
      return start<std::exception_ptr>(std::forward<Token>(token), request(args...),
                                       [](auto& done, std::string) { done(nullptr); });
    else
      return start<std::exception_ptr, Result>(std::forward<Token>(token), request(args...),
                                               [queue = queue_](auto& done, std::string body) {
                                                 done(nullptr, rpc_json::decode_result<Result>(std::move(body), queue));
                                               });
  }

 private:
  [[nodiscard]] RpcRequest request(const std::decay_t<Args>&... args) const {
    return {.queue = queue_,
            .payload = rpc_json::encode_arguments(args...),
            .timeout = options_.timeout,
            .declare = options_.declare};
  }

  template <class... Results, class Token, class Finish>
  auto start(Token&& token, RpcRequest call, Finish finish) const {
    return initiate<Results...>(
        caller_, std::forward<Token>(token),
        [call = std::move(call), finish = std::move(finish)](RpcCaller& caller, auto done) mutable {
          caller.call(std::move(call), [done = std::move(done), finish = std::move(finish)](RpcResult result) mutable {
            try {
              if (result.error) throw *result.error;
              finish(done, std::move(result.body));
            } catch (...) {
              fail(done, std::current_exception());
            }
          });
        });
  }

  static void fail(MoveOnlyFunction<void(std::exception_ptr)>& done, std::exception_ptr why) { done(std::move(why)); }
  template <class R> static void fail(MoveOnlyFunction<void(std::exception_ptr, R)>& done, std::exception_ptr why) {
    done(std::move(why), R{});
  }

  std::shared_ptr<RpcCaller> caller_;
  std::string queue_;
  ProcedureOptions options_;
};

}  // namespace pocketmq::client
