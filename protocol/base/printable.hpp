// Text that others sent, made safe to show: what a terminal or a log gets of it does nothing but stand there.
#pragma once

#include <string>
#include <string_view>

namespace pocketmq::protocol {

/// `escaped` for a text that is part of a line, `kept` for one that may have several. With `kept`, tabs stay too.
enum class LineEnds : bool { escaped, kept };

/// `text` for a person to read. Valid UTF-8 stays as it is, but for control characters (see is_control: C0, DEL, C1,
/// and those that turn the direction of writing). They become `\n`, `\t`, `\r`, `\x1b` or, as in JSON, `\u009b`. A byte
/// that is not UTF-8 becomes `\xff`. Backslashes stay as they are, so the escapes cannot be read back.
[[nodiscard]] std::string printable(std::string_view text, LineEnds line_ends = LineEnds::escaped);

}  // namespace pocketmq::protocol
