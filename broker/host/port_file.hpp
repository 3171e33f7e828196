// Writes the broker's port to a file.
#pragma once

#include <cstdint>
#include <string>

namespace pocketmq::broker {

/// Writes the port and a line end to `path`. A regular file is replaced as a whole, so readers never see a part of it;
/// a symbolic link stays and its target is replaced. Any other file (a device, a FIFO, /dev/stdout, /dev/fd/3) is
/// written to. A FIFO gets the line as soon as it has a reader; this function does not wait for that. Throws
/// std::runtime_error with a sentence.
void write_port_file(const std::string& path, std::uint16_t port);

}  // namespace pocketmq::broker
