#include "protocol/codec/amqp_codec.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "protocol/vocabulary/amqp_wire.hpp"

namespace pocketmq::protocol {
namespace {

enum FrameType : std::uint8_t { frame_method = 1, frame_header = 2, frame_body = 3, frame_heartbeat = 8 };

constexpr std::size_t frame_header_size = 7;
constexpr std::size_t frame_overhead = 8;  // with the end octet
constexpr char frame_end = '\xCE';
constexpr std::size_t content_header_fixed_size = 12;  // class, weight, body size
constexpr std::size_t method_id_size = 4;
constexpr std::size_t waited_for_max_bytes = 4'096;  // a smaller payload is waited for in the buffer
constexpr std::uint16_t weight_zero = 0;             // of a content header: unused, must be 0 (4.2.6.1)

[[gnu::always_inline]] inline char* write_frame_header(char* to, FrameType type, std::uint16_t channel,
                                                       std::size_t payload_size) {
  *to++ = static_cast<char>(type);
  to = store_big_endian(to, channel);
  return store_big_endian(to, static_cast<std::uint32_t>(payload_size));
}

// The payload of a content header frame (4.2.6.1), its properties unchecked.
struct ContentHeader {
  std::uint16_t class_id;
  std::uint16_t weight;
  std::uint64_t body_size;
  Properties properties;
};

// Nothing if the payload is too short for the fixed fields.
inline std::optional<ContentHeader> read_content_header(std::string_view payload) {
  if (payload.size() < content_header_fixed_size) return std::nullopt;
  return ContentHeader{.class_id = load_big_endian<std::uint16_t>(payload.data()),
                       .weight = load_big_endian<std::uint16_t>(payload.data() + 2),
                       .body_size = load_big_endian<std::uint64_t>(payload.data() + 4),
                       .properties = Properties{payload.substr(content_header_fixed_size)}};
}

void write_body_frame(char* to, std::uint16_t channel, std::string_view body) {
  WireWriter writer{write_frame_header(to, frame_body, channel, body.size())};
  writer.write_bytes(body);
  *writer.end() = frame_end;
}

}  // namespace

std::uint32_t AmqpCodec::payload_max() const {
  const auto frame_max = limits().frame_max_bytes;
  return (frame_max == 0 ? Limits::frame_bytes_when_unlimited : frame_max) - static_cast<std::uint32_t>(frame_overhead);
}

// ---- reading

bool AmqpCodec::reads_into_block() const {
  return open_body_ && !open_body_->content->body->is_dropped() && open_body_->left >= direct_read_min_bytes;
}

std::span<std::byte> AmqpCodec::prepare(InputBuffer& input) {
  if (!reads_into_block()) return input.prepare();
  input.begin_small();
  return open_body_->content->body->prepare(open_body_->left);
}

void AmqpCodec::commit(InputBuffer& input, std::size_t bytes) {
  if (!reads_into_block()) return input.commit(bytes);
  open_body_->content->body->commit(bytes);
  open_body_->left -= bytes;
}

Decoded AmqpCodec::decode(InputBuffer& input, Command& into) {
  if (!last_content_.empty()) last_content_ = {};
  for (;;) {
    const auto result = open_body_ ? decode_body(input, into) : decode_frame(input, into);
    if (result) return *result;
  }
}

std::optional<Decoded> AmqpCodec::decode_frame(InputBuffer& input, Command& into) {
  const auto unread = input.unread();
  if (unread.size() < frame_header_size) return Decoded::need_more;
  const FrameHeader frame{static_cast<std::uint8_t>(unread[0]), load_big_endian<std::uint16_t>(unread.data() + 1),
                          load_big_endian<std::uint32_t>(unread.data() + 3)};
  if (const auto refused = check_frame(frame, unread)) return refused;

  if (frame.type == frame_body) {
    auto* content = pending_on(frame.channel);
    if (content == nullptr || !content->body) return refuse_out_of_order(content);
    if (frame.payload_size > content->body->left())
      return refuse(ReplyCode::frame_error, "the body on channel " + std::to_string(frame.channel)
                                                + " is longer than the " + std::to_string(content->body->size())
                                                + " bytes that its content header announced");
    input.consume(frame_header_size);
    open_body_ = OpenBodyFrame{content, frame.channel, frame.payload_size};
    return std::nullopt;
  }

  if (unread.size() < frame_overhead + frame.payload_size) return Decoded::need_more;
  const auto payload = unread.substr(frame_header_size, frame.payload_size);
  if (unread[frame_header_size + frame.payload_size] != frame_end)
    return refuse(ReplyCode::frame_error, "a frame of type " + std::to_string(frame.type) + " and "
                                              + std::to_string(frame.payload_size)
                                              + " payload bytes does not end with the octet 0xCE");
  input.consume(frame_overhead + frame.payload_size);
  if (frame.type == frame_heartbeat) return Decoded::heartbeat;
  if (frame.type == frame_header) return handle_content_header(frame.channel, payload, into);
  return handle_method(frame.channel, payload, input, into);
}

std::optional<Decoded> AmqpCodec::check_frame(const FrameHeader& frame, std::string_view unread) {
  const auto frame_max = limits().frame_max_bytes;
  switch (frame.type) {
    case frame_method:
    case frame_header:
    case frame_body: break;
    case frame_heartbeat:
      if (frame.channel != 0)
        return refuse(ReplyCode::unexpected_frame,
                      "a heartbeat came on channel " + std::to_string(frame.channel) + "; heartbeats go on channel 0");
      if (frame.payload_size != 0)
        return refuse(ReplyCode::frame_error, "a heartbeat came with a payload; it has none");
      break;
    default:
      if (unread.starts_with("AMQP"))
        return refuse(ReplyCode::frame_error,
                      "the peer answered with a protocol header: it does not accept AMQP 0-9-1");
      return refuse(ReplyCode::frame_error,
                    "frame type " + std::to_string(frame.type)
                        + " is unknown; 1 (method), 2 (header), 3 (body) and 8 (heartbeat) exist");
  }
  // As on RabbitMQ, the payload alone may be as large as the whole frame should be. If no frame size was negotiated,
  // frames that are not body frames still have a limit.
  std::uint64_t payload_limit =
      frame_max != 0 ? frame_max
                     : (frame.type == frame_body ? limits().body_max_bytes : Limits::frame_bytes_when_unlimited * 8ULL);
  if (frame.type == frame_header)
    payload_limit = std::max<std::uint64_t>(payload_limit, limits().content_header_max_bytes);
  if (frame.payload_size > payload_limit)
    return refuse(ReplyCode::frame_error, "a frame with " + std::to_string(frame.payload_size)
                                              + " payload bytes is larger than the negotiated maximum of "
                                              + std::to_string(payload_limit));
  return std::nullopt;
}

std::optional<Decoded> AmqpCodec::read_method(std::uint16_t channel, std::string_view payload, Command& into) {
  if (payload.size() < method_id_size)
    return refuse(ReplyCode::frame_error, "a method frame is too short for a class and a method number");
  const auto class_id = load_big_endian<std::uint16_t>(payload.data());
  const auto method_id = load_big_endian<std::uint16_t>(payload.data() + 2);
  const Method* prototype = find_method(class_id, method_id);
  if (prototype == nullptr)
    return refuse(ReplyCode::not_implemented,
                  "no method " + std::to_string(method_id) + " in class " + std::to_string(class_id) + " is known",
                  {class_id, method_id, {}});
  into.channel = channel;
  into.method = *prototype;
  into.content.reset();
  WireReader reader{payload.substr(method_id_size), limits().table_depth_max};
  std::visit([&]<class M>(M& method) { M::describe(method, reader); }, into.method);
  if (reader.is_done()) return std::nullopt;
  const auto& id = id_of(into.method);
  return refuse(ReplyCode::frame_error, std::string{id.name} + ": " + *reader.fault(), id);
}

std::optional<Decoded> AmqpCodec::handle_method(std::uint16_t channel, std::string_view payload, InputBuffer& rest,
                                                Command& into) {
  if (auto* content = pending_on(channel)) {
    // A publisher may abandon a body that is dropped anyway. Any other content has to be complete first.
    if (!content->body || !content->body->is_dropped()) return refuse_out_of_order(content);
    pending_.erase(channel);
  }
  if (const auto refused = read_method(channel, payload, into)) return refused;
  if (!carries_content(into.method)) return Decoded::command;
  switch (take_buffered_content(channel, rest, into)) {
    case InBuffer::yes: return Decoded::command;
    case InBuffer::not_yet: rest.put_back(frame_overhead + payload.size()); return Decoded::need_more;
    case InBuffer::no: break;
  }
  auto& content = pending_[channel];
  content.method = payload;
  charge(content);
  return std::nullopt;
}

// With RabbitMQ's texts.
Decoded AmqpCodec::refuse_out_of_order(const PendingContent* content) {
  const auto refuse_with = [&](const std::string& expected, std::string_view got, const MethodId& about) {
    return refuse(ReplyCode::unexpected_frame, "expected " + expected + ", got " + std::string{got} + " frame instead",
                  about);
  };
  if (content == nullptr) return refuse_with("method frame", "non method", {0, 0, {}});
  const auto about = content->about();
  if (content->body) return refuse_with("content body", "non content body", about);
  return refuse_with("content header for class " + std::to_string(about.class_id), "non content header", about);
}

// Handles the usual case: content header and body follow the method in the buffer, each in one frame. If only a small
// part of them is missing, the method is decoded again when that has come. All other cases, and all faults, are left to
// decode_frame.
AmqpCodec::InBuffer AmqpCodec::take_buffered_content(std::uint16_t channel, InputBuffer& input, Command& into) {
  const auto unread = input.unread();
  std::size_t used = 0;
  auto missing = InBuffer::no;
  const auto take = [&](FrameType type, std::size_t payload_max_bytes) -> std::optional<std::string_view> {
    const auto left = unread.size() - used;
    if (left < frame_header_size) {
      missing = InBuffer::not_yet;
      return std::nullopt;
    }
    const char* frame = unread.data() + used;
    const std::size_t payload_size = load_big_endian<std::uint32_t>(frame + 3);
    if (frame[0] != static_cast<char>(type) || load_big_endian<std::uint16_t>(frame + 1) != channel
        || payload_size > payload_max_bytes)
      return std::nullopt;
    if (left < frame_overhead + payload_size) {
      if (payload_size <= waited_for_max_bytes) missing = InBuffer::not_yet;
      return std::nullopt;
    }
    if (frame[frame_header_size + payload_size] != frame_end) return std::nullopt;
    used += frame_overhead + payload_size;
    return std::string_view{frame + frame_header_size, payload_size};
  };

  const auto payload = take(frame_header, payload_max());
  if (!payload) return missing;
  const auto header = read_content_header(*payload);
  const bool is_usual = header && header->class_id == id_of(into.method).class_id && header->weight == weight_zero
                        && header->body_size <= limits().body_max_bytes
                        && !find_fault(header->properties, limits().table_depth_max);
  if (!is_usual) return InBuffer::no;
  std::string_view body;
  if (header->body_size > 0) {
    const auto whole = take(frame_body, std::min<std::size_t>(header->body_size, payload_max()));
    if (!whole) return missing;
    if (whole->size() != header->body_size) return InBuffer::no;
    body = *whole;
  }
  input.consume(used);
  auto& content = into.content.emplace();
  content.properties = header->properties;
  content.body = body;
  return InBuffer::yes;
}

std::optional<Decoded> AmqpCodec::handle_content_header(std::uint16_t channel, std::string_view payload,
                                                        Command& into) {
  auto* content = pending_on(channel);
  if (content == nullptr || content->body) return refuse_out_of_order(content);
  const auto about = content->about();
  const auto header = read_content_header(payload);
  if (!header)
    return refuse(ReplyCode::frame_error, "a content header is too short for class, weight and body size", about);
  if (header->class_id != about.class_id)
    return refuse(ReplyCode::unexpected_frame,
                  "expected content header for class " + std::to_string(about.class_id) + ", got one for class "
                      + std::to_string(header->class_id) + " instead",
                  about);
  if (header->weight != weight_zero) return refuse_out_of_order(content);
  if (const auto fault = find_fault(header->properties, limits().table_depth_max)) {
    auto text = "malformed properties: " + *fault;
    if (limits().on_fault == OnFault::refuse) return refuse(ReplyCode::internal_error, std::move(text), about);
    content->fault = std::move(text);
    content->properties = readable_part(header->properties);
  } else {
    content->properties = header->properties.encoded();
  }
  charge(*content);
  if (header->body_size > limits().body_max_bytes) {
    content->body.emplace(header->body_size, 0, IncomingBody::Mode::dropped);
    (void)read_method(channel, content->method, into);  // checked when it arrived
    into.content = Content{.properties = Properties{content->properties},
                           .refused_size_bytes = header->body_size,
                           .fault = content->fault};
    return Decoded::command;
  }
  content->body.emplace(header->body_size, body_headroom(content->method.size(), content->properties.size()),
                        IncomingBody::Mode::kept, account());
  return finish_if_complete(channel, *content, into);
}

std::optional<Decoded> AmqpCodec::decode_body(InputBuffer& input, Command& into) {
  const auto piece = input.unread().substr(0, open_body_->left);
  open_body_->content->body->append(piece);
  input.consume(piece.size());
  open_body_->left -= piece.size();
  if (open_body_->left > 0 || input.unread().empty()) return Decoded::need_more;
  if (input.unread()[0] != frame_end)
    return refuse(ReplyCode::frame_error, "a body frame does not end with the octet 0xCE");
  input.consume(1);
  const auto [content, channel, left] = *open_body_;
  open_body_.reset();
  return finish_if_complete(channel, *content, into);
}

std::optional<Decoded> AmqpCodec::finish_if_complete(std::uint16_t channel, PendingContent& content, Command& into) {
  if (content.body->left() > 0) return std::nullopt;
  last_content_ = pending_.extract(channel);
  if (content.body->is_dropped()) return std::nullopt;
  (void)read_method(channel, content.method, into);  // checked when it arrived
  into.content = Content{.properties = Properties{content.properties}, .fault = content.fault};
  std::move(*content.body).move_to(*into.content);
  return Decoded::command;
}

MethodId AmqpCodec::PendingContent::about() const {
  return {load_big_endian<std::uint16_t>(method.data()), load_big_endian<std::uint16_t>(method.data() + 2), {}};
}

std::uint64_t AmqpCodec::missing_bytes(const InputBuffer& input) const {
  constexpr std::size_t contents_looked_at_max = 16;
  if (pending_.size() > contents_looked_at_max) return std::numeric_limits<std::uint64_t>::max();
  std::uint64_t left = 0;
  for (const auto& [channel, content] : pending_) left += content.body ? content.body->left() : 0;
  const auto unread = input.unread();
  if (unread.size() < frame_header_size) return left;
  const auto frame_size = frame_overhead + load_big_endian<std::uint32_t>(unread.data() + 3);
  return left + frame_size - std::min(frame_size, unread.size());
}

// Charged because a peer may begin a content on each of very many channels.
void AmqpCodec::charge(PendingContent& content) const {
  if (account() == nullptr) return;
  content.charge = MemoryCharge{*account(), sizeof(PendingContent) + content.method.size() + content.properties.size()};
}

AmqpCodec::PendingContent* AmqpCodec::pending_on(std::uint16_t channel) {
  if (pending_.empty()) return nullptr;
  const auto found = pending_.find(channel);
  return found == pending_.end() ? nullptr : &found->second;
}

// ---- writing

void AmqpCodec::encode(const Command& command, Output& output) {
  if (!command.content) {
    encode_method(command, 0, output);
    return;
  }
  const auto& content = *command.content;
  const bool is_copied = content.body.size() < borrow_min_bytes && content.body.size() <= payload_max();
  const auto header_size = content_header_fixed_size + content.properties.encoded().size();
  const auto body_frame_size = content.body.empty() ? 0 : frame_overhead + content.body.size();
  char* to = encode_method(command, frame_overhead + header_size + (is_copied ? body_frame_size : 0), output);

  WireWriter writer{write_frame_header(to, frame_header, command.channel, header_size)};
  writer.write(id_of(command.method).class_id);
  writer.write(weight_zero);
  writer.write(std::uint64_t{content.body.size()});
  writer.write_bytes(content.properties.encoded());
  to = writer.end();
  *to++ = frame_end;
  if (!is_copied)
    encode_body(command.channel, content, output);
  else if (!content.body.empty())
    write_body_frame(to, command.channel, content.body);
}

// Returns the address of `bytes_behind` bytes of room after the method's frame.
char* AmqpCodec::encode_method(const Command& command, std::size_t bytes_behind, Output& output) {
  return std::visit(
      [&]<class M>(const M& method) {
        WireMeasure measure;
        M::describe(method, measure);
        const auto size = method_id_size + measure.size();
        char* to = output.extend(frame_overhead + size + bytes_behind);
        WireWriter writer{write_frame_header(to, frame_method, command.channel, size)};
        writer.write(M::id.class_id);
        writer.write(M::id.method_id);
        M::describe(method, writer);
        to = writer.end();
        *to++ = frame_end;
        return to;
      },
      command.method);
}

void AmqpCodec::encode_body(std::uint16_t channel, const Content& content, Output& output) const {
  for (auto body = content.body; !body.empty();) {
    const auto piece = body.substr(0, payload_max());
    body.remove_prefix(piece.size());
    if (content.storage && piece.size() >= borrow_min_bytes) {
      write_frame_header(output.extend(frame_header_size), frame_body, channel, piece.size());
      output.borrow(content.storage, piece);
      *output.extend(1) = frame_end;
    } else {
      write_body_frame(output.extend(frame_overhead + piece.size()), channel, piece);
    }
  }
}

void AmqpCodec::encode_heartbeat(Output& output) {
  char* to = write_frame_header(output.extend(frame_overhead), frame_heartbeat, 0, 0);
  *to = frame_end;
}

}  // namespace pocketmq::protocol
