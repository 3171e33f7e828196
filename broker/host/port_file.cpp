#include "broker/host/port_file.hpp"

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace pocketmq::broker {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& path, int error, const std::string& what_to_do) {
  throw std::runtime_error{"cannot write the port to " + path + ": " + std::generic_category().message(error) + "; "
                           + what_to_do};
}

// The descriptor that a path such as "/dev/fd/3" names. Opening the path anew would write at the file's start, and
// fails for a socket.
std::optional<int> descriptor_named(std::string_view path) {
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    path.remove_prefix(folder.size());
    int number = 0;
    const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), number);
    if (error == std::errc{} && end == path.data() + path.size()) return number;
  }
  return std::nullopt;
}

// A line is short enough to be written to a pipe in one piece.
bool write_line(int descriptor, const std::string& line) {
  ssize_t written = 0;
  do written = ::write(descriptor, line.data(), line.size());
  while (written < 0 && errno == EINTR);
  return written == static_cast<ssize_t>(line.size());
}

void write_through(const std::string& path, const std::string& line, bool is_fifo) {
  if (::access(path.c_str(), W_OK) != 0) refuse(path, errno, "name a file that may be written to");
  const auto write = [path, line] {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC);
    const bool is_written = descriptor >= 0 && write_line(descriptor, line);
    const int error = errno;
    if (descriptor >= 0) ::close(descriptor);
    return is_written ? 0 : error;
  };
  if (is_fifo) return std::thread{write}.detach();  // open() blocks until there is a reader
  if (const int error = write(); error != 0) refuse(path, error, "name a file that may be written to");
}

void replace(const fs::path& path, const std::string& line) {
  const auto temporary = path.string() + ".tmp";
  std::ofstream file{temporary};
  file << line;
  file.close();
  if (!file) refuse(path.string(), errno, "name a file in a folder that may be written to");
  fs::rename(temporary, path);
}

}  // namespace

void write_port_file(const std::string& path, std::uint16_t port) {
  const auto line = std::to_string(port) + '\n';
  if (const auto descriptor = descriptor_named(path)) {
    if (!write_line(*descriptor, line)) refuse(path, errno, "open it before the broker is started");
    return;
  }
  std::error_code error;
  const auto status = fs::status(path, error);
  if (fs::exists(status) && !fs::is_regular_file(status))
    return write_through(path, line, status.type() == fs::file_type::fifo);
  auto resolved = fs::weakly_canonical(path, error);
  if (error) resolved = path;
  replace(resolved, line);
}

}  // namespace pocketmq::broker
