// Makes text that a peer has sent safe to print: a terminal only shows it and does not act on it.
#pragma once

#include <string>
#include <string_view>

namespace pocketmq::protocol {

/// `escaped` for a text that is part of a line, `kept` for a text of several lines. `kept` keeps tabs, too.
enum class LineEnds : bool { escaped, kept };

/// Returns `text` for people to read. Valid UTF-8 stays as it is, except control characters (see is_control: C0, DEL,
/// C1 and characters that change the direction of writing). They become `\n`, `\t`, `\r`, `\x1b` or, as in JSON,
/// `\u009b`. A byte that is not UTF-8 becomes `\xff`. Backslashes are not escaped, so the result cannot be decoded.
[[nodiscard]] std::string printable(std::string_view text, LineEnds line_ends = LineEnds::escaped);

}  // namespace pocketmq::protocol
