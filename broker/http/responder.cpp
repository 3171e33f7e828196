#include "broker/http/responder.hpp"

#include <exception>
#include <utility>

namespace pocketmq::broker::http {

Stream& Stream::operator=(Stream&& other) noexcept {
  if (this != &other) {
    const Stream old{std::move(*this)};
    pending_ = std::move(other.pending_);
  }
  return *this;
}

Stream::~Stream() {
  if (is_open()) pending_->sink->cut();
}

void Stream::write(std::string_view bytes) {
  if (is_open() && !bytes.empty()) pending_->sink->write(bytes);
}

void Stream::end() {
  if (is_open()) pending_->sink->end();
}

void Stream::on_room(protocol::MoveOnlyFunction<void()> f) {
  if (!is_open()) return;
  pending_->on_room = std::move(f);
  pending_->sink->ask_for_room();
}

void Stream::ask_for_room() {
  if (is_open()) pending_->sink->ask_for_room();
}

void Stream::on_gone(protocol::MoveOnlyFunction<void()> f) {
  if (is_open()) pending_->on_gone = std::move(f);
}

Responder::Responder(std::shared_ptr<Pending> pending)
    : pending_{std::move(pending)}, exceptions_{std::uncaught_exceptions()} {}

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this != &other) {
    const Responder old{std::move(*this)};
    pending_ = std::move(other.pending_);
    exceptions_ = other.exceptions_;
  }
  return *this;
}

Responder::~Responder() {
  if (is_open() && std::uncaught_exceptions() == exceptions_)
    pending_->sink->send(error(500, "nothing answers this request; that is a fault of the broker"));
}

void Responder::send(Response response) {
  if (is_open()) pending_->sink->send(std::move(response));
  pending_.reset();
}

Stream Responder::begin(ResponseHead head) {
  auto pending = std::exchange(pending_, nullptr);
  if (pending && pending->sink != nullptr) pending->sink->begin(std::move(head));
  return Stream{std::move(pending)};
}

void Responder::on_gone(protocol::MoveOnlyFunction<void()> f) {
  if (is_open()) pending_->on_gone = std::move(f);
}

}  // namespace pocketmq::broker::http
