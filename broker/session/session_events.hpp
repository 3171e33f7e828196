// What a session tells the journal. Each function does nothing if nobody listens.
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/core/context.hpp"
#include "broker/core/holdings.hpp"
#include "protocol/vocabulary/encoding.hpp"
#include "protocol/vocabulary/method.hpp"
#include "protocol/vocabulary/reply_code.hpp"

namespace pocketmq::broker {

struct Client;

class SessionEvents {
 public:
  /// `context` outlives it. `number` is the session's.
  SessionEvents(Context& context, std::uint64_t number) : context_{context}, number_{number} {}
  SessionEvents(const SessionEvents&) = delete;
  SessionEvents& operator=(const SessionEvents&) = delete;

  /// The client has sent its first bytes, or the connection ends before. Only the first call tells anything.
  void opened(std::string_view address);
  void authenticated(const Client& client, std::string_view name, std::string_view address,
                     protocol::Encoding encoding);
  /// `begin`: the first bytes, which belong to no protocol that the broker speaks.
  void unintelligible(std::string_view begin);
  /// `cause` is the refused method; its name is empty if no method is the cause.
  void refused(std::uint16_t channel, event::RefusalScope scope, protocol::ReplyCode code, std::string_view text,
               const protocol::MethodId& cause);
  void blocked();
  void unblocked();

  // ---- the end; only the first call of one of these tells anything

  void closed(event::By by, std::uint16_t code = 0, std::string_view text = {});
  /// Tells nothing before `opened`.
  void lost(std::string_view why, const Holdings& holdings);
  /// Whether the connection was told as opened, and not as ended.
  [[nodiscard]] bool is_open() const { return is_opened_ && !has_ended_; }

 private:
  Context& context_;
  const std::uint64_t number_;
  bool is_opened_{false};
  bool has_ended_{false};
};

}  // namespace pocketmq::broker
