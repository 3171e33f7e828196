#include "broker/http/message_codec.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>

#include "protocol/base/version.hpp"

namespace pocketmq::broker::http {
namespace {

namespace beast = boost::beast;
namespace buffers = boost::asio;
using BeastError = beast::error_code;

std::string_view text_of(beast::string_view text) { return {text.data(), text.size()}; }
beast::string_view text_for_beast(std::string_view text) { return {text.data(), text.size()}; }

std::string bytes_text(std::uint64_t bytes) { return std::to_string(bytes) + " bytes"; }

Response refusal_for(const BeastError& fault, const HttpLimits& limits, bool has_head) {
  using Fault = beast::http::error;
  const auto is = [&](Fault which) { return fault == beast::http::make_error_code(which); };
  if (is(Fault::header_limit))
    return error(431,
                 "the header is longer than " + bytes_text(limits.header_max_bytes) + "; send fewer or shorter fields");
  if (is(Fault::body_limit))
    return error(413, "the body is longer than " + bytes_text(limits.body_max_bytes) + "; send it in parts");
  if (is(Fault::bad_version))
    return error(505, "the request line does not end with HTTP/1.1 or HTTP/1.0; write it as in 'GET / HTTP/1.1'");
  if (is(Fault::bad_method) || is(Fault::bad_target) || is(Fault::bad_line_ending))
    return error(400,
                 "this is no request; it begins with a line such as 'GET /api/overview HTTP/1.1', and each line "
                 "ends with CR LF");
  if (is(Fault::bad_content_length))
    return error(400, "Content-Length is wrong; send it once, as a decimal number of bytes");
  if (is(Fault::bad_transfer_encoding))
    return error(400, "Transfer-Encoding does not go with Content-Length; send one of them");
  if (is(Fault::bad_chunk) || is(Fault::bad_chunk_extension))
    return error(400,
                 "a chunk of the body is wrong; each is its length in hexadecimal digits, CR LF, as many bytes, CR LF");
  if (has_head) return error(400, "the end of the body is wrong: " + fault.message());
  return error(400, "a header field is wrong (" + fault.message() + "); write each as 'Name: value' and CR LF");
}

std::string without_controls(std::string_view text) {
  std::string clean{text};
  std::ranges::replace_if(
      clean, [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; }, ' ');
  return clean;
}

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7)
std::string date_text(std::uint64_t seconds_since_epoch) {
  using namespace std::chrono;
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const sys_seconds at{seconds{static_cast<std::int64_t>(seconds_since_epoch)}};
  const auto day = floor<std::chrono::days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  std::array<char, 64> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT", days[weekday{day}.c_encoding()],
                    static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                    static_cast<int>(date.year()), static_cast<int>(time.hours().count()),
                    static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return {text.data(), static_cast<std::size_t>(std::max(size, 0))};
}

}  // namespace

struct RequestParser::Beast {
  // A body that grows with the bytes that have come, not with the announced size.
  struct Body {
    struct value_type {
      std::string bytes{};
      protocol::MemoryAccount* account{nullptr};
      protocol::MemoryCharge charge{};

      void append(std::string_view more) {
        if (bytes.capacity() - bytes.size() < more.size()) {
          const auto capacity = std::max(bytes.size() + more.size(), 2 * bytes.size());
          charge = {};
          charge = protocol::MemoryCharge{*account, capacity};
          bytes.reserve(capacity);
        }
        bytes += more;
      }
    };

    class reader {
     public:
      template <bool is_request, class Fields>
      reader(beast::http::header<is_request, Fields>&, value_type& body) : body_{body} {}
      void init(const boost::optional<std::uint64_t>&, BeastError& error) { error = {}; }
      template <class Buffers> std::size_t put(const Buffers& given, BeastError& error) {
        error = {};
        std::size_t taken = 0;
        for (auto it = buffers::buffer_sequence_begin(given); it != buffers::buffer_sequence_end(given); ++it) {
          const buffers::const_buffer piece = *it;
          body_.append({static_cast<const char*>(piece.data()), piece.size()});
          taken += piece.size();
        }
        return taken;
      }
      void finish(BeastError& error) { error = {}; }

     private:
      value_type& body_;
    };
  };

  beast::http::request_parser<Body> parser;
};

RequestParser::RequestParser(const HttpLimits& limits, protocol::MemoryAccount& incoming)
    : limits_{limits}, beast_{std::make_unique<Beast>()} {
  auto& parser = beast_->parser;
  parser.header_limit(static_cast<std::uint32_t>(limits.header_max_bytes));
  parser.body_limit(limits.body_max_bytes);
  parser.get().body().account = &incoming;
}

RequestParser::~RequestParser() = default;

RequestParser::Progress RequestParser::take(std::string_view bytes, std::size_t& taken) {
  taken = 0;
  if (beast_->parser.is_done()) return Progress::whole;
  return has_head_ ? take_body(bytes, taken) : take_head(bytes, taken);
}

