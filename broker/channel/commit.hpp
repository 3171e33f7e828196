// A commit (AMQP 0-9-1, 1.9.2.3), as RabbitMQ carries it out: the bindings count that existed when a message was
// published, and the queues that exist now. First all published messages go to their queues, then the settlements are
// carried out. A large commit takes several slices. It is completed even if its channel ends before.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "broker/channel/transaction.hpp"
#include "broker/core/context.hpp"
#include "broker/queue/fan_out.hpp"
#include "broker/queue/publisher.hpp"
#include "broker/routing/routing.hpp"

namespace pocketmq::broker {

class VirtualHost;

class Commit final : public Backlog::Item, private Publisher {
 public:
  /// The object that has begun the commit. It is told what becomes of the commit, until `leave_to_itself`.
  class Owner {
   public:
    /// The message goes to these queues. If there are none, the owner tells the client.
    virtual void on_committed(const Message& message, const RoutedTo& to, const RouteRecord& record,
                              bool mandatory) = 0;
    /// All queues have taken the messages that were published to them.
    virtual void on_all_taken() = 0;

   protected:
    ~Owner() = default;
  };

  /// `context` and `virtual_host` outlive it. `owner` has to live until `leave_to_itself`. `by` is the
  /// channel that commits.
  Commit(Context& context, VirtualHost& virtual_host, Transaction::Content content, const Settler& by, Owner& owner);

  bool go_on() override;
  /// The owner ends. The commit is completed without it.
  void leave_to_itself() { owner_ = nullptr; }

  /// What is not carried out yet.
  [[nodiscard]] const Transaction::Content& left() const { return left_; }
  /// Whether a queue has refused a message.
  [[nodiscard]] bool has_failed() const { return has_failed_; }
  /// How many of the deliveries that it settles still count against the channel's prefetch.
  [[nodiscard]] std::size_t prefetch_used() const { return left_.prefetch_used; }

 private:
  enum class Stage : std::uint8_t { publishing, settling };

  [[nodiscard]] bool do_next();
  void begin(Transaction::Publication publication);
  void find_queue(const protocol::Ref<Queue>& published_to);
  void hand_over(WidePublishes::Share share);
  void announce(const RoutedTo& to, const RouteRecord& record);
  void end_publishing();
  void settle_next();
  void accepted(std::uint64_t publish) override;
  void refused(std::uint64_t publish) override;

  Context& context_;
  VirtualHost& virtual_host_;
  Owner* owner_;
  Transaction::Content left_;
  const Settler by_;
  event::TransactionCommitted committed_;
  Stage stage_{Stage::publishing};
  std::size_t awaited_{0};  // queues that have not answered yet whether they take a message
  bool has_failed_{false};

  // The publication that is being carried out. First `routing_`, or a search by name, finds its queues. Then `fan_out_`
  // hands the message to them.
  std::optional<Transaction::Publication> current_;
  std::unique_ptr<Routing> routing_;
  std::vector<protocol::Ref<Queue>> found_;
  std::unique_ptr<FanOut> fan_out_;
};

}  // namespace pocketmq::broker
