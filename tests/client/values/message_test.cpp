// Messages, tables and errors as a client's user sees them, and as they travel.
#include "client/values/message.hpp"

#include <limits>
#include <set>
#include <string>

#include "client/exit_status.hpp"
#include "client/values/error.hpp"
#include "client/values/rpc_error.hpp"
#include "client/values/rpc_request.hpp"
#include "protocol/vocabulary/command.hpp"
#include "protocol/vocabulary/limits.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::client {
namespace {

Message again(const Message& message) {
  std::string encoded;
  REQUIRE_FALSE(encode(message.properties, encoded));
  return to_message(protocol::Properties{encoded}, message.body);
}

using Text = std::optional<std::string> Properties::*;
constexpr Text texts[] = {&Properties::content_type, &Properties::content_encoding, &Properties::correlation_id,
                          &Properties::reply_to,     &Properties::expiration,       &Properties::message_id,
                          &Properties::type,         &Properties::user_id,          &Properties::app_id,
                          &Properties::cluster_id};

TEST_CASE("a message has the properties that it was sent with, and no others") {
  CHECK(again({.body = "b"}) == Message{.body = "b"});
  for (const auto text : texts) {
    Message message{.body = "b"};
    message.properties.*text = "t";
    CHECK(again(message) == message);
  }
  CHECK(again({.properties = {.delivery_mode = std::uint8_t{2}}}).properties.delivery_mode == 2);
  CHECK(again({.properties = {.priority = std::uint8_t{9}}}).properties.priority == 9);
  CHECK(again({.properties = {.timestamp = 1U}}).properties.timestamp == 1);
  CHECK(again({.properties = {.headers = Table{}.add("a", 1)}}).properties.headers == Table{}.add("a", 1));
  const Message all{.body = "b",
                    .properties = {.content_type = "1",
                                   .content_encoding = "2",
                                   .headers = Table{}.add("h", true),
                                   .delivery_mode = std::uint8_t{1},
                                   .priority = std::uint8_t{3},
                                   .correlation_id = "4",
                                   .reply_to = "5",
                                   .expiration = "6",
                                   .message_id = "7",
                                   .timestamp = std::numeric_limits<std::uint64_t>::max(),
                                   .type = "8",
                                   .user_id = "9",
                                   .app_id = "10",
                                   .cluster_id = "11"}};
  CHECK(again(all) == all);
}

TEST_CASE("a property may have 255 bytes and no more") {
  for (const auto text : texts) {
    Properties properties;
    std::string encoded;
    properties.*text = std::string(255, 'x');
    CHECK_FALSE(encode(properties, encoded));
    encoded.clear();
    properties.*text = std::string(256, 'x');
    CHECK(encode(properties, encoded) == Error::name_too_long);
    CHECK(encoded.empty());
  }
}

TEST_CASE("what could not be read of a message is told with it") {
  const protocol::Content content{.body = "b", .fault = "its headers are malformed"};
  CHECK(to_message(content) == Message{.body = "b", .fault = "its headers are malformed"});
}

TEST_CASE("a table gives a field to who asks for its type") {
  const auto table = Table{}
                         .add("yes", true)
                         .add("no", false)
                         .add("number", -7)
                         .add("large", std::numeric_limits<std::int64_t>::max())
                         .add("text", "t")
                         .add("nested", Table{}.add("inner", 1));
  CHECK(table.boolean("yes") == true);
  CHECK(table.boolean("no") == false);
  CHECK(table.integer("number") == -7);
  CHECK(table.integer("large") == std::numeric_limits<std::int64_t>::max());
  CHECK(table.string("text") == "t");
  REQUIRE(table.table("nested"));
  CHECK(table.table("nested")->integer("inner") == 1);
  CHECK_FALSE(table.boolean("number"));
  CHECK_FALSE(table.integer("yes"));
  CHECK_FALSE(table.string("number"));
  CHECK_FALSE(table.table("text"));
  CHECK_FALSE(table.boolean("none"));
  CHECK_FALSE(table.integer("none"));
  CHECK_FALSE(table.string("none"));
  CHECK_FALSE(table.table("none"));
  CHECK_FALSE(table.empty());
  CHECK(Table{}.empty());
  CHECK(table == Table{table.view()});
  CHECK_FALSE(table == Table{});
  const std::string longest(255, 'n');
  CHECK(Table{}.add(longest, 1).integer(longest) == 1);
  CHECK_THROWS_AS(Table{}.add(longest + "n", true), std::length_error);
  CHECK_THROWS_AS(Table{}.add(longest + "n", "t"), std::length_error);
  CHECK_THROWS_AS(Table{}.add(longest + "n", Table{}), std::length_error);
}

TEST_CASE("each error has a text of its own") {
  std::set<std::string> texts_of_errors;
  for (const auto error :
       {Error::invalid_url, Error::timed_out, Error::connection_lost, Error::protocol_violation, Error::not_open,
        Error::closed, Error::name_too_long, Error::too_many_channels, Error::unreadable})
    texts_of_errors.insert(make_error_code(error).message());
  CHECK(texts_of_errors.size() == 9);
  CHECK_FALSE(texts_of_errors.contains("unknown error"));
  CHECK(std::error_code{0, client_category()}.message() == "unknown error");
  CHECK(std::string{client_category().name()} == "pocketmq.client");
  CHECK(std::string{reply_error(404).category().name()} == "amqp.reply_code");
  CHECK(reply_error(404).message() == "AMQP reply code 404 (NOT_FOUND)");
}

TEST_CASE("each code of a failed call has a name and an exit status") {
  std::set<std::string_view> names;
  for (int number = 0; number <= static_cast<int>(RpcCode::unauthenticated); ++number) {
    const auto code = static_cast<RpcCode>(number);
    names.insert(name_of(code));
    CHECK(rpc_code(name_of(code)) == code);
    CHECK(exit_status(code) == 65 + number);
    CHECK(code_of_exit_status(65 + number) == code);
    CHECK(error_from_body(to_body({code, "why"})).code() == code);
  }
  CHECK(names.size() == 16);
  CHECK(rpc_code("cancelled") == RpcCode::cancelled);
  CHECK(rpc_code("no such code") == RpcCode::unknown);
  for (const int status : {0, 1, 64, 81, 255}) CHECK_FALSE(code_of_exit_status(status));
}

TEST_CASE("an error says its code, its reason and its message") {
  const RpcError lost{RpcCode::unavailable, "gone", reason::connection_lost};
  CHECK(std::string{lost.what()} == "unavailable (connection_lost): gone");
  CHECK(lost.message() == "gone");
  CHECK(lost.reason() == "connection_lost");
  CHECK(std::string{RpcError{RpcCode::aborted, "why"}.what()} == "aborted: why");
  RpcError other{RpcCode::internal, ""};
  other = lost;
  const auto copy = other;
  CHECK(std::string{copy.what()} == lost.what());
  CHECK(copy.reason() == "connection_lost");
}

TEST_CASE("a body that is no error is an internal one") {
  for (const auto* body :
       {"", "x", "[]", "7", "\"code\"", "{}", R"({"message":"m"})", R"({"code":7,"message":"m"})", R"({"code":""})"}) {
    const auto error = error_from_body(body);
    CHECK(error.code() == RpcCode::internal);
    CHECK(error.message() == "an error reply without a code");
  }
  CHECK(error_from_body(R"({"code":"aborted"})").message().empty());
  CHECK(error_from_body(R"({"code":"aborted","message":7})").message().empty());
  CHECK(error_from_body(R"({"code":"new"})").code() == RpcCode::unknown);
}

TEST_CASE("a request may be as large as a message, and its queue's name as long as a name") {
  const auto fault = [](RpcRequest request) {
    const auto found = find_fault(request);
    return found ? std::string{found->what()} : std::string{};
  };
  const auto body_max = protocol::Limits{}.body_max_bytes;
  CHECK(fault({.queue = std::string(255, 'q'), .timeout = std::chrono::milliseconds{1}}).empty());
  CHECK(fault({.queue = "q", .payload = {std::string(body_max, 'x')}, .timeout = no_timeout}).empty());
  CHECK(fault({.queue = "q", .payload = {std::string(body_max + 1, 'x')}, .timeout = no_timeout})
        == "resource_exhausted: payload: it has 134217729 bytes, and may have 134217728");
  CHECK(fault({.queue = "q"}) == "deadline_exceeded: timeout: there was no time left for the call");
}

}  // namespace
}  // namespace pocketmq::client
