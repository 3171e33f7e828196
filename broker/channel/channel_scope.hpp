// What the parts of a channel share: its connection and number, its answers, the permissions of its user, the queue
// last declared, and its transaction.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "broker/access/permission.hpp"
#include "broker/channel/channel_host.hpp"
#include "broker/channel/transaction.hpp"
#include "broker/core/context.hpp"
#include "broker/core/errors.hpp"
#include "broker/vhost/virtual_host.hpp"
#include "protocol/vocabulary/method.hpp"

namespace pocketmq::broker {

class ChannelScope {
 public:
  /// `connection` and `context` outlive it.
  ChannelScope(ChannelHost& connection, Context& context, std::uint16_t number)
      : connection_{connection}, context_{context}, actor_{.connection = connection.number(), .channel = number} {}
  ChannelScope(const ChannelScope&) = delete;
  ChannelScope& operator=(const ChannelScope&) = delete;

  [[nodiscard]] std::uint16_t number() const { return actor_.channel; }
  [[nodiscard]] ChannelHost& connection() const { return connection_; }
  [[nodiscard]] Context& context() const { return context_; }
  [[nodiscard]] VirtualHost& virtual_host() const { return connection_.virtual_host(); }
  /// The numbers of the connection and the channel.
  [[nodiscard]] Actor actor() const { return actor_; }

  /// Sends an answer on this channel.
  void send(const protocol::Method& method) const { connection_.send_answer({.channel = number(), .method = method}); }
  /// Answers a request, unless it said `no_wait`.
  template <class Request, class Reply> void reply(const Request& request, const Reply& reply) const {
    if constexpr (requires { request.no_wait; }) {
      if (request.no_wait) return;
    }
    send(reply);
  }
  /// The channel has begun work that takes more than a slice. `Channel::go_on_with_work` continues it.
  void begin_work() const { connection_.begin_work(number()); }

  /// ChannelError 403 unless the user has that permission on the queue or exchange of that name. The queue or exchange
  /// need not exist.
  void require_queue_permission(Permission permission, std::string_view queue);
  void require_exchange_permission(Permission permission, std::string_view exchange);

  /// Keeps the name of the queue that was declared last. From now on an empty name stands for it.
  void set_last_declared(std::string_view queue) { last_declared_ = queue; }
  /// Returns the name of the queue that the client means: an empty name stands for the queue last declared.
  /// ChannelError 404 if the name is empty and no queue was declared.
  [[nodiscard]] std::string_view resolve_queue_name(std::string_view queue) const;
  /// Returns the queue that the client means. ChannelError 404 if there is none, 403 without the permission, 405 if the
  /// queue is exclusive to another connection.
  [[nodiscard]] Queue& require_accessible_queue(std::string_view name, Permission permission);

  /// What was published and settled since tx.select or the last commit. Null unless the channel is transactional.
  [[nodiscard]] Transaction* transaction() const { return transaction_.get(); }
  void make_transactional() {
    if (!transaction_) transaction_ = std::make_unique<Transaction>();
  }

 private:
  void require_permission(Permission permission, std::string_view resource, std::string_view name);

  ChannelHost& connection_;
  Context& context_;
  const Actor actor_;
  std::string last_declared_;
  std::array<std::optional<std::string>, 3> last_granted_;  // by permission, the last name that it was granted for
  std::unique_ptr<Transaction> transaction_;
};

}  // namespace pocketmq::broker