// Beast limits each field by its header limit, but not all fields together.
RequestParser::Progress RequestParser::take_head(std::string_view bytes, std::size_t& taken) {
  const bool is_all = bytes.size() <= limits_.header_max_bytes - head_bytes_;
  const auto given = bytes.substr(0, limits_.header_max_bytes - head_bytes_);
  BeastError fault;
  taken = beast_->parser.put(buffers::const_buffer{given.data(), given.size()}, fault);
  head_bytes_ += taken;
  if (fault == beast::http::make_error_code(beast::http::error::need_more)) {
    if (is_all && head_bytes_ + bytes.size() - taken < limits_.header_max_bytes) return Progress::need_more;
    fault = beast::http::make_error_code(beast::http::error::header_limit);
  }
  if (fault) return refuse(refusal_for(fault, limits_, false));
  if (!beast_->parser.is_header_done()) return Progress::need_more;
  has_head_ = true;
  read_head();
  if (request_.headers.size() > limits_.header_fields_max)
    return refuse(
        error(431, "there are more than " + std::to_string(limits_.header_fields_max) + " header fields; send fewer"));
  const auto transfer_encoding = request_.header("Transfer-Encoding");
  if (transfer_encoding && is_http_1_0())
    return refuse(error(400, "HTTP/1.0 has no Transfer-Encoding; send a Content-Length"));
  if (transfer_encoding && (!beast_->parser.chunked() || !same_ignoring_case(*transfer_encoding, "chunked")))
    return refuse(error(501, "the only Transfer-Encoding is 'chunked'; send the body as it is"));
  return Progress::head;
}

RequestParser::Progress RequestParser::take_body(std::string_view bytes, std::size_t& taken) {
  BeastError fault;
  beast_->parser.eager(true);
  taken = beast_->parser.put(buffers::const_buffer{bytes.data(), bytes.size()}, fault);
  const bool wants_more = fault == beast::http::make_error_code(beast::http::error::need_more);
  if (wants_more && bytes.size() - taken > limits_.header_max_bytes)
    return refuse(error(
        431, "a chunk's first line, or what follows the body, is longer than " + bytes_text(limits_.header_max_bytes)));
  if (fault && !wants_more) return refuse(refusal_for(fault, limits_, true));
  if (!beast_->parser.is_done()) return Progress::need_more;
  auto& body = beast_->parser.get().body();
  request_.body = std::move(body.bytes);
  request_.body_charge = std::move(body.charge);
  return Progress::whole;
}

RequestParser::Progress RequestParser::refuse(Response refusal) {
  refusal_ = std::move(refusal);
  return Progress::fault;
}

void RequestParser::read_head() {
  const auto& message = beast_->parser.get();
  request_.method_name = text_of(message.method_string());
  request_.method = method_of(request_.method_name);
  request_.target = text_of(message.target());
  for (const auto& field : message)
    request_.headers.push_back({std::string{text_of(field.name_string())}, std::string{text_of(field.value())}});
}

bool RequestParser::has_body() const { return !beast_->parser.is_done(); }

bool RequestParser::is_http_1_0() const { return beast_->parser.get().version() < 11; }

bool RequestParser::keeps_alive() const { return beast_->parser.keep_alive(); }

std::uint64_t RequestParser::left_to_come() const {
  if (const auto left = beast_->parser.content_length_remaining()) return *left;
  if (const auto all = beast_->parser.content_length()) return *all;  // nothing of the body has come yet
  const std::uint64_t come = beast_->parser.get().body().bytes.size();
  return limits_.body_max_bytes - std::min(come, limits_.body_max_bytes);
}

void append_head(const ResponseHead& head, const HeadDetails& details, std::string& to) {
  beast::http::response<beast::http::empty_body> message{beast::http::int_to_status(head.status),
                                                         details.is_http_1_0 ? 10U : 11U};
  message.result(head.status);
  for (const auto& [name, value] : head.headers)
    message.insert(text_for_beast(name), text_for_beast(without_controls(value)));
  using beast::http::field;
  message.set(field::server, std::string{"PocketMQ/"} + std::string{protocol::pocketmq_version});
  message.set(field::date, date_text(details.seconds_since_epoch));
  if (!head.content_type.empty()) message.set(field::content_type, text_for_beast(without_controls(head.content_type)));
  message.set("X-Content-Type-Options", "nosniff");
  if (message.find(field::cache_control) == message.end()) message.set(field::cache_control, "no-cache");
  if (details.framing == Framing::length) message.content_length(details.body_bytes);
  if (details.framing == Framing::chunked) message.chunked(true);
  message.keep_alive(details.keeps_alive);

  beast::http::response_serializer<beast::http::empty_body> serializer{message};
  serializer.split(true);
  while (!serializer.is_header_done()) {
    BeastError fault;
    serializer.next(fault, [&](BeastError&, const auto& given) {
      std::size_t written = 0;
      for (auto it = buffers::buffer_sequence_begin(given); it != buffers::buffer_sequence_end(given); ++it) {
        const buffers::const_buffer piece = *it;
        to.append(static_cast<const char*>(piece.data()), piece.size());
        written += piece.size();
      }
      serializer.consume(written);
    });
    if (fault) return;
  }
}

}  // namespace pocketmq::broker::http
