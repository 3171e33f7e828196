"""A section of a script, told to a broker: who says what, and what is heard then."""

import re
import select
import time

import amqp
import notation
from connection import PATIENCE, Connection
from script import ScriptError

LONG_PATIENCE = 15.0  # seconds; for what is awaited: a time to live, RabbitMQ's 10 s for a handshake
DAY = 86400

_GENERATED = re.compile(r"\bamq\.(?:(gen|ctag)-[\w-]{15,}|rabbitmq\.(reply-to)\.[\w+/=.-]{15,})")
_STANDS_FOR_GENERATED = re.compile(r"\bamq\.(?:gen-|ctag-|rabbitmq\.reply-to\.)\d+\b")
_TIME = re.compile(r"\bT:(\d{10})\b")


class Names:
    """What a broker makes up is called by its number in the section: amq.gen-1."""

    def __init__(self):
        self._known = {}

    def hide(self, line):
        # What has to be quoted of one broker need not of another.
        line = re.sub(r'"(amq\.rabbitmq\.reply-to\.[^"\s]{15,})"', r"\1", line)
        line = _GENERATED.sub(self._number, line)
        return _TIME.sub(lambda time_: "T:now" if abs(int(time_[1]) - time.time()) < DAY else time_[0], line)

    def reveal(self, text):
        names = {number: name for name, number in self._known.items()}
        return _STANDS_FOR_GENERATED.sub(
            lambda number: notation.quoted(names[number[0]]) if number[0] in names else number[0], text)

    def _number(self, match):
        prefix = "amq.rabbitmq.reply-to." if match[2] else f"amq.{match[1]}-"
        same = sum(number.startswith(prefix) for number in self._known.values())
        return self._known.setdefault(match[0], f"{prefix}{same + 1}")


class Conversation:
    """`broker.quiet`, in seconds, is how long a broker has to be silent to have said all. A broker that needs none
    (0) has said all once it has answered on every open channel."""

    def __init__(self, broker):
        self.broker = broker
        self._connections, self._options = {}, {}
        self._names = Names()
        self._declared = set()

    def perform(self, step, expected):
        """The answers, sorted by connection and channel. Those that are expected are waited for; None: unknown."""
        acting = self._act(step)
        if step.unfinished:
            acting.unfinished.add(step.channel)
            return []  # what comes of it comes with the next step
        acting.unfinished.discard(step.channel)
        self._settle(acting)
        if self.broker.quiet:
            self._listen(lambda: False, self.broker.quiet)
        if expected and self._listen(lambda: self._heard() >= len(expected), PATIENCE):
            self._settle(acting)
        return self._answers(step.unordered)

    def end(self):
        """Ends all connections, and deletes what they declared."""
        for connection in self._connections.values():
            self._remember(connection)
            connection.close()
        for vhost in {vhost for vhost, _, _ in self._declared}:
            self._clean(vhost)

    # ---- acting

    def _act(self, step):
        verb, _, rest = self._names.reveal(step.text).partition(" ")
        if verb == "connect":
            return self._connect(step, notation.parse(rest).named)
        connection = self._connections.get(step.connection)
        if connection is None or connection.over and verb != "await":
            connection = self._connect(step, self._options.get(step.connection, {}))
        if verb != "channel.open":
            connection.require_channel(step.channel)
        if verb in amqp.METHODS:
            self._send_method(connection, step.channel, verb, notation.parse(rest))
        elif verb in _VERBS:
            _VERBS[verb](connection, step.channel, notation.parse(rest))
        else:
            raise ScriptError(f"line {step.number}: there is no method and no verb {verb!r}")
        return connection

    def _connect(self, step, options):
        self._options[step.connection] = options
        if step.connection in self._connections:
            self._remember(self._connections[step.connection])
            self._connections[step.connection].close()
        options = {name: int(value) if name in ("channel_max", "frame_max", "heartbeat") else value
                   for name, value in options.items()}
        if "capabilities" in options:
            options["capabilities"] = [name.value for name in options["capabilities"].value]
        connection = self._connections[step.connection] = Connection(self.broker, **options)
        return connection

    @staticmethod
    def _send_method(connection, channel, name, arguments):
        named = dict(arguments.named)
        fields = notation.fields_of(amqp.METHODS[name].fields, named)
        properties = body = None
        if name in amqp.WITH_CONTENT:
            properties, body = notation.fields_of(amqp.PROPERTIES, named), named.pop("body", "")
        if named or arguments.positional:
            raise ScriptError(f"{name} has no {', '.join([*named, *arguments.positional])}")
        connection.send(channel, name, fields, properties, body)

    # ---- listening

    def _settle(self, acting):
        """First who acted: what that caused for others is then under way to them."""
        acting.settle()
        for name in sorted(self._connections):
            if self._connections[name] is not acting:
                self._connections[name].settle()

    def _listen(self, enough, seconds):
        """Until it is enough, or nothing came for so long. Whether it listened at all."""
        if enough():
            return False
        while not enough():
            open_ones = [each for each in self._connections.values() if not each.ended and each.socket.fileno() >= 0]
            heard = select.select([each.socket for each in open_ones], [], [], seconds)[0] if open_ones else []
            if not heard:
                break
            for connection in open_ones:
                connection.read(0)
        return True

    def _heard(self):
        return sum(event.name != "heartbeat" for connection in self._connections.values() for event in connection.events)

    def _answers(self, unordered):
        answers = []
        for name in sorted(self._connections):
            connection = self._connections[name]
            for event in sorted(connection.events, key=lambda event: event.channel):
                if event.name != "heartbeat":
                    who = f"{name} {event.channel}" if event.channel else name
                    answers.append(self._names.hide(f"{who}: {event.line}"))
            connection.events.clear()
        return sorted(answers) if unordered else answers

    # ---- cleaning up

    def _remember(self, connection):
        self._declared |= {(connection.vhost, kind, name) for kind, name in connection.declared
                           if name and not name.startswith("amq.")}

    def _clean(self, vhost):
        janitor = Connection(self.broker, vhost=vhost)
        for owner, kind, name in sorted(self._declared):
            deadline = time.monotonic() + PATIENCE
            deleted = owner != vhost
            # An exclusive queue may outlive its connection for a moment.
            while not deleted and time.monotonic() < deadline:
                janitor.require_channel(1)
                janitor.send(1, f"{kind}.delete", {kind: name})
                deleted = janitor.wait_for(f"{kind}.delete-ok", 0.2)
                janitor.events.clear()
        janitor.close()


