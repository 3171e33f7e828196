// Runs a handler, without a server.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <asio/io_context.hpp>

#include "protocol/io/clock_of.hpp"
#include "server/handler.hpp"
#include "server/middleware.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::server {

/// A request, with its properties as values.
struct Asked {
  client::Message message{};
  bool redelivered{false};
  std::optional<client::WallTime> deadline{};
};

class HandlerWorld {
 public:
  explicit HandlerWorld(Handler with)
      : handler_{std::move(with)}, chain_{[this](Context& of, Answered answered) {
          handler_.run(of, std::move(answered));
        }} {}

  void goes_through(HandlerMiddleware middleware) {
    chain_ = [middleware = std::move(middleware), next = std::move(chain_)](Context& of, Answered answered) {
      middleware(of, next, std::move(answered));
    };
  }

  void begins(Asked asked) {
    io_.restart();
    Request request{
        .body = std::move(asked.message.body), .redelivered = asked.redelivered, .deadline = asked.deadline};
    request.properties.clear();
    CHECK_FALSE(client::encode(asked.message.properties, request.properties));
    context = std::make_shared<Context>(std::move(request), procedure_, executor_, protocol::clock_of(io_),
                                        [this](client::Payload element, client::MoveOnlyFunction<void(bool)> taken) {
                                          if (elements.size() == reads_at_most) {
                                            context->request_stop();
                                            return taken(false);
                                          }
                                          elements.push_back(std::move(element.body));
                                          if (is_slow) return not_taken_.push_back(std::move(taken));
                                          taken(true);
                                        });
    chain_(*context, [this, keep = context](Outcome outcome) { outcomes.push_back(std::move(outcome)); });
  }
  void begins(const char* body) { begins(Asked{.message = {.body = body}}); }
  void polls() { io_.poll(); }

  /// The reply's body, or the error's text.
  std::string runs(Asked asked) {
    begins(std::move(asked));
    io_.run();
    return last().error ? last().error->what() : last().payload.body;
  }
  std::string runs(std::string body) { return runs(Asked{.message = {.body = std::move(body)}}); }
  std::string runs(const char* body) { return runs(std::string{body}); }

  const Outcome& last() const { return outcomes.back(); }

  std::shared_ptr<Context> context;  // of the last request
  std::vector<Outcome> outcomes;
  std::vector<std::string> elements;
  std::size_t reads_at_most{std::numeric_limits<std::size_t>::max()};
  bool is_slow{false};  // elements are not taken

 private:
  asio::io_context io_;
  const std::string procedure_{"procedure"};
  const asio::any_io_executor executor_{io_.get_executor()};
  std::vector<client::MoveOnlyFunction<void(bool)>> not_taken_;
  Handler handler_;
  NextHandler chain_;
};

}  // namespace pocketmq::server
