// Tells a port by a file.
#pragma once

#include <cstdint>
#include <string>

namespace pocketmq::broker {

/// Writes the port and a line end to `path`. A regular file is there with its whole content, or not there; behind a
/// symbolic link it is the file that is replaced, not the link. What is no regular file (a device, a FIFO, /dev/stdout,
/// /dev/fd/3) is written to, and a FIFO gets it as soon as it has a reader, for which nobody waits. Throws
/// std::runtime_error with a sentence.
void write_port_file(const std::string& path, std::uint16_t port);

}  // namespace pocketmq::broker
