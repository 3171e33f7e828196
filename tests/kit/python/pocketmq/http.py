"""Requests to the broker's HTTP port. Connections are kept, and any thread may ask."""

import http.client
import json
import os
import urllib.parse
from typing import Any, Dict, List, Optional, Tuple, Type

from .errors import BrokerFailed, CannotHold, RecordingDiffers, RequestRefused, TimedOut

__tracebackhide__ = True  # pytest shows the test's line that called

#: The errors of answers that a test fails with, by the answer's `error`.
ERRORS: Dict[str, Type[RequestRefused]] = {
    "timeout": TimedOut,
    "cannot_hold": CannotHold,
    "differs": RecordingDiffers,
}


class Http:
    """The broker's HTTP port. `seconds` is how long an answer may take beyond what a request itself waits for."""

    def __init__(self, host: str, port: int, seconds: float = 30) -> None:
        self._address = (host, port)
        self._seconds = seconds
        self._idle: List[http.client.HTTPConnection] = []
        self._process = os.getpid()

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of the answer. Members of the query that are None are left out."""
        return self.ask("GET", path, query=query)

    def post(self, path: str, body: Dict[str, Any], waits: float = 0) -> Any:
        """The JSON of the answer, for which the broker may wait so many seconds."""
        return self.ask("POST", path, body=body, waits=waits)

    def delete(self, path: str, **query: Any) -> Any:
        return self.ask("DELETE", path, query=query)

    def ask(
        self,
        verb: str,
        path: str,
        query: Optional[Dict[str, Any]] = None,
        body: Optional[Dict[str, Any]] = None,
        waits: float = 0,
    ) -> Any:
        text = self.text(verb, path, query, body, waits)
        return json.loads(text) if text else {}

    def text(
        self,
        verb: str,
        path: str,
        query: Optional[Dict[str, Any]] = None,
        body: Optional[Dict[str, Any]] = None,
        waits: float = 0,
    ) -> str:
        """The answer's body. Raises RequestRefused, or one that is derived from it, for a status from 400 on."""
        given = {key: value for key, value in (query or {}).items() if value is not None}
        target = path + ("?" + urllib.parse.urlencode(given) if given else "")
        sent = None if body is None else json.dumps(body).encode()
        status, answer = self._exchange(verb, target, sent, waits)
        if status >= 400:
            raise refusal_of(status, answer)
        return answer

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _exchange(self, verb: str, target: str, body: Optional[bytes], waits: float) -> Tuple[int, str]:
        if self._process != os.getpid():  # after a fork the sockets are those of the parent
            self._idle, self._process = [], os.getpid()
        while True:
            try:
                connection, is_used = self._idle.pop(), True
            except IndexError:
                connection, is_used = http.client.HTTPConnection(*self._address), False
            try:
                return self._exchange_on(connection, verb, target, body, waits)
            except (ConnectionError, http.client.BadStatusLine) as error:
                connection.close()
                if not is_used:  # a connection that was kept may have been closed since then: the next one
                    raise BrokerFailed(
                        f"the broker at {self._address[0]}:{self._address[1]} does not answer ({error}); has it ended?"
                    ) from None
            except OSError as error:
                connection.close()
                raise BrokerFailed(f"{verb} {target} has no answer after {self._seconds + waits} s ({error})") from None

    def _exchange_on(
        self, connection: http.client.HTTPConnection, verb: str, target: str, body: Optional[bytes], waits: float
    ) -> Tuple[int, str]:
        connection.timeout = self._seconds + waits
        if connection.sock is not None:
            connection.sock.settimeout(connection.timeout)
        headers = {} if body is None else {"Content-Type": "application/json"}
        connection.request(verb, target, body, headers)
        response = connection.getresponse()
        answer = response.read().decode("utf-8", "replace")
        if response.will_close:
            connection.close()
        else:
            self._idle.append(connection)
        return response.status, answer


def refusal_of(status: int, text: str) -> RequestRefused:
    """The error for an answer with that status and body."""
    try:
        answer = json.loads(text)
        assert isinstance(answer, dict)
    except (ValueError, AssertionError):
        answer = {"error": "unreadable", "reason": f"HTTP status {status}: {text[:1_000]}"}
    kind = ERRORS.get(str(answer.get("error")), RequestRefused)
    return kind(status, answer)
