// Where lines for people go: those of a log, say, or of a trace.
#pragma once

#include <ostream>
#include <string_view>

namespace pocketmq::protocol {

class LineSink {
 public:
  virtual ~LineSink() = default;

  /// Takes whole lines, each with its line end, and returns true; or false for having no room. Never waits.
  virtual bool write(std::string_view lines) = 0;
  /// Takes a line even where there is no room, for it is the last one. Never waits.
  virtual void write_last(std::string_view line) = 0;
};

/// To a stream, which must outlive it and is written to at once: for streams that do not block.
class StreamSink final : public LineSink {
 public:
  explicit StreamSink(std::ostream& to) : to_{to} {}

  bool write(std::string_view lines) override {
    to_ << lines << std::flush;
    return true;
  }
  void write_last(std::string_view line) override { (void)write(line); }

 private:
  std::ostream& to_;
};

}  // namespace pocketmq::protocol
