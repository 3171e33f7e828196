#include "protocol/codec/json_codec.hpp"

#include <algorithm>
#include <limits>

#include "protocol/vocabulary/amqp_wire.hpp"

namespace pocketmq::protocol {
namespace {

constexpr std::size_t length_size = 4;
// Bodies up to this size are completed in the buffer.
constexpr std::size_t body_in_buffer_max_bytes = direct_read_min_bytes;
// An idle connection keeps at most this capacity for its next header.
constexpr std::size_t kept_encoded_max_bytes = 1'024;

std::size_t headroom_for(const Command& command) {
  WireMeasure measure;
  std::visit([&]<class M>(const M& method) { M::describe(method, measure); }, command.method);
  return body_headroom(measure.size(), command.content->properties.encoded().size());
}

}  // namespace

std::uint64_t JsonCodec::frame_max() const {
  return std::min<std::uint64_t>(limits().json_header_max_bytes + 1 + limits().body_max_bytes,
                                 std::numeric_limits<std::uint32_t>::max());
}

// ---- reading

bool JsonCodec::reads_into_block() const {
  return pending_ && pending_->body && pending_->body->left() >= direct_read_min_bytes;
}

std::span<std::byte> JsonCodec::prepare(InputBuffer& input) {
  if (!reads_into_block()) return input.prepare();
  input.begin_small();
  return pending_->body->prepare(pending_->body->left());
}

void JsonCodec::commit(InputBuffer& input, std::size_t bytes) {
  if (reads_into_block())
    pending_->body->commit(bytes);
  else
    input.commit(bytes);
}

Decoded JsonCodec::decode(InputBuffer& input, Command& into) {
  if (!drop_body(input)) return Decoded::need_more;
  if (!pending_) {
    if (const auto result = step_header(input)) return *result;
  }
  return step_body(input, into);
}

bool JsonCodec::drop_body(InputBuffer& input) {
  const auto dropped = std::min<std::uint64_t>(drop_left_, input.unread().size());
  input.consume(static_cast<std::size_t>(dropped));
  drop_left_ -= dropped;
  return drop_left_ == 0;
}

std::optional<Decoded> JsonCodec::step_header(InputBuffer& input) {
  header_.release();
  const auto unread = input.unread();
  if (unread.size() < length_size) return Decoded::need_more;
  const auto frame_size = load_big_endian<std::uint32_t>(unread.data());
  if (frame_size == 0) {
    input.consume(length_size);
    return Decoded::heartbeat;
  }
  if (frame_size > frame_max())
    return refuse(ReplyCode::frame_error, "a frame of " + std::to_string(frame_size) + " bytes is longer than the "
                                              + std::to_string(frame_max()) + " that are accepted");

  const auto header_max = limits().json_header_max_bytes;
  const auto frame = unread.substr(length_size, frame_size);
  const auto header_end = frame.substr(0, header_max + 1UL).find('\n', searched_);
  const bool has_body = header_end != std::string_view::npos;
  if (!has_body && frame.size() > header_max)
    return refuse(ReplyCode::frame_error,
                  "a header is longer than the " + std::to_string(header_max) + " bytes that are accepted");
  searched_ = frame.size();
  if (!has_body && frame.size() < frame_size) return Decoded::need_more;
  searched_ = 0;

  auto& pending = pending_.emplace(Pending{});
  const auto header = frame.substr(0, header_end);
  if (auto refused = header_.read(header, limits(), pending.command)) {
    pending_.reset();
    return refuse(refused->code, std::move(refused->text), {refused->class_id, refused->method_id, {}});
  }
  if (has_body && !pending.command.content) {
    const auto& id = id_of(pending.command.method);
    pending_.reset();
    return refuse(ReplyCode::frame_error, std::string{id.name} + " carries no content, got an LF after its header", id);
  }
  pending.body_size = has_body ? frame_size - header.size() - 1 : 0;
  input.consume(length_size + header.size() + (has_body ? 1 : 0));
  return std::nullopt;
}

Decoded JsonCodec::step_body(InputBuffer& input, Command& into) {
  auto& [command, body_size, body, charge] = *pending_;
  const auto unread = input.unread();
  if (body_size > limits().body_max_bytes) {
    command.content->refused_size_bytes = body_size;
    drop_left_ = body_size;
  } else if (body) {
    const auto piece = unread.substr(0, static_cast<std::size_t>(body->left()));
    body->append(piece);
    input.consume(piece.size());
    if (body->left() > 0) return wait_for_body();
    std::move(*body).move_to(*command.content);
  } else if (unread.size() >= body_size) {
    if (command.content) command.content->body = unread.substr(0, static_cast<std::size_t>(body_size));
    input.consume(static_cast<std::size_t>(body_size));
  } else {
    if (body_size <= body_in_buffer_max_bytes) return wait_for_body();
    body.emplace(body_size, headroom_for(command), IncomingBody::Mode::kept, account());
    return step_body(input, into);
  }
  into = std::move(command);
  pending_.reset();
  return Decoded::command;
}

std::uint64_t JsonCodec::missing_bytes(const InputBuffer& input) const {
  if (pending_) return pending_->body ? pending_->body->left() : pending_->body_size;
  const auto unread = input.unread();
  if (unread.size() < length_size) return 0;
  const auto frame_size = length_size + load_big_endian<std::uint32_t>(unread.data());
  return frame_size - std::min(frame_size, unread.size());
}

Decoded JsonCodec::wait_for_body() {
  if (account() != nullptr && !pending_->charge) {
    header_.keep_views_only();
    pending_->charge.emplace(*account(), header_.held_bytes());
  }
  return Decoded::need_more;
}

// ---- writing

void JsonCodec::encode(const Command& command, Output& output) {
  const auto body = command.content ? command.content->body : std::string_view{};
  encoded_.assign(length_size, '\0');
  append_json_header(command, encoded_);
  if (!body.empty()) encoded_ += '\n';
  store_big_endian(encoded_.data(), static_cast<std::uint32_t>(encoded_.size() - length_size + body.size()));
  output.append(encoded_);
  if (encoded_.capacity() > kept_encoded_max_bytes) encoded_ = {};

  if (command.content && command.content->storage && body.size() >= borrow_min_bytes)
    output.borrow(command.content->storage, body);
  else
    output.append(body);
}

void JsonCodec::encode_heartbeat(Output& output) { output.append(std::string_view{"\0\0\0\0", length_size}); }

}  // namespace pocketmq::protocol
