"""A connection to the broker by hand, in either encoding and with one vocabulary: methods and fields have the names
that they have in the JSON framing. pika's own codec turns them into AMQP frames, and bytes of any kind can be sent.
"""

import json
import socket
import struct
import time
from typing import NamedTuple

import pika.frame
import pika.spec

from programs import TIMEOUT

AMQP_HEADER = b"AMQP\x00\x00\x09\x01"
METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8
FRAME_MAX = 131072


class Command(NamedTuple):
    method: str
    channel: int
    fields: dict
    properties: dict
    body: bytes


class Peer:
    """`receive_buffer` bounds what the kernel takes in for a peer that does not read."""

    def __init__(self, cleanup, broker, receive_buffer=None):
        self.socket = socket.socket()
        cleanup(self.vanish)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self.socket.settimeout(TIMEOUT)
        self.socket.connect((broker.host, broker.port))
        self.stream = self.socket.makefile("rb", buffering=262144)

    def vanish(self):
        self.stream.close()
        self.socket.close()

    def send_bytes(self, octets):
        self.socket.sendall(octets)

    def send(self, method, body=None, properties=None, channel=None, **fields):
        self.send_bytes(self.encode(method, body, properties, channel, **fields))

    def expect(self, method, **fields):
        """The next command, which must be this one, with these fields among others."""
        command = self.receive()
        got = {name: command.fields.get(name) for name in fields}
        if command.method != method or got != fields:
            raise AssertionError(f"expected {method} {fields}, got {command}")
        return command

    def call(self, method, **fields):
        """Sends a method and returns the fields of its -ok."""
        self.send(method, **fields)
        return self.expect(method + "-ok").fields

    def await_consumer(self, queue):
        """Declares the queue, and returns when somebody consumes it."""
        deadline = time.monotonic() + TIMEOUT
        while self.call("queue.declare", queue=queue)["consumer_count"] == 0:
            if time.monotonic() > deadline:
                raise AssertionError(f"nobody consumes {queue}")

    def expect_close(self, code, text, **fields):
        """connection.close, with `text` in its text; answers it, and then the connection must be at its end."""
        close = self.expect("connection.close", reply_code=code, **fields)
        if text not in close.fields["reply_text"]:
            raise AssertionError(f"{text!r} is not in {close.fields['reply_text']!r}")
        self.send("connection.close-ok")
        self.expect_end()

    def expect_end(self):
        """The broker says nothing more and ends the connection; so does the peer."""
        try:
            rest = self.stream.read(1)
        except ConnectionResetError:
            rest = b""
        if rest:
            raise AssertionError(f"the connection goes on: {rest + self.stream.peek()[:200]}")
        self.vanish()

    def close(self):
        self.call("connection.close", reply_code=200, reply_text="", class_id=0, method_id=0)
        self.expect_end()

    def _read(self, size):
        octets = self.stream.read(size)
        if len(octets) < size:
            raise AssertionError(f"the connection ended, {size} bytes were to come, there are only {octets!r}")
        return octets


def default_channel(method):
    return 0 if method.startswith("connection.") else 1


class JsonPeer(Peer):
    def open(self):
        """Nothing to do: without connection.open it is guest's connection."""

    @staticmethod
    def encode(method, body=None, properties=None, channel=None, **fields):
        header = {"method": method, **fields}
        if channel is not None:
            header["channel"] = channel
        if properties is not None:
            header["properties"] = properties
        payload = json.dumps(header).encode()
        if body is not None:
            payload += b"\n" + body
        return json_frame(payload)

    def receive(self):
        size = 0
        while size == 0:
            size = int.from_bytes(self._read(4), "big")
        header, _, body = self._read(size).partition(b"\n")
        fields = json.loads(header)
        method, properties = fields.pop("method"), fields.pop("properties", {})
        return Command(method, fields.pop("channel", default_channel(method)), fields, properties, body)


class AmqpPeer(Peer):
    def start(self, user="guest", password="guest", capabilities=(), response=None, mechanism="PLAIN"):
        """Up to start-ok."""
        self.send_bytes(AMQP_HEADER)
        self.expect("connection.start")
        self.send("connection.start-ok", mechanism=mechanism,
                  client_properties={"capabilities": {name: True for name in capabilities}},
                  response=f"\0{user}\0{password}" if response is None else response)

    def tune(self, channel_max=2047, frame_max=FRAME_MAX, virtual_host="/"):
        """From start-ok to open."""
        self.expect("connection.tune")
        self.send("connection.tune-ok", channel_max=channel_max, frame_max=frame_max, heartbeat=0)
        self.send("connection.open", virtual_host=virtual_host)

    def open(self):
        """The whole handshake, and channel 1."""
        self.start(capabilities=["authentication_failure_close"])
        self.tune()
        self.expect("connection.open-ok")
        self.call("channel.open")

    @staticmethod
    def encode(method, body=None, properties=None, channel=None, **fields):
        if channel is None:
            channel = default_channel(method)
        class_name, method_name = method.split(".")
        spec_class = getattr(getattr(pika.spec, class_name.title()), method_name.title().replace("-", ""))
        if "no_wait" in fields:
            fields["nowait"] = fields.pop("no_wait")
        frames = [pika.frame.Method(channel, spec_class(**fields)).marshal()]
        if pika.spec.has_content(spec_class.INDEX):
            body = body or b""
            properties = pika.spec.BasicProperties(**(properties or {}))
            frames.append(pika.frame.Header(channel, len(body), properties).marshal())
            payload_max = FRAME_MAX - 8
            frames += [frame(BODY, channel, body[at:at + payload_max]) for at in range(0, len(body), payload_max)]
        return b"".join(frames)

    def receive(self):
        received = self._frame()
        method, fields = received.method, dict(vars(received.method))
        class_name, method_name = method.NAME.split(".")
        name = class_name.lower() + "." + method_name.lower().replace("ok", "-ok").replace("empty", "-empty")
        properties, body = {}, b""
        if pika.spec.has_content(method.INDEX):
            header = self._frame()
            properties = {key: value for key, value in vars(header.properties).items() if value is not None}
            pieces = []
            while sum(map(len, pieces)) < header.body_size:
                pieces.append(self._frame().fragment)
            body = b"".join(pieces)
        return Command(name, received.channel_number, fields, properties, body)

    def _frame(self):
        while True:
            start = self._read(7)
            if start == AMQP_HEADER[:7]:
                raise AssertionError("the broker answered with a protocol header")
            size = struct.unpack(">I", start[3:])[0]
            _, received = pika.frame.decode_frame(start + self._read(size + 1))
            if not isinstance(received, pika.frame.Heartbeat):
                return received


PEERS = {"amqp": AmqpPeer, "json": JsonPeer}
ENCODINGS = tuple(PEERS)


def connect(cleanup, broker, encoding, **options):
    """A connection with channel 1 open."""
    peer = PEERS[encoding](cleanup, broker, **options)
    peer.open()
    return peer


def json_frame(payload):
    return struct.pack(">I", len(payload)) + payload


def frame(kind, channel, payload=b"", end=b"\xce"):
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + end


def method_frame(class_id, method_id, arguments=b"", channel=1):
    return frame(METHOD, channel, struct.pack(">HH", class_id, method_id) + arguments)


def short_string(text):
    return bytes([len(text)]) + text


def long_string(octets):
    """Also a table, from its encoded fields."""
    return struct.pack(">I", len(octets)) + octets
