#include "tests/support/received.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

#include "protocol/codec/trace.hpp"

namespace pocketmq::tests {
namespace {

// Points a method's views at copies of what they view.
struct KeepTexts {
  std::list<std::string>& texts;

  void operator()(protocol::FieldName, protocol::ShortString& text) const { text = texts.emplace_back(text); }
  void operator()(protocol::FieldName, protocol::LongString& text) const { text = texts.emplace_back(text); }
  void operator()(protocol::FieldName, protocol::FieldTable& table) const {
    table = protocol::FieldTable{texts.emplace_back(table.encoded())};
  }
  void operator()(protocol::FieldName, auto&) const {}
};

Received copy_of(const protocol::Command& command) {
  Received received{.channel = command.channel, .method = command.method};
  std::visit([&]<class M>(M& method) { M::describe(method, KeepTexts{received.texts}); }, received.method);
  if (command.content) {
    received.properties = command.content->properties.encoded();
    received.body = command.content->body;
  }
  return received;
}

std::string all_of(protocol::Output& output) {
  std::string bytes;
  while (!output.empty()) {
    const auto before = bytes.size();
    append_waiting(output, output.size(), bytes);
    output.consume(bytes.size() - before);
  }
  return bytes;
}

}  // namespace

std::string described(const Received& received) {
  protocol::Command command{.channel = received.channel, .method = received.method};
  if (protocol::carries_content(received.method))
    command.content = {.properties = protocol::Properties{received.properties}, .body = received.body};
  return protocol::trace_text(command);
}

void append_waiting(const protocol::Output& output, std::size_t at_most, std::string& to) {
  std::array<std::string_view, 64> pieces;
  const auto count = output.gather(pieces);
  for (std::size_t i = 0; i < count && at_most > 0; ++i) {
    const auto piece = pieces[i].substr(0, at_most);
    to += piece;
    at_most -= piece.size();
  }
}

void Speech::hear(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto room = codec_->prepare(input_);
    const auto size = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), size);
    bytes.remove_prefix(size);
    codec_->commit(input_, size);
    protocol::Command command;
    for (auto decoded = codec_->decode(input_, command); decoded != protocol::Decoded::need_more;
         decoded = codec_->decode(input_, command)) {
      if (decoded == protocol::Decoded::violation)
        throw std::logic_error{"the broker sent what is malformed: " + codec_->violation().text};
      if (decoded == protocol::Decoded::command)
        keep(command);
      else
        ++heartbeats;
    }
  }
}

void Speech::keep(const protocol::Command& command) {
  const auto& received = heard.emplace_back(copy_of(command));
  const auto* deliver = std::get_if<protocol::basic::Deliver>(&received.method);
  const auto* get_ok = std::get_if<protocol::basic::GetOk>(&received.method);
  if (deliver != nullptr) latest_tags_[{received.channel, received.body}] = deliver->delivery_tag;
  if (get_ok != nullptr) latest_tags_[{received.channel, received.body}] = get_ok->delivery_tag;
}

std::optional<std::uint64_t> Speech::latest_tag(std::uint16_t channel, std::string_view body) const {
  const auto found = latest_tags_.find({channel, std::string{body}});
  return found == latest_tags_.end() ? std::nullopt : std::optional{found->second};
}

std::string Speech::say(const protocol::Command& command) {
  protocol::Output output;
  codec_->encode(command, output);
  return all_of(output);
}

std::string Speech::say_heartbeat() {
  protocol::Output output;
  codec_->encode_heartbeat(output);
  return all_of(output);
}

}  // namespace pocketmq::tests
