"""A broker of one's own: the process, and what is asked of all of it."""

import contextlib
import json
import os
import random
import re
import select
import subprocess
import tempfile
import time
import weakref
from types import TracebackType
from typing import IO, Any, Dict, List, Optional, Sequence, Tuple, Type, Union

from .binary import find_binary
from .errors import BrokerFailed, PocketMQError
from .http import Http
from .scope import Scope
from .text import Allow, Duration, allow_of, duration_text, given, seconds_of

__tracebackhide__ = True  # pytest shows the test's line that called

_START_SECONDS = 30  # far more than it takes: a loaded machine starts it late
_STOP_SECONDS = 5
_READY = re.compile(rb"^ready on (.+):(\d+)$", re.MULTILINE)


class Broker:
    """Starts `pocketmq-broker --test` on a free port of loopback. It ends with `stop()`, with the `with` block, and in
    any case with this process, also when that is killed.

    `binary`: see find_binary. `options`: more of the broker's options, as `["--consumer-timeout", "60"]`. `seed`: of
    names and chances; one is chosen if none is given.
    """

    def __init__(
        self,
        binary: Union[None, str, "os.PathLike[str]"] = None,
        options: Sequence[str] = (),
        seed: Optional[int] = None,
    ) -> None:
        self.binary = find_binary(binary)
        self._log: IO[bytes] = tempfile.TemporaryFile(prefix="pocketmq-log-")  # it has no name: nothing to clean up
        command = [str(self.binary), "--test", "--port", "0", "--exit-with-parent", "--exit-on-stdin-close"]
        #: Of names and chances. A test that failed runs the same with it.
        self.seed: int = random.SystemRandom().randrange(2**32) if seed is None else seed
        # An application that still connects when its scope is closed is refused, and must not slow down later tests.
        command += ["--login-failures-max", "0"]
        command += ["--seed", str(self.seed)] + [str(option) for option in options]
        try:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, bufsize=0
            )
        except OSError as error:
            raise BrokerFailed(f"{self.binary} cannot be started: {error}") from None
        self._end = weakref.finalize(self, _end, self.process, os.getpid())
        self.host, self.port = self._ready_address()
        self.http = Http(self.host, self.port)

    @property
    def url(self) -> str:
        """For AMQP clients, as guest in the virtual host `/`. Tests use that of a scope."""
        return f"amqp://guest:guest@{self.host}:{self.port}/%2F"

    @property
    def json_url(self) -> str:
        """For clients of the JSON encoding, as guest in the virtual host `/`."""
        return f"amqp+json://guest:guest@{self.host}:{self.port}/%2F"

    def scope(self, name: Optional[str] = None, allow: Optional[Allow] = None) -> Scope:
        """A virtual host and a user of one test's own. Close it, or use it in a `with` block."""
        asked = given(name=name, allow=None if allow is None else allow_of(allow))
        return Scope(self, self.http.post("/test/scopes", asked))

    def scopes(self) -> List[Dict[str, Any]]:
        """Those that are open."""
        return list(self.http.get("/test/scopes")["scopes"])

    def advance(self, duration: Duration, *, all: bool = False) -> Dict[str, int]:
        """Sets the broker's clock forward, does what is due, and returns how many events of each kind that were. There is
        one clock a broker: while several scopes are open, `all=True` says that it is meant for all of them."""
        return self.clock(advance=duration_text(duration), all=all)["happened"]  # type: ignore[no-any-return]

    def freeze(self, *, all: bool = False) -> None:
        """Time stands still until `run_clock()`; `advance` moves it."""
        self.clock(freeze=True, all=all)

    def run_clock(self, *, all: bool = False) -> None:
        """Time goes on."""
        self.clock(run=True, all=all)

    def clock(self, *, scope: Optional[str] = None, all: bool = False, **change: Any) -> Dict[str, Any]:
        asked = dict(change, **given(scope=scope, all=all or None))
        return dict(self.http.post("/test/clock", asked))

    def restart(
        self, *, scope: Optional[str] = None, lose: bool = False, down: Optional[Duration] = None
    ) -> Dict[str, Dict[str, int]]:
        """As if the broker were stopped and started: clients are closed with 320, and what is durable stays. With `lose`
        nothing does. With `scope`, only that virtual host is restarted. It stays down for `down`, in real time. Returns
        how much was `kept`, and how much `lost`."""
        asked = given(scope=scope, lose=lose or None, down=None if down is None else duration_text(down))
        return dict(self.http.post("/test/restart", asked, waits=0 if down is None else seconds_of(down)))

    def journal(self, from_: Optional[int] = None, categories: Optional[str] = None) -> List[Dict[str, Any]]:
        """What has happened: the events that are still kept, the oldest first."""
        query = {"from": from_, "categories": categories}
        lines = self.http.text("GET", "/test/journal", query=query).splitlines()
        return [event for event in map(json.loads, lines) if "kind" in event]

    def state(self) -> Dict[str, Any]:
        """What is in the broker now."""
        return dict(self.http.get("/test/state"))

    def log_lines(self, last: Optional[int] = None) -> List[str]:
        """What the broker has written to its log: the last lines, or all."""
        size = os.fstat(self._log.fileno()).st_size
        first = 0 if last is None else max(0, size - 400 * last)
        lines = os.pread(self._log.fileno(), size - first, first).decode("utf-8", "replace").splitlines()
        return lines if last is None else lines[-last:]

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        """Ends the process. Raises BrokerFailed if it has ended before, or does not end well."""
        if not self._end.alive:
            return
        self.http.close()
        self._end()
        code = self.process.returncode
        if code not in (0, None):  # None: in a fork of the process that started it
            raise BrokerFailed(f"the broker has ended with the exit code {code}.{self._last_words()}")

    def __enter__(self) -> "Broker":
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        try:
            self.stop()
        except PocketMQError:
            if error is None:
                raise

    def __repr__(self) -> str:
        return f"<Broker {self.host}:{self.port}>"

    def _ready_address(self) -> Tuple[str, int]:
        assert self.process.stdout is not None
        deadline = time.monotonic() + _START_SECONDS
        written = b""
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                self._end()
                raise BrokerFailed(f"{self.binary} has not said 'ready' for {_START_SECONDS} s.{self._last_words()}")
            piece = os.read(self.process.stdout.fileno(), 4096)
            written += piece
            ready = _READY.search(written) if written.endswith(b"\n") else None
            if ready:
                return ready[1].decode().strip("[]"), int(ready[2])
            if not piece:
                code = self.process.wait()
                self._end()
                raise BrokerFailed(
                    f"{self.binary} has ended with the exit code {code} before it was ready; "
                    f"is it a pocketmq-broker that knows --test?{self._last_words()}"
                )

    def _last_words(self) -> str:
        lines = self.log_lines(20)
        return " Its last lines:" + "".join(f"\n  {line}" for line in lines) if lines else " It has said nothing."


def _end(process: "subprocess.Popen[bytes]", owner: int) -> None:
    if os.getpid() != owner:
        return  # a fork of the process that started it
    with contextlib.suppress(OSError):
        process.terminate()
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
