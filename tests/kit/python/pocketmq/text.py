"""How values of Python are written for the broker: durations, texts and regular expressions, dictionaries."""

import datetime
from typing import Any, Dict, List, Mapping, Union

#: "24h", "10m", "5s", "200ms"; a number of seconds; or a timedelta.
Duration = Union[str, int, float, datetime.timedelta]
#: A text that has to be the same, or `matches("regex")`.
Text = Union[str, Mapping[str, str]]
#: Kinds of leftovers that are meant: {"ready": True}, {"ready": ["orders"]}; or only their names, ["ready"].
Allow = Union[Mapping[str, Union[bool, List[str]]], List[str], str]

_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def matches(regex: str) -> Dict[str, str]:
    """A text in which the regular expression is found, somewhere: `await_message(routing_key=matches("^orders"))`."""
    return {"matches": regex}


def duration_text(duration: Duration) -> str:
    """As the broker reads it. Numbers are seconds."""
    if isinstance(duration, str):
        return duration
    seconds = duration.total_seconds() if isinstance(duration, datetime.timedelta) else duration
    return f"{round(seconds * 1_000)}ms"


def seconds_of(duration: Duration) -> float:
    """How long that is; 60 for a text that the broker will refuse."""
    text = duration_text(duration)
    digits = text.rstrip("msdh")
    unit = text[len(digits) :]
    if not digits.isdigit() or unit not in _UNITS_MS:
        return 60
    return int(digits) * _UNITS_MS[unit] / 1_000


def allow_of(allow: Allow) -> Dict[str, Any]:
    """As the broker reads it."""
    if isinstance(allow, str):
        allow = [allow]
    if isinstance(allow, Mapping):
        return {kind: [names] if isinstance(names, str) else names for kind, names in allow.items()}
    return {kind: True for kind in allow}


def given(**members: Any) -> Dict[str, Any]:
    """The members that are not None. A trailing underscore is left out of their names."""
    return {name.rstrip("_"): value for name, value in members.items() if value is not None}
