// Writes lines to a file descriptor whose reader may be slow, or gone. If the descriptor is a pipe with room for a
// line, the line is written at once, so that the lines of several programs keep their order. A thread writes all other
// lines, so that callers never wait.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "protocol/base/line_sink.hpp"

namespace pocketmq::protocol {

/// Writes to a duplicate of the descriptor. The descriptor itself stays open and keeps its mode, because others may
/// share it. Once the reader is gone, lines are dropped; SIGPIPE must be ignored.
class LineWriter final : public LineSink {
 public:
  static constexpr std::size_t waiting_max_bytes = 1 << 20;

  explicit LineWriter(int descriptor, std::size_t max_bytes = waiting_max_bytes);
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;
  /// Waits until all lines are written, or until half a second has brought no progress.
  ~LineWriter() override;

  /// False if `max_bytes` wait already.
  bool write(std::string_view lines) override;
  void write_last(std::string_view line) override;

 private:
  struct Shared;

  static void write_all(const std::shared_ptr<Shared>& shared);

  const std::shared_ptr<Shared> shared_;  // shared with the thread, which may outlive this object
};

}  // namespace pocketmq::protocol
