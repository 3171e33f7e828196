// A destination for lines that people read, such as those of a log or a trace.
#pragma once

#include <ostream>
#include <string_view>

namespace pocketmq::protocol {

class LineSink {
 public:
  virtual ~LineSink() = default;

  /// Writes whole lines, each with its line end, and returns true. Returns false if there is no room. Never blocks.
  virtual bool write(std::string_view lines) = 0;
  /// Writes the last line, even if there is no room. Never blocks.
  virtual void write_last(std::string_view line) = 0;
};

/// Writes to a stream at once. The stream must outlive the sink and should not block.
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
