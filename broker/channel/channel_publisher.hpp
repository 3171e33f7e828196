// A channel's publishes. Each is checked, becomes a message, and goes to its queues. The client is told which messages
// are returned and, in confirm mode, what has become of each publish.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/channel/channel_replies.hpp"
#include "broker/channel/channel_scope.hpp"
#include "broker/channel/commit.hpp"
#include "broker/channel/confirms.hpp"
#include "broker/channel/wide_publish.hpp"

namespace pocketmq::broker {

class ChannelPublisher final : private WidePublish::Owner, public Commit::Owner {
 public:
  /// Both arguments must outlive it.
  ChannelPublisher(ChannelScope& scope, ChannelReplies& replies) : scope_{scope}, replies_{replies} {}
  ChannelPublisher(const ChannelPublisher&) = delete;
  ChannelPublisher& operator=(const ChannelPublisher&) = delete;

  /// basic.publish. Throws ChannelError or ConnectionError, and then nothing has changed.
  void publish(const protocol::basic::Publish& m, protocol::Content& content);
  /// basic.publish, but the message goes to no queue, for this reason. In confirm mode the publish is nacked. Throws as
  /// `publish` does. Not in a transaction.
  void refuse(const protocol::basic::Publish& m, protocol::Content& content, event::Dropped reason);
  /// basic.publish, but the message goes to no queue: it is returned, and in confirm mode acked, as an unroutable one.
  /// Throws as `publish` does. Not in a transaction.
  void return_unrouted(const protocol::basic::Publish& m, protocol::Content& content, std::uint16_t code,
                       std::string_view text);
  /// confirm.select. ChannelError 406 on a transactional channel.
  void select_confirms(const protocol::confirm::Select& m);
  [[nodiscard]] bool has_confirms() const { return confirms_ != nullptr; }
  /// Tells the client what has become of its publishes since the last report.
  void report_confirms();

  /// Continues a publish that takes more than a slice. Returns whether it is done. Throws ConnectionError 506 when
  /// memory is exhausted.
  [[nodiscard]] bool go_on();
  /// The channel ends. A publish that has begun is completed without it; in a transaction the publish is dropped.
  void finish_without_channel();

 private:
  /// ChannelError 406 unless `id` is the name of the user that has logged in, or that user is an impersonator.
  void require_own_user_id(std::string_view id) const;
  /// Returns the exchange that the publish names. Throws if the client may not publish this there.
  [[nodiscard]] Exchange& require_exchange_for(const protocol::basic::Publish& m, const protocol::Content& content);
  /// Checks the properties and makes the message, which takes the body out of the content.
  [[nodiscard]] Message make_message(const protocol::basic::Publish& m, protocol::Content& content);
  void route(Exchange& exchange, const Message& message, bool mandatory);
  [[nodiscard]] WidePublish::Owner& as_owner() { return *this; }
  void begin_wide(std::unique_ptr<WidePublish> publish);
  void add_to_transaction(const Message& message, std::vector<protocol::Ref<Queue>> queues, RouteRecord& record,
                          bool mandatory);
  /// The message is about to go to these queues: tells the journal, hands a direct reply to its requester, and returns
  /// a mandatory message for which there is no queue. Returns the publish's number, 0 without confirms.
  [[nodiscard]] std::uint64_t begin_publish(const Message& message, const RoutedTo& to, const RouteRecord& record,
                                            bool mandatory);
  void announce(const Message& message, const RoutedTo& to, const RouteRecord& record, bool mandatory);
  void tell_published(const Message& message, bool mandatory) const;
  /// Returns the publish's number; 0 if the channel is not in confirm mode.
  [[nodiscard]] std::uint64_t expect_confirm(std::size_t queues) { return confirms_ ? confirms_->expect(queues) : 0; }
  void return_to_client(const Message& message, std::uint16_t code, std::string_view text);
  void tell_confirms_later();

  std::uint64_t on_routed(const Message& message, std::vector<protocol::Ref<Queue>>& queues, RouteRecord& record,
                          bool mandatory) override;
  void on_memory_exhausted() override;
  void accepted(std::uint64_t publish) override;
  void refused(std::uint64_t publish) override;
  void on_committed(const Message& message, const RoutedTo& to, const RouteRecord& record, bool mandatory) override;
  void on_all_taken() override;

  ChannelScope& scope_;
  ChannelReplies& replies_;
  std::unique_ptr<Confirms> confirms_;  // null until confirm.select
  std::unique_ptr<WidePublish> wide_;   // a publish that takes more than a slice
};

}  // namespace pocketmq::broker
