// Lines to a file descriptor whose reader may be slow, or gone. What a pipe has room for is written at once, so that
// lines of several programs come in their order; all else a thread writes, so that who writes lines never waits.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "protocol/base/line_sink.hpp"

namespace pocketmq::protocol {

/// Writes to a duplicate of the descriptor, which stays open and as it is: others may share it. A reader that is gone
/// (SIGPIPE must be ignored) ends nothing: what is written then is nowhere.
class LineWriter final : public LineSink {
 public:
  static constexpr std::size_t waiting_max_bytes = 1 << 20;

  explicit LineWriter(int descriptor, std::size_t max_bytes = waiting_max_bytes);
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;
  /// Waits until all is written, or until that has made no progress for a moment.
  ~LineWriter() override;

  /// False if `max_bytes` wait already.
  bool write(std::string_view lines) override;
  void write_last(std::string_view line) override;

 private:
  struct Shared;

  static void write_all(const std::shared_ptr<Shared>& shared);

  const std::shared_ptr<Shared> shared_;  // with a thread, which may have to be left alone with it
};

}  // namespace pocketmq::protocol
