"""A connection by hand: it sends what a script says, and notes what comes as lines of a transcript.

Unless it is told to do without (`by_hand`), it does what every client does and no script wants to repeat: it opens a
channel that is needed, and answers channel.close and connection.close.
"""

import select
import socket
import struct
import time
from typing import NamedTuple

import amqp
import notation

PATIENCE = 5.0  # seconds; only what is broken takes as long, and RabbitMQ's 3 s before it cuts a connection
CAPABILITIES = ("publisher_confirms", "exchange_exchange_bindings", "basic.nack", "consumer_cancel_notify",
                "connection.blocked", "authentication_failure_close")
PRODUCT = {"cluster_name", "copyright", "information", "platform"}  # texts that differ with the machine
BARRIER = "barrier"  # a consumer tag that no script uses: cancelling it is answered, and changes nothing


class Event(NamedTuple):
    channel: int
    name: str   # of the method, or `end`, `heartbeat`
    line: str


class Content:
    """A delivery, return or get-ok whose content is still coming."""

    def __init__(self, name, fields):
        self.name, self.fields, self.properties, self.size, self.pieces = name, fields, None, None, []

    @property
    def whole(self):
        return self.size is not None and sum(map(len, self.pieces)) >= self.size


def _capability_table(names):
    return amqp.Value("F", [(str(name), amqp.Value("t", 1)) for name in names])


def _response(mechanism, user, password):
    if mechanism != "AMQPLAIN":
        return f"\0{user}\0{password}"
    table = amqp.Value("F", [("LOGIN", amqp.Value("S", user)), ("PASSWORD", amqp.Value("S", password))])
    return amqp.to_text(amqp.encode_value(table)[5:])  # without type and length


def _sort_deaths(properties):
    """RabbitMQ keeps the fields of an x-death in one order at first, and in another when it counts it again."""
    for key, value in properties.get("headers", []):
        if key == "x-death" and value.tag == "A":
            for death in value.value:
                if death.tag == "F":
                    death.value.sort()


