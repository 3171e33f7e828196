#include "broker/message.hpp"

#include <algorithm>
#include <new>

#include "broker/copies.hpp"

namespace pocketmq::broker {

struct Message::Layout {
  std::int64_t time_to_live_ms;  // negative: none
  std::uint32_t body_offset;
  std::uint32_t body_size;
  std::uint32_t properties_size;
  std::uint32_t blind_copies_size;
  std::uint8_t exchange_size;
  std::uint8_t routing_key_size;
};

namespace {

const char* behind(std::string_view part) { return part.data() + part.size(); }

char* append(char* to, std::string_view bytes) { return std::copy(bytes.begin(), bytes.end(), to); }

}  // namespace

Message::Message(std::string_view exchange, std::string_view routing_key, protocol::Content content,
                 std::optional<std::chrono::milliseconds> time_to_live, std::string_view blind_copies) {
  const auto properties = content.properties.encoded();
  const auto front_size =
      sizeof(Layout) + exchange.size() + routing_key.size() + properties.size() + blind_copies.size();
  const auto body = content.body;

  const bool room_in_front =
      content.storage.unique() && static_cast<std::size_t>(body.data() - content.storage->data()) >= front_size;
  block_ = room_in_front ? std::move(content.storage) : protocol::Block::allocate(front_size + body.size());
  const auto body_offset = room_in_front ? static_cast<std::size_t>(body.data() - block_->data()) : front_size;

  new (block_->data()) Layout{.time_to_live_ms = time_to_live ? time_to_live->count() : -1,
                              .body_offset = static_cast<std::uint32_t>(body_offset),
                              .body_size = static_cast<std::uint32_t>(body.size()),
                              .properties_size = static_cast<std::uint32_t>(properties.size()),
                              .blind_copies_size = static_cast<std::uint32_t>(blind_copies.size()),
                              .exchange_size = static_cast<std::uint8_t>(exchange.size()),
                              .routing_key_size = static_cast<std::uint8_t>(routing_key.size())};
  auto* end = block_->data() + sizeof(Layout);
  for (const auto part : {exchange, routing_key, properties, blind_copies}) end = append(end, part);
  if (!room_in_front) append(end, body);
}

const Message::Layout& Message::layout() const { return *std::launder(reinterpret_cast<Layout*>(block_->data())); }

const char* Message::names() const { return block_->data() + sizeof(Layout); }

std::string_view Message::exchange() const { return {names(), layout().exchange_size}; }

std::string_view Message::routing_key() const { return {names() + layout().exchange_size, layout().routing_key_size}; }

protocol::Properties Message::properties() const {
  return protocol::Properties{{behind(routing_key()), layout().properties_size}};
}

std::string_view Message::blind_copies() const { return {behind(properties().encoded()), layout().blind_copies_size}; }

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
  append_texts(blind_copies());
}

std::string_view Message::body() const { return {block_->data() + layout().body_offset, layout().body_size}; }

std::optional<std::chrono::milliseconds> Message::time_to_live() const {
  if (layout().time_to_live_ms < 0) return std::nullopt;
  return std::chrono::milliseconds{layout().time_to_live_ms};
}

protocol::MemoryCharge Message::hold(protocol::MemoryAccount& account) const {
  constexpr std::size_t place_bytes = 96;  // of a queue's entry, or an unacked delivery, with what points to it
  block_->charge_to(account);
  return {account, place_bytes};
}

protocol::Content Message::content() const { return {.properties = properties(), .body = body(), .storage = block_}; }

}  // namespace pocketmq::broker
