"""A virtual host of one test's own: what a test asks of the broker."""

import os
import urllib.parse
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Type, Union

from .aside import Aside
from .errors import LeftBehind, PocketMQError, RecordingDiffers
from .faults import Fault
from .report import Report
from .text import Duration, Text, duration_text, given, seconds_of
from .waiting import refuse_to_block_a_loop

__tracebackhide__ = True  # pytest shows the test's line that called

if TYPE_CHECKING:
    from .broker import Broker

#: A number, or {"at_least": n}.
Count = Union[int, Mapping[str, int]]


class Scope:
    """What `Broker.scope` returns, and the fixture `pocketmq_scope` is.

    `url` (AMQP) and `json_url` go to the application under test; `vhost`, `user` and `password` are the same in parts.
    Methods that wait raise TimedOut, or at once CannotHold, with the broker's diagnosis. In a coroutine, `await
    scope.aside.await_message(...)` lets the event loop go on meanwhile.
    """

    def __init__(self, broker: "Broker", answer: Dict[str, Any]) -> None:
        self.broker = broker
        self.id: str = answer["id"]
        self.vhost: str = answer["vhost"]
        self.user: str = answer["user"]
        self.password: str = answer["password"]
        self.url: str = answer["amqp"]
        self.json_url: str = answer["json"]
        #: The number of its first event in the journal.
        self.first_event: int = answer.get("first_event", 1)
        self.is_closed = False
        #: Whether `compare` writes golden files instead; pytest's option --pocketmq-update sets it.
        self.updates_goldens = False
        self._http = broker.http

    @property
    def aside(self) -> Aside:
        """The same methods as coroutines."""
        return Aside(self)

    # --- Faults ---------------------------------------------------------------------------------

    def fault(
        self,
        on: Union[str, Mapping[str, Any]],
        do: Union[str, Mapping[str, Any]],
        *,
        nth: Optional[int] = None,
        times: Optional[int] = None,
        every: Optional[int] = None,
        chance: Optional[float] = None,
        name: Optional[str] = None,
        unlawful: bool = False,
    ) -> Fault:
        """Sets a rule: `fault(on={"method": "basic.publish"}, nth=2, do={"nack": True})`, or shorter
        `fault("basic.publish", "nack", nth=2)`. It is in force at once, also for connections that come later. A rule
        that never fires fails the scope."""
        asked = given(
            scope=self.id,
            name=name,
            on={"method": on} if isinstance(on, str) else dict(on),
            do={do: True} if isinstance(do, str) else dict(do),
            nth=nth,
            times=times,
            every=every,
            chance=chance,
            unlawful=unlawful or None,
        )
        return Fault(self._http, self._http.post("/test/faults", asked))

    def faults(self) -> List[Dict[str, Any]]:
        """All rules of the scope, with `seen` and `fired`."""
        return list(self._http.get("/test/faults", scope=self.id)["faults"])

    def remove_faults(self) -> None:
        """No rule does anything from now on."""
        self._http.delete("/test/faults", scope=self.id)

    # --- Waiting --------------------------------------------------------------------------------

    def await_message(
        self,
        *,
        exchange: Optional[Text] = None,
        routing_key: Optional[Text] = None,
        queue: Optional[Text] = None,
        body: Optional[Text] = None,
        json: Optional[Any] = None,
        headers: Optional[Mapping[str, Any]] = None,
        properties: Optional[Mapping[str, Any]] = None,
        state: Optional[str] = None,
        count: Optional[int] = None,
        within: Duration = "5s",
        since: str = "begin",
    ) -> Any:
        """Waits for a message that matches all that is given, and returns what matched. Messages count from the scope's
        beginning, or with `since="now"` from now on. `state` is one of published, ready, unacked, acked, expired,
        dropped, dead_lettered, returned, unroutable."""
        message = given(
            exchange=exchange,
            routing_key=routing_key,
            queue=queue,
            body=body,
            json=json,
            headers=headers,
            properties=properties,
            state=state,
        )
        return self._await({"message": message}, within, **given(count=count, from_=since))

    def await_queue(
        self,
        name: str,
        *,
        ready: Optional[Count] = None,
        unacked: Optional[Count] = None,
        consumers: Optional[Count] = None,
        within: Duration = "5s",
    ) -> Any:
        """Waits until the queue has so many ready and unacked messages and consumers."""
        queue = given(name=name, ready=ready, unacked=unacked, consumers=consumers)
        return self._await({"queue": queue}, within)

    def await_connections(self, count: Count, *, name: Optional[Text] = None, within: Duration = "5s") -> Any:
        """Waits until the scope has so many connections, of that name."""
        return self._await({"connections": given(count=count, name=name)}, within)

    def await_drained(
        self, *, rests_in: Sequence[str] = (), count: Optional[int] = None, within: Duration = "5s"
    ) -> Any:
        """Waits until at least `count` messages (1) were published, and each that was has ended: acked, expired, dropped,
        returned, or at rest in a queue where it may be."""
        rests = [rests_in] if isinstance(rests_in, str) else list(rests_in)
        return self._await(dict({"drained": True}, **given(rests_in=rests or None, count=count)), within)

    def await_quiet(self, duration: Duration = "200ms", *, within: Duration = "5s") -> Any:
        """Waits until nothing has happened for so long, in real time. This is a guess: rather wait for what you expect."""
        return self._await({"quiet": duration_text(duration)}, within)

    def _await(self, condition: Dict[str, Any], within: Duration, **more: Any) -> Any:
        refuse_to_block_a_loop()
        asked = dict(condition, scope=self.id, within=duration_text(within), **{k.rstrip("_"): v for k, v in more.items()})
        return self._http.post("/test/await", asked, waits=seconds_of(within)).get("matched")

    # --- Looking --------------------------------------------------------------------------------

    def explain(
        self, exchange: str, routing_key: str = "", headers: Optional[Mapping[str, Any]] = None
    ) -> Dict[str, Any]:
        """The way that a message would take, binding by binding: `queues`, `steps`, `nearest` and `text`."""
        asked = given(scope=self.id, exchange=exchange, routing_key=routing_key, headers=headers)
        return dict(self._http.post("/test/explain", asked))

    def messages(self, *, queue: Optional[str] = None, state: Optional[str] = None) -> List[Dict[str, Any]]:
        """The scope's messages, without touching them."""
        found: List[Dict[str, Any]] = []
        first: Optional[int] = None
        while True:
            page = self._http.get("/test/messages", scope=self.id, queue=queue, state=state, **({} if first is None else {"from": first}))
            found += page["messages"]
            first = page.get("next")
            if first is None:
                return found

    def message(self, number: int) -> Dict[str, Any]:
        """One message with its whole `life`."""
        return dict(self._http.get(f"/test/messages/{number}"))

    def journal(self, from_: Optional[int] = None, categories: Optional[str] = None) -> List[Dict[str, Any]]:
        """What has happened in the scope: its events in the broker's journal."""
        connections = set()
        mine = []
        for event in self.broker.journal(max(from_ or 1, self.first_event), categories):
            if event.get("vhost") == self.vhost and "connection" in event:
                connections.add(event["connection"])
            if event.get("vhost") == self.vhost or event.get("connection") in connections:
                mine.append(event)
        return mine

    def recording(self) -> str:
        """What clients and broker have told each other, as lines of JSON that are the same in each run."""
        return self._http.text("GET", "/test/recording", query={"scope": self.id})

    def compare(self, golden: Union[str, "os.PathLike[str]"], update: Optional[bool] = None) -> None:
        """Compares the recording with that in the file `golden`, and raises RecordingDiffers. With `update`, or pytest's
        --pocketmq-update, it writes the file instead."""
        path = Path(golden)
        if self.updates_goldens if update is None else update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.recording(), encoding="utf-8")
            return
        if not path.is_file():
            raise PocketMQError(
                f"there is no golden recording at {path}; run pytest with --pocketmq-update (or compare(..., update=True)) "
                "to write it, look at it, and keep it with the test"
            )
        try:
            self._http.post("/test/compare", {"scope": self.id, "golden": path.read_text(encoding="utf-8")})
        except RecordingDiffers as differs:
            differs.args = (f"{path}: {differs.args[0]}\nIf it is right as it is now: pytest --pocketmq-update",)
            raise differs from None

    # --- Doing ----------------------------------------------------------------------------------

    def publish(
        self,
        routing_key: str,
        body: Optional[str] = None,
        *,
        exchange: str = "",
        json: Optional[Any] = None,
        properties: Optional[Mapping[str, Any]] = None,
        headers: Optional[Mapping[str, Any]] = None,
        count: Optional[int] = None,
    ) -> Dict[str, Any]:
        """Publishes a message, with a `body` or as `json`: as if another application did. Returns its number
        (`message`) and the `queues` that it went to."""
        asked = given(
            scope=self.id,
            exchange=exchange or None,
            routing_key=routing_key,
            body="" if body is None and json is None else body,
            json=json,
            properties=properties,
            headers=headers,
            count=count,
        )
        return dict(self._http.post("/test/messages", asked))

    def advance(self, duration: Duration, *, all: bool = False) -> Dict[str, int]:
        """Sets the broker's clock forward and returns what happened: `{"message.expired": 3}`. The timers of clients do
        not move. There is one clock a broker: with other scopes open, `all=True` says that they are meant too."""
        return dict(self.broker.clock(scope=self.id, all=all, advance=duration_text(duration))["happened"])

    def freeze(self, *, all: bool = False) -> None:
        """Time stands still until `run_clock()`; `advance` moves it."""
        self.broker.clock(scope=self.id, all=all, freeze=True)

    def run_clock(self, *, all: bool = False) -> None:
        """Time goes on."""
        self.broker.clock(scope=self.id, all=all, run=True)

    def restart(self, *, lose: bool = False, down: Optional[Duration] = None) -> Dict[str, Dict[str, int]]:
        """Restarts the scope, as if the broker were stopped and started: clients are closed with 320, and durable queues
        and persistent messages stay. See Broker.restart."""
        return self.broker.restart(scope=self.id, lose=lose, down=down)

    def pause(self) -> List[Dict[str, Any]]:
        """Carries out no more commands of the scope's connections until `step` or `resume`. Returns those that wait."""
        return list(self._http.post("/test/pause", {"scope": self.id})["waiting"])

    def step(self, count: int = 1, *, connection: Optional[int] = None) -> List[Dict[str, Any]]:
        """Carries out so many commands that wait, of that connection (its number in the journal), and returns them."""
        asked = given(connection=connection, count=count)
        return list(self._http.post("/test/step", asked)["carried_out"])

    def resume(self) -> None:
        """Carries out all that waits, and goes on."""
        self._http.post("/test/resume", {"scope": self.id})

    # --- The end --------------------------------------------------------------------------------

    def report(self) -> Report:
        """What would be told if the scope were closed now. It ends nothing."""
        return Report(self._http.get(self._path))

    def end(self, *, within: Optional[Duration] = None) -> Report:
        """Ends the scope with all that is in it, and returns what was left. If connections are open, it waits `within`
        (1 s) for them to go first: a client that has just closed its own may be ahead of the broker. A second call
        returns the same."""
        if not self.is_closed:
            query = {} if within is None else {"within": duration_text(within)}
            waits = 0 if within is None else seconds_of(within)
            self._last_report = Report(self._http.ask("DELETE", self._path, query=query, waits=waits))
            self.is_closed = True
        return self._last_report

    def close(self, *, within: Optional[Duration] = None) -> Report:
        """Ends the scope, as `end` does, and raises LeftBehind if something was left in it, or had happened unseen."""
        was_closed = self.is_closed
        report = self.end(within=within)
        if not report.ok and not was_closed:
            raise LeftBehind(report)
        return report

    @property
    def _path(self) -> str:
        return "/test/scopes/" + urllib.parse.quote(self.id, safe="")

    def __enter__(self) -> "Scope":
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if error is None:
            self.close()
        else:  # what is left is a consequence
            self.end(within=0)

    def __repr__(self) -> str:
        return f"<Scope {self.id}{' (closed)' if self.is_closed else ''}>"