class Connection:
    def __init__(self, broker, by_hand=False, user="guest", password="guest", vhost="/", mechanism="PLAIN",
                 capabilities=CAPABILITIES, channel_max=2047, frame_max=131072, heartbeat=0, before=""):
        """`before` names the method that the handshake stops before; the header is one, too."""
        self.broker, self.by_hand, self.vhost, self.frame_max = broker, by_hand, vhost, frame_max
        self.events, self.declared = [], set()
        self.channels = set()    # those that are open
        self.unfinished = set()  # channels on which what was sent last is only the beginning of something
        self.open = False        # the handshake is over
        self.refused = self.left = self.ended = False  # by the broker, by ourselves, for whatever reason
        self._input, self._contents, self._barriers = b"", {}, set()
        self.socket = socket.create_connection((broker.host, broker.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        if before != "header":
            self.send_bytes(amqp.PROTOCOL_HEADER)
            self._shake_hands(before, {
                "start-ok": {"client_properties": [("capabilities", _capability_table(capabilities))],
                             "mechanism": mechanism, "response": _response(mechanism, user, password),
                             "locale": "en_US"},
                "tune-ok": {"channel_max": channel_max, "frame_max": frame_max, "heartbeat": heartbeat},
                "open": {"virtual_host": vhost}})

    def _shake_hands(self, before, fields):
        for awaited, answer in (("start", "start-ok"), ("tune", "tune-ok"), (None, "open"), ("open-ok", None)):
            if awaited:
                if not self.wait_for(f"connection.{awaited}"):
                    return
            if answer:
                if answer == before:
                    return
                self.send(0, f"connection.{answer}", fields[answer])

    # ---- sending

    def send_bytes(self, octets):
        try:
            self.socket.sendall(octets)
        except OSError:
            pass  # the broker has ended it, which reading will tell

    def send(self, channel, name, fields, properties=None, body=""):
        if name == "exchange.declare" or name == "queue.declare":
            kind = name.partition(".")[0]
            self.declared.add((kind, fields.get(kind, "")))
        if name in ("channel.close", "channel.close-ok"):
            self.channels.discard(channel)
        if name == "connection.close":
            self.channels.clear()
        self.send_bytes(amqp.command(channel, name, fields, properties, body, self.frame_max))
        if name == "tx.commit":  # RabbitMQ bears nothing behind it before it is answered
            self._read_until(lambda: self._came("tx.commit-ok") or channel not in self.channels)

    def require_channel(self, channel):
        """Opens it, unless it is open or the script does that by hand."""
        if self.by_hand or not self.open or channel == 0 or channel in self.channels or self.over:
            return
        self.send(channel, "channel.open", {})
        self.wait_for("channel.open-ok")

    @property
    def over(self):
        """Whether nothing more can be said."""
        return not self.by_hand and (self.ended or self.left or self.refused)

    def vanish(self):
        """Ends it without a word, and waits until the broker has noticed."""
        self.left = True
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self._read_until(lambda: self.ended)
        self.socket.close()

    def close(self):
        """Ends it as a client should, if that is still possible."""
        if self.channels and not self.unfinished:
            self.by_hand = False
            self.send(0, "connection.close", {"reply_code": 200})
            self._read_until(lambda: self.left or self.ended)
        if self.ended or self.left:
            self.socket.close()
        else:
            self.vanish()

    # ---- reading

    def wait_for(self, name, seconds=PATIENCE):
        """Takes the event of this name out of what came. Whether there is one."""
        self._read_until(lambda: self._came(name) or self.refused, seconds)
        event = self._came(name)
        if event:
            self.events.remove(event)
        return event is not None

    def await_event(self, name, seconds):
        """Waits for an event, also one that follows a close, such as the end. It stays among those that came."""
        self._read_until(lambda: self._came(name), seconds)
        if name == "end" and self.ended and not self._came(name):
            self._note(0, name, name)
        if not self._came(name):
            self._note(0, "nothing", f"{name} does not come")

    def _came(self, name):
        return next((event for event in self.events if event.name == name), None)

    def settle(self):
        """Reads all that the broker has to say to what it was sent before."""
        self.read(0)
        if 0 in self.unfinished or self.ended or self.left:
            return
        if not self.refused:
            self._barriers = self.channels - self.unfinished
            for channel in self._barriers:
                self.send(channel, "basic.cancel", {"consumer_tag": BARRIER})
            if not self._read_until(lambda: not self._barriers or self.refused):
                self._note(0, "silence", "no answer")
        if self.refused and not (self.by_hand or self.left) and not self._read_until(lambda: self.ended):
            self._note(0, "open", "the connection stays open")

    def _read_until(self, condition, seconds=PATIENCE):
        deadline = time.monotonic() + seconds
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0 or self.ended:
                return False
            self.read(left)
        return True

    def read(self, seconds):
        """Reads what comes first in that time. Whether something came."""
        if self.ended or self.socket.fileno() < 0 or not select.select([self.socket], [], [], seconds)[0]:
            return False
        try:
            octets = self.socket.recv(1 << 20)
        except OSError:
            octets = b""
        if not octets:
            self.ended = True
            self.channels.clear()
            self._barriers.clear()
            if not (self.left or self.refused):
                self._note(0, "end", "end")
        self._input += octets
        self._take_frames()
        return True

    def _take_frames(self):
        if self._input.startswith(b"AMQP") and len(self._input) >= 8:
            self._note(0, "header", "protocol header " + notation.quoted(amqp.to_text(self._input[4:8])))
            self._input = self._input[8:]
        while len(self._input) >= 7:
            kind, channel, size = struct.unpack(">BHI", self._input[:7])
            whole = size + amqp.FRAME_OVERHEAD
            if len(self._input) < whole:
                return
            payload = self._input[7:whole - 1]
            self._input = self._input[whole:]
            self._take_frame(kind, channel, payload)

    def _take_frame(self, kind, channel, payload):
        content = self._contents.get(channel)
        if kind == amqp.HEARTBEAT:
            self._note(channel, "heartbeat", "heartbeat")
        elif kind == amqp.METHOD:
            name, fields = amqp.read_method(payload)
            if name in amqp.WITH_CONTENT:
                self._contents[channel] = Content(name, fields)
            else:
                self._take_method(channel, name, fields)
        elif kind == amqp.HEADER and content:
            content.size, content.properties = amqp.read_header(payload)
            _sort_deaths(content.properties)
        elif kind == amqp.BODY and content:
            content.pieces.append(payload)
        else:
            self._note(channel, "frame", f"frame {kind} {notation.quoted(amqp.to_text(payload))}")
        if content and content.whole:
            del self._contents[channel]
            self._note(channel, content.name, notation.show_method(
                content.name, content.fields, content.properties, amqp.to_text(b"".join(content.pieces)),
                [len(piece) for piece in content.pieces]))

    def _take_method(self, channel, name, fields):
        if name == "basic.cancel-ok" and fields["consumer_tag"] == BARRIER:
            self._barriers.discard(channel)
            return
        if name in ("channel.close", "connection.close"):
            fields["reply_text"] = self.broker.readable(fields["reply_text"])
        if name == "connection.start":
            fields["server_properties"] = [
                (key, amqp.Value("S", "...") if key in PRODUCT else value) for key, value in fields["server_properties"]]
        self._note(channel, name, notation.show_method(name, fields))
        if name == "channel.open-ok":
            self.channels.add(channel)
        elif name in ("channel.close", "channel.close-ok"):
            self.channels.discard(channel)
            self._barriers.discard(channel)
        elif name == "queue.declare-ok":
            self.declared.add(("queue", fields["queue"]))
        elif name == "connection.open-ok":
            self.open = True
        elif name == "connection.close":
            self.refused = True
            self.channels.clear()
        elif name == "connection.close-ok":
            self.left = not self.by_hand
            self.refused = True
        if not self.by_hand and name in ("channel.close", "connection.close"):
            self.send(channel, name + "-ok", {})

    def _note(self, channel, name, line):
        self.events.append(Event(channel, name, line))
