#include "tests/bench/load/broker_connection.hpp"

#include <stdexcept>

#include "protocol/codec/amqp_codec.hpp"
#include "protocol/codec/make_codec.hpp"

namespace pocketmq::bench {

namespace basic = protocol::basic;
namespace channel = protocol::channel;
namespace connection = protocol::connection;
using protocol::ShortString;

BrokerConnection::BrokerConnection(std::uint16_t port, protocol::Encoding encoding)
    : Connection{port}, codec_{protocol::make_codec(encoding, {})} {
  if (encoding == protocol::Encoding::amqp)
    open_amqp();
  else
    call_on(0, connection::Open{.virtual_host = "/", .user = "guest", .password = "guest"}, [](const auto&) {});
}

void BrokerConnection::open_amqp() {
  using namespace std::string_view_literals;
  constexpr std::uint32_t frame_max = 131'072;
  output().append(protocol::amqp_header);
  await<connection::Start>([](const auto&) {});
  send({.method = connection::StartOk{.mechanism = "PLAIN", .response = "\0guest\0guest"sv, .locale = "en_US"}});
  await<connection::Tune>([](const auto&) {});
  send({.method = connection::TuneOk{.channel_max = 2'047, .frame_max = frame_max, .heartbeat = 0}});
  codec_->tune_frame_max(frame_max);
  call_on(0, connection::Open{.virtual_host = "/"}, [](const auto&) {});
  call(channel::Open{});
}

void BrokerConnection::publish(std::string_view routing_key, std::string_view body,
                               const protocol::BasicProperties& properties, std::string_view exchange) {
  properties_.clear();
  encode(properties, properties_);
  send({.channel = 1,
        .method = basic::Publish{.exchange = ShortString{exchange}, .routing_key = ShortString{routing_key}},
        .content = protocol::Content{.properties = protocol::Properties{properties_}, .body = body}});
}

void BrokerConnection::close() {
  call_on(0, connection::Close{.reply_code = 200, .reply_text = "bye"}, [](const auto&) {});
}

void BrokerConnection::receive() {
  codec_->commit(input_, read(codec_->prepare(input_)));
  for (;;) switch (codec_->decode(input_, command_)) {
      case protocol::Decoded::need_more: return;
      case protocol::Decoded::heartbeat: break;
      case protocol::Decoded::violation: throw std::runtime_error{"the server says: " + codec_->violation().text};
      case protocol::Decoded::command:
        handle(command_);
        command_.content.reset();
        break;
    }
}

void BrokerConnection::handle(const protocol::Command& command) {
  if (awaited_ && awaited_(command.method)) return;
  if (const auto* closed = std::get_if<connection::Close>(&command.method))
    throw std::runtime_error{"the server closes the connection: " + std::string{closed->reply_text}};
  if (const auto* closed = std::get_if<channel::Close>(&command.method))
    throw std::runtime_error{"the server closes the channel: " + std::string{closed->reply_text}};
  on_command(command);
}

}  // namespace pocketmq::bench
