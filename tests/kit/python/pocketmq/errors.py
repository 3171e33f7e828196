"""What the package raises. Each text says what is wrong, and what to do about it."""

from typing import TYPE_CHECKING, Any, Dict, List

if TYPE_CHECKING:
    from .report import Report


class PocketMQError(Exception):
    """The base of all errors of this package."""


class BinaryNotFound(PocketMQError):
    """There is no `pocketmq-broker` to start."""


class BrokerFailed(PocketMQError):
    """The broker's process did not start, has ended, or does not answer."""


class RequestRefused(PocketMQError):
    """The broker refuses a request.

    `status` is that of HTTP, `error` a word such as `not_found`, `reason` the broker's sentence, `answer` all of its answer.
    """

    def __init__(self, status: int, answer: Dict[str, Any]) -> None:
        self.status = status
        self.answer = answer
        self.error = str(answer.get("error", ""))
        self.reason = str(answer.get("reason", answer))
        nearest = [line_of(value) for value in answer.get("nearest") or []]
        super().__init__(self.reason + lines_of("nearest", [line for line in nearest if line not in self.reason]))


class ExpectationFailed(RequestRefused, AssertionError):
    """What a test expects of the broker does not hold: a test fails with it."""


class TimedOut(ExpectationFailed):
    """What an `await_...` waits for did not happen in time."""

    def __init__(self, status: int, answer: Dict[str, Any]) -> None:
        super().__init__(status, answer)
        self.seen: List[Any] = answer.get("seen") or []
        self.nearest: List[Any] = answer.get("nearest") or []


class CannotHold(TimedOut):
    """What an `await_...` waits for can no longer happen. It is raised at once."""


class RecordingDiffers(ExpectationFailed):
    """A recording is not the one of the golden file."""

    def __init__(self, status: int, answer: Dict[str, Any]) -> None:
        super().__init__(status, answer)
        self.differences: List[Any] = answer.get("differences") or []


class LeftBehind(PocketMQError, AssertionError):
    """A scope was closed, and something was left in it, or has happened unseen. `report` says what."""

    def __init__(self, report: "Report") -> None:
        self.report = report
        super().__init__(report.text)


def lines_of(title: str, lines: List[str]) -> str:
    """The lines below a title; nothing if there are none."""
    return f"\n{title}:" + "".join(f"\n  {line}" for line in lines) if lines else ""


def line_of(value: Any) -> str:
    """A line for people: the `text` of what the broker says, otherwise its members."""
    if not isinstance(value, dict):
        return str(value)
    if "text" in value:
        return str(value["text"])
    return ", ".join(f"{key}: {value[key]}" for key in value)
