#include "broker/http/journal_routes.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "broker/core/context.hpp"
#include "broker/http/event_stream.hpp"
#include "broker/http/query.hpp"
#include "broker/http/router.hpp"
#include "broker/journal/ndjson.hpp"
#include "broker/journal/schema.hpp"

namespace pocketmq::broker::http {
namespace {

constexpr std::uint64_t any_number = std::numeric_limits<std::uint64_t>::max();

enum class Format : std::uint8_t { ndjson, server_sent_events };

/// What a request asks for.
struct Wanted {
  Format format{Format::ndjson};
  Categories categories{Categories::all()};
  std::uint64_t from{1};
  std::uint64_t to{any_number};  // the last event; a reader that follows has none
};

Categories categories_in(std::string_view list) {
  Categories categories;
  for (;;) {
    const auto name = list.substr(0, list.find(','));
    const auto found = std::ranges::find(event::names_of<event::Category>, name);
    if (found == event::names_of<event::Category>.end()) {
      std::string names;
      for (const auto each : event::names_of<event::Category>)
        names += (names.empty() ? "'" : ", '") + std::string{each} + "'";
      throw HttpError{400, "there is no category '" + std::string{name.substr(0, 100)} + "'; there are " + names
                               + "; put a comma between several"};
    }
    categories.add({static_cast<event::Category>(found - event::names_of<event::Category>.begin())});
    if (name.size() == list.size()) return categories;
    list.remove_prefix(name.size() + 1);
  }
}

bool accepts_events(const Request& request) {
  const auto accept = request.header("Accept");
  return accept && accept->find("text/event-stream") != accept->npos;
}

// A browser that connects again repeats the query of its first request. So the event that it saw last takes precedence.
std::uint64_t first_number_wanted(const Request& request, const Journal& journal) {
  const auto from = number_in_query(request, "from", 1, any_number);
  const bool has_seen_events = request.header("Last-Event-ID") || request.query_value("last_event_id");
  if (!has_seen_events) return from.value_or(journal.first_number());
  const auto last = last_event_id(request);
  if (!last)
    throw HttpError{400, "Last-Event-ID is no number; send the id of the last event that was read, or leave it out"};
  return *last == any_number ? any_number : *last + 1;
}

Wanted wanted_in(const Request& request, const Journal& journal) {
  require_known_query(request, {"from", "follow", "categories", "last_event_id"});
  Wanted wanted;
  if (flag_in_query(request, "follow").value_or(accepts_events(request)))
    wanted.format = Format::server_sent_events;
  else
    wanted.to = journal.last_number();
  if (const auto list = request.query_value("categories")) wanted.categories = categories_in(*list);
  // A number that no event has yet stands for the next event.
  wanted.from = std::min(first_number_wanted(request, journal), journal.last_number() + 1);
  return wanted;
}

/// One reader of the journal. It reads from the ring at its own pace. Its output waits in the connection, which is
/// bounded. Events that it has not read stay in the ring. If newer events have replaced them there, the reader gets a
/// gap.
class JournalReader {
 public:
  JournalReader(Context& context, Stream stream, const Wanted& wanted)
      : context_{context}, stream_{std::move(stream)}, wanted_{wanted}, next_{wanted.from} {
    write_header();
    if (wanted_.format == Format::server_sent_events)
      news_ = context_.journal().subscribe([this](const Entry& entry) { on_news(entry); },
                                           {.categories = wanted_.categories});
  }
  JournalReader(const JournalReader&) = delete;
  JournalReader& operator=(const JournalReader&) = delete;

  /// Begins to write. The function for `on_room` owns the reader, so the reader lives until its response ends.
  static void start(std::shared_ptr<JournalReader> reader) {
    auto& stream = reader->stream_;
    stream.on_room([reader = std::move(reader)] { reader->write_more(); });
  }

 private:
  // How many events are read from the ring at once; and what it costs to look at one, in the budget's steps. What
  // is written is charged by the stream.
  static constexpr std::size_t events_at_once = 64;
  static constexpr std::size_t steps_for_an_event = 5;

  // The events before it are of other categories.
  void on_news(const Entry& entry) {
    if (!std::exchange(waits_for_news_, false)) return;
    next_ = entry.number();
    stream_.ask_for_room();
  }

  void write_header() {
    std::string line;
    append_ndjson_header(context_.journal().now(), next_, line);
    if (wanted_.format == Format::server_sent_events) {
      line.pop_back();
      line = text_of({.name = "journal", .data = line});
    }
    stream_.write(line);
  }

  void write_more() {
    bool has_written = false;
    while (stream_.is_open() && next_ <= std::min(wanted_.to, context_.journal().last_number())) {
      const auto room = stream_.room();
      if (room == 0) {
        // If it has written something, it is called again when there is room.
        if (!has_written) stream_.ask_for_room();
        return;
      }
      read_some(room);
      has_written |= !text_.empty();
      stream_.write(text_);
    }
    if (wanted_.format == Format::ndjson)
      stream_.end();
    else
      waits_for_news_ = true;
  }

  // Puts the next events into `text_`, about `room` bytes of them. Other categories are skipped.
  void read_some(std::size_t room) {
    text_.clear();
    std::size_t looked_at = 0;
    (void)context_.journal().read(next_, events_at_once, [&](const Entry& entry) {
      if (text_.size() >= room || next_ > wanted_.to) return;
      ++looked_at;
      next_ = entry.number() + 1;
      const bool is_gap = entry.find<event::Gap>() != nullptr;
      if (is_gap || wanted_.categories.contain(entry.kind().category)) append(entry);
    });
    context_.budget().use(looked_at * steps_for_an_event);
  }

  void append(const Entry& entry) {
    if (wanted_.format == Format::ndjson) return append_ndjson(entry, text_);
    line_.clear();
    append_ndjson(entry, line_);
    line_.pop_back();  // its line end
    text_ += text_of({.id = std::to_string(entry.number()), .data = line_});
  }

  Context& context_;
  Stream stream_;
  const Wanted wanted_;
  std::uint64_t next_;  // the number of the next event
  bool waits_for_news_{false};
  std::string text_;
  std::string line_;
  Subscription news_;  // the last member, so that it ends first
};

ResponseHead head_for(Format format) {
  if (format == Format::server_sent_events) return event_stream();
  return {.content_type = "application/x-ndjson", .headers = {{"Cache-Control", "no-store"}}};
}

void answer(Context& context, const Request& request, Responder responder) {
  auto& journal = context.journal();
  if (!journal.keeps_events())
    throw HttpError{404, "the broker keeps no events; start it with --journal-bytes, or Options::journal_bytes"};
  const auto wanted = wanted_in(request, journal);
  auto stream = responder.begin(head_for(wanted.format));
  if (stream.is_open())  // it is not for a HEAD
    JournalReader::start(std::make_shared<JournalReader>(context, std::move(stream), wanted));
}

}  // namespace

void serve_journal(Router& router, Context& context, const std::string& below) {
  router.get(below + "/journal",
             [&context](Request& request, Responder responder) { answer(context, request, std::move(responder)); });
  router.get(below + "/journal/schema", [schema = journal_schema()](Request& request) {
    require_known_query(request, {});
    return json(schema);
  });
}

}  // namespace pocketmq::broker::http
