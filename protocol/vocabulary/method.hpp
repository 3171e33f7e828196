// All 66 methods of AMQP 0-9-1 with RabbitMQ's extensions, as one type.
//
// A method is a plain struct whose C++ types are its wire types. Its `describe` names each field once. Codecs, trace
// and tests are visitors of that description.
#pragma once

#include <array>
#include <type_traits>
#include <utility>
#include <variant>

#include "protocol/vocabulary/methods/access.hpp"
#include "protocol/vocabulary/methods/basic.hpp"
#include "protocol/vocabulary/methods/channel.hpp"
#include "protocol/vocabulary/methods/confirm.hpp"
#include "protocol/vocabulary/methods/connection.hpp"
#include "protocol/vocabulary/methods/exchange.hpp"
#include "protocol/vocabulary/methods/queue.hpp"
#include "protocol/vocabulary/methods/tx.hpp"

namespace pocketmq::protocol {

struct Method
    : std::variant<connection::Start, connection::StartOk, connection::Secure, connection::SecureOk, connection::Tune,
                   connection::TuneOk, connection::Open, connection::OpenOk, connection::Close, connection::CloseOk,
                   connection::Blocked, connection::Unblocked, connection::UpdateSecret, connection::UpdateSecretOk,
                   channel::Open, channel::OpenOk, channel::Flow, channel::FlowOk, channel::Close, channel::CloseOk,
                   access::Request, access::RequestOk, exchange::Declare, exchange::DeclareOk, exchange::Delete,
                   exchange::DeleteOk, exchange::Bind, exchange::BindOk, exchange::Unbind, exchange::UnbindOk,
                   queue::Declare, queue::DeclareOk, queue::Bind, queue::BindOk, queue::Purge, queue::PurgeOk,
                   queue::Delete, queue::DeleteOk, queue::Unbind, queue::UnbindOk, basic::Qos, basic::QosOk,
                   basic::Consume, basic::ConsumeOk, basic::Cancel, basic::CancelOk, basic::Publish, basic::Return,
                   basic::Deliver, basic::Get, basic::GetOk, basic::GetEmpty, basic::Ack, basic::Reject,
                   basic::RecoverAsync, basic::Recover, basic::RecoverOk, basic::Nack, confirm::Select,
                   confirm::SelectOk, tx::Select, tx::SelectOk, tx::Commit, tx::CommitOk, tx::Rollback,
                   tx::RollbackOk> {
  using variant::variant;
};

/// Calls the visitor for each method's type: `for_each_method([]<class M>() { ... })`.
template <class Visitor> constexpr void for_each_method(Visitor&& visitor) {
  [&]<class... Methods>(std::type_identity<std::variant<Methods...>>) {
    (visitor.template operator()<Methods>(), ...);
  }(std::type_identity<Method::variant>{});
}

/// Whether a content (properties and body) follows the method: publish, return, deliver, get-ok.
template <class M> inline constexpr bool has_content = requires { M::has_content; };

/// The class number, the method number and the name of a method.
[[nodiscard]] const MethodId& id_of(const Method& method);

/// Whether a content follows the method.
[[nodiscard]] bool carries_content(const Method& method);

/// A default-constructed method by its numbers, or by its name in AMQP; null if there is none.
[[nodiscard]] const Method* find_method(std::uint16_t class_id, std::uint16_t method_id);
[[nodiscard]] const Method* find_method(std::string_view name);

}  // namespace pocketmq::protocol
