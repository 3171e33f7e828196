"""A script with its transcript: the steps, and below each what the brokers answered. README.md describes the file."""

import re

RABBITMQ, POCKETMQ = "rabbitmq", "pocketmq"
INDENT = "    "
REPLY_TEXT_MAX = 255  # bytes; RabbitMQ cuts a longer one, and ends it with "..."

_STEP = re.compile(r"(?P<connection>[a-z]\w*)(?: (?P<channel>\d+))?: (?P<text>.+?)(?P<ending> \.\.\.| ~)?$")
_CLOSE = re.compile(r'(.*\bclose \d+ )"(.*)"((?: \(.*\))?)')


class ScriptError(Exception):
    pass


class Step:
    def __init__(self, number, line):
        match = _STEP.match(line)
        if not match:
            raise ScriptError(f"line {number} is no step: {line}")
        self.number, self.line = number, line
        self.connection, self.text = match["connection"], match["text"]
        self.channel = int(match["channel"] or 0)
        self.unfinished = match["ending"] == " ..."  # more bytes have to come before a broker can answer
        self.unordered = match["ending"] == " ~"     # RabbitMQ's processes race to answer
        self.common, self.only = [], {RABBITMQ: [], POCKETMQ: []}
        self.difference = None  # its name in broker/README.md's list

    def expected(self, broker):
        return self.only[broker] if self.difference else self.common

    def record(self, broker, answers):
        if self.difference:
            self.only[broker] = answers
        else:
            self.common = answers

    def add_answer(self, answer):
        if answer.startswith("! "):
            self.difference = answer[2:]
        elif answer.startswith("- "):
            self.only[RABBITMQ].append(answer[2:])
        elif answer.startswith("+ "):
            self.only[POCKETMQ].append(answer[2:])
        else:
            self.common.append(answer)
        if self.difference:  # whoever has just written the line has not said yet who answers what
            self.only[RABBITMQ] += self.common
            self.common = []

    def lines(self):
        yield self.line
        yield from (INDENT + answer for answer in self.common)
        if self.difference:
            yield f"{INDENT}! {self.difference}"
            yield from (f"{INDENT}- {answer}" for answer in self.only[RABBITMQ])
            yield from (f"{INDENT}+ {answer}" for answer in self.only[POCKETMQ])


class Section:
    def __init__(self, title):
        self.title, self.steps = title, []


class Script:
    """`parts` is the file in order: lines of text that mean nothing to a broker, and steps."""

    def __init__(self, path):
        self.path, self.parts, self.sections = path, [], []
        for number, line in enumerate(path.read_text().splitlines(), 1):
            try:
                self._add(number, line)
            except ScriptError as error:
                raise ScriptError(f"{path}: {error}") from None

    @property
    def steps(self):
        return [step for section in self.sections for step in section.steps]

    def _add(self, number, line):
        if line.startswith("=== "):
            self.sections.append(Section(line[4:]))
            self.parts.append(line)
        elif not line or line.startswith("#"):
            self.parts.append(line)
        elif not self.sections:
            raise ScriptError(f"line {number} comes before the first section (=== title)")
        elif line.startswith(INDENT):
            if not self.sections[-1].steps:
                raise ScriptError(f"line {number} answers nothing")
            self.sections[-1].steps[-1].add_answer(line[len(INDENT):])
        else:
            step = Step(number, line)
            self.sections[-1].steps.append(step)
            self.parts.append(step)

    def save(self):
        lines = []
        for part in self.parts:
            lines += part.lines() if isinstance(part, Step) else [part]
        self.path.write_text("\n".join(lines) + "\n")


def agree(expected, got):
    """Whether the answers are the same. A close may say more than RabbitMQ's: its text may go on where RabbitMQ's gives no
    reason that a client could compare, and the method that it is about may be named where RabbitMQ names none."""
    return len(expected) == len(got) and all(map(_same, expected, got))


def _same(expected, got):
    theirs, ours = _CLOSE.fullmatch(expected), _CLOSE.fullmatch(got)
    if not theirs or not ours:
        return expected == got
    return theirs[1] == ours[1] and theirs[3] in ("", ours[3]) and _same_text(theirs[2], ours[2])


def _same_text(expected, got):
    is_cut = len(expected.encode("utf-8", "surrogateescape")) >= REPLY_TEXT_MAX
    says_nothing = " - " not in expected
    if says_nothing or expected.endswith("...") and not is_cut:
        return got.startswith(expected.removesuffix("..."))
    return got == expected
