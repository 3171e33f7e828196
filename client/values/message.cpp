#include "client/values/message.hpp"

#include "client/values/error.hpp"
#include "protocol/vocabulary/command.hpp"
#include "protocol/vocabulary/properties.hpp"

namespace pocketmq::client {
namespace {

// Calls `pair` with each property of `owned` and the same one of `views`.
void each_pair(auto& owned, auto& views, auto&& pair) {
  pair(owned.content_type, views.content_type);
  pair(owned.content_encoding, views.content_encoding);
  pair(owned.headers, views.headers);
  pair(owned.delivery_mode, views.delivery_mode);
  pair(owned.priority, views.priority);
  pair(owned.correlation_id, views.correlation_id);
  pair(owned.reply_to, views.reply_to);
  pair(owned.expiration, views.expiration);
  pair(owned.message_id, views.message_id);
  pair(owned.timestamp, views.timestamp);
  pair(owned.type, views.type);
  pair(owned.user_id, views.user_id);
  pair(owned.app_id, views.app_id);
  pair(owned.cluster_id, views.cluster_id);
}

// Points each view at the owned property. `fits` is false if a text is too long for a short string.
struct Show {
  bool fits{true};

  void operator()(const std::optional<std::string>& owned, std::optional<protocol::ShortString>& view) {
    if (!owned) return;
    if (owned->size() > protocol::ShortString::max_size_bytes)
      fits = false;
    else
      view = *owned;
  }
  void operator()(const std::optional<Table>& owned, std::optional<protocol::FieldTable>& view) {
    if (owned) view = owned->view();
  }
  template <std::integral T> void operator()(const std::optional<T>& owned, std::optional<T>& view) { view = owned; }
};

struct Copy {
  void operator()(std::optional<std::string>& owned, const std::optional<protocol::ShortString>& view) {
    if (view) owned.emplace(*view);
  }
  void operator()(std::optional<Table>& owned, const std::optional<protocol::FieldTable>& view) {
    if (view) owned.emplace(*view);
  }
  template <std::integral T> void operator()(std::optional<T>& owned, const std::optional<T>& view) { owned = view; }
};

}  // namespace

std::error_code encode(const Properties& properties, std::string& to) {
  protocol::BasicProperties views;
  Show show;
  each_pair(properties, views, show);
  if (!show.fits) return Error::name_too_long;
  protocol::encode(views, to);
  return {};
}

Message to_message(const protocol::BasicProperties& properties, std::string_view body) {
  Message message{.body = std::string{body}};
  each_pair(message.properties, properties, Copy{});
  return message;
}

Message to_message(const protocol::Properties& properties, std::string_view body) {
  return to_message(properties.decode(), body);
}

Message to_message(const protocol::Content& content) {
  auto message = to_message(content.properties, content.body);
  message.fault = content.fault;
  return message;
}

}  // namespace pocketmq::client
