#include "broker/journal/recording.hpp"

#include <algorithm>

#include "broker/journal/ndjson.hpp"

namespace pocketmq::broker {

Recording::Recording(Journal& journal, protocol::LineSink& sink, const Journal::SubscribeOptions& options)
    : sink_{sink},
      first_number_{std::min(options.since.value_or(journal.last_number() + 1), journal.last_number() + 1)},
      began_{journal.now()} {
  append_ndjson_header(began_, first_number_, lines_);
  has_header_ = sink_.write(lines_);
  subscription_ = journal.subscribe([this](const Entry& entry) { write(entry); }, options);
}

Recording::~Recording() {
  subscription_.end();
  if (!missing_) return;
  lines_.clear();
  if (!has_header_) append_ndjson_header(began_, first_number_, lines_);
  append_gap();
  sink_.write_last(lines_);
}

// If the sink has no room for a line, the line is missing, and a gap precedes the next line that is written.
void Recording::write(const Entry& entry) {
  constexpr std::size_t worth_keeping_bytes = 16'384;
  if (lines_.capacity() > worth_keeping_bytes) lines_ = {};
  lines_.clear();
  if (!has_header_) append_ndjson_header(began_, first_number_, lines_);
  if (missing_) append_gap();
  append_ndjson(entry, lines_);
  if (sink_.write(lines_)) {
    has_header_ = true;
    missing_.reset();
    return;
  }
  const auto* gap = entry.find<event::Gap>();
  if (!missing_) missing_ = Missing{.from = gap != nullptr ? gap->from : entry.number(), .to = 0, .time = {}};
  missing_->to = entry.number();
  missing_->time = entry.time();
}

void Recording::append_gap() {
  const event::Gap gap{.from = missing_->from, .to = missing_->to};
  append_ndjson(Entry{gap.to, missing_->time, &gap}, lines_);
}

}  // namespace pocketmq::broker
