#include "broker/message/message.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "broker/message/copies.hpp"

namespace pocketmq::broker {
namespace {

const char* end_of(std::string_view part) { return part.data() + part.size(); }

char* append(char* to, std::string_view bytes) {
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

}  // namespace

Message::Message(std::string_view exchange, std::string_view routing_key, const protocol::Content& content,
                 std::optional<std::chrono::milliseconds> time_to_live, std::string_view blind_copies,
                 std::uint32_t dead_letters_left, std::uint64_t number) {
  const auto properties = content.properties.encoded();
  const bool has_extension =
      time_to_live.has_value() || !blind_copies.empty() || dead_letters_left != dead_letters_max || number != 0;
  const auto front_size = sizeof(Layout) + exchange.size() + routing_key.size() + properties.size()
                          + (has_extension ? sizeof(Extension) + blind_copies.size() : 0);
  const auto body = content.body;

  const auto room_in_front = [&](const protocol::Ref<protocol::Block>& block) {
    const auto* end = block->data() + block->capacity();
    return end_of(body) == end && static_cast<std::size_t>(body.data() - block->data()) >= front_size;
  };
  const bool reuses_block = content.storage.unique() && room_in_front(content.storage);
  block_ = reuses_block ? content.storage : protocol::Block::allocate(front_size + body.size());

  new (block_->data()) Layout{.body_offset = static_cast<std::uint32_t>(block_->capacity() - body.size()),
                              .properties_size_and_extension_bit = static_cast<std::uint32_t>(properties.size())
                                                                   | (has_extension ? Layout::extension_bit : 0),
                              .exchange_size = static_cast<std::uint8_t>(exchange.size()),
                              .routing_key_size = static_cast<std::uint8_t>(routing_key.size())};
  auto* end = block_->data() + sizeof(Layout);
  for (const auto part : {exchange, routing_key, properties}) end = append(end, part);
  if (has_extension) {
    const Extension extension{.time_to_live_ms = time_to_live ? time_to_live->count() : -1,
                              .blind_copies_size = static_cast<std::uint32_t>(blind_copies.size()),
                              .dead_letters_left = dead_letters_left,
                              .number = number};
    std::memcpy(end, &extension, sizeof(Extension));
    end = append(end + sizeof(Extension), blind_copies);
  }
  if (!reuses_block) append(end, body);
}

Message::Extension Message::extension() const {
  Extension extension;
  if (layout().has_extension()) std::memcpy(&extension, end_of(properties().encoded()), sizeof(Extension));
  return extension;
}

void Message::set_dead_letters_left(std::uint32_t left) {
  assert(layout().has_extension());
  auto extension = this->extension();
  extension.dead_letters_left = left;
  const auto in_front = sizeof(Layout) + exchange().size() + routing_key().size() + properties().encoded().size();
  std::memcpy(block_->data() + in_front, &extension, sizeof(Extension));
}

std::string_view Message::blind_copies() const {
  const auto size = extension().blind_copies_size;
  if (size == 0) return {};
  return {end_of(properties().encoded()) + sizeof(Extension), static_cast<std::size_t>(size)};
}

void Message::append_routing_keys(std::vector<std::string_view>& to) const {
  to.push_back(routing_key());
  const auto append_texts = [&to](std::string_view encoded_array) {
    for (protocol::FieldReader reader{encoded_array, protocol::FieldReader::Of::array};
         const auto element = reader.next();)
      if (const auto text = element->value.string()) to.push_back(*text);
  };
  const auto headers = properties().headers();
  const auto copies = headers ? headers->find(copies_header) : std::nullopt;
  if (copies && copies->type == 'A') append_texts(copies->bytes);
  if (layout().has_extension()) append_texts(blind_copies());
}

std::optional<std::chrono::milliseconds> Message::extension_time_to_live() const {
  const auto milliseconds = extension().time_to_live_ms;
  if (milliseconds < 0) return std::nullopt;
  return std::chrono::milliseconds{milliseconds};
}

}  // namespace pocketmq::broker