# ---- what else than methods a step may say

def _only_string(arguments):
    if len(arguments.positional) != 1 or arguments.named:
        raise ScriptError("bytes and body take one string, in quotes")
    return arguments.positional[0]


def _method(connection, channel, arguments):
    """method NAME FIELDS, or method CLASS.NUMBER "arguments": the method frame alone."""
    name, *raw = arguments.positional
    if name in amqp.METHODS and not raw:
        payload = amqp.method_payload(name, notation.fields_of(amqp.METHODS[name].fields, dict(arguments.named)))
    else:
        numbers = ((amqp.METHODS[name].class_id, amqp.METHODS[name].method_id) if name in amqp.METHODS
                   else map(int, name.split(".")))
        payload = b"".join(number.to_bytes(2, "big") for number in numbers)
        payload += b"".join(amqp.to_bytes(text) for text in raw)
    connection.send_bytes(amqp.frame(amqp.METHOD, channel, payload))


def _header(connection, channel, arguments):
    """header size=N [class=N] [weight=N] PROPERTIES, or flags_and_properties="...": a content header alone."""
    named = dict(arguments.named)
    properties = notation.fields_of(amqp.PROPERTIES, named)
    if "flags_and_properties" in named:
        properties = amqp.to_bytes(named["flags_and_properties"])
    payload = amqp.header_payload(int(named["size"]), properties, int(named.get("class", 60)),
                                  int(named.get("weight", 0)))
    connection.send_bytes(amqp.frame(amqp.HEADER, channel, payload))


def _body(connection, channel, arguments):
    connection.send_bytes(amqp.frame(amqp.BODY, channel, amqp.to_bytes(_only_string(arguments))))


def _frame(connection, channel, arguments):
    """frame TYPE ["payload"] [end="..."] [size=N]: any frame."""
    kind, *payload = arguments.positional
    size = arguments.named.get("size")
    connection.send_bytes(amqp.frame(int(kind), channel, amqp.to_bytes("".join(payload)),
                                     amqp.to_bytes(arguments.named.get("end", "\udcce")),
                                     None if size is None else int(size)))


def _bytes(connection, channel, arguments):
    connection.send_bytes(amqp.to_bytes(_only_string(arguments)))


def _heartbeat(connection, channel, arguments):
    connection.send_bytes(amqp.frame(amqp.HEARTBEAT, channel))


def _await(connection, channel, arguments):
    """await NAME: until it comes."""
    name, = arguments.positional or [next(iter(arguments.named))]
    connection.await_event(name, LONG_PATIENCE)


def _vanish(connection, channel, arguments):
    connection.vanish()


def _wait(connection, channel, arguments):
    """wait MILLISECONDS: for what only time brings, and nothing announces."""
    time.sleep(int(arguments.positional[0]) / 1000)


_VERBS = {"method": _method, "header": _header, "body": _body, "frame": _frame, "bytes": _bytes,
          "heartbeat": _heartbeat, "await": _await, "vanish": _vanish, "wait": _wait}
