"""AMQP 0-9-1 on the wire, for a client that also sends what no client should.

Methods and fields have the names that they have in protocol/README.md: underscores, and no reserved fields. All
text is str, with surrogate escapes for what is not UTF-8, so that any bytes survive the way through it.
"""

import struct
from typing import NamedTuple

PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"
METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8
FRAME_END = b"\xce"
FRAME_OVERHEAD = 8

# Number, name and fields; a field called _ is reserved, and always zero.
_METHODS = """
connection 10
    10 start            version_major:octet version_minor:octet server_properties:table mechanisms:longstr locales:longstr
    11 start-ok         client_properties:table mechanism:shortstr response:longstr locale:shortstr
    20 secure           challenge:longstr
    21 secure-ok        response:longstr
    30 tune             channel_max:short frame_max:long heartbeat:short
    31 tune-ok          channel_max:short frame_max:long heartbeat:short
    40 open             virtual_host:shortstr _:shortstr _:bit
    41 open-ok          _:shortstr
    50 close            reply_code:short reply_text:shortstr class_id:short method_id:short
    51 close-ok
    60 blocked          reason:shortstr
    61 unblocked
    70 update-secret    new_secret:longstr reason:shortstr
    71 update-secret-ok
channel 20
    10 open             _:shortstr
    11 open-ok          _:longstr
    20 flow             active:bit
    21 flow-ok          active:bit
    40 close            reply_code:short reply_text:shortstr class_id:short method_id:short
    41 close-ok
access 30
    10 request          realm:shortstr exclusive:bit passive:bit active:bit write:bit read:bit
    11 request-ok       ticket:short
exchange 40
    10 declare          _:short exchange:shortstr type:shortstr passive:bit durable:bit auto_delete:bit internal:bit no_wait:bit arguments:table
    11 declare-ok
    20 delete           _:short exchange:shortstr if_unused:bit no_wait:bit
    21 delete-ok
    30 bind             _:short destination:shortstr source:shortstr routing_key:shortstr no_wait:bit arguments:table
    31 bind-ok
    40 unbind           _:short destination:shortstr source:shortstr routing_key:shortstr no_wait:bit arguments:table
    51 unbind-ok
queue 50
    10 declare          _:short queue:shortstr passive:bit durable:bit exclusive:bit auto_delete:bit no_wait:bit arguments:table
    11 declare-ok       queue:shortstr message_count:long consumer_count:long
    20 bind             _:short queue:shortstr exchange:shortstr routing_key:shortstr no_wait:bit arguments:table
    21 bind-ok
    30 purge            _:short queue:shortstr no_wait:bit
    31 purge-ok         message_count:long
    40 delete           _:short queue:shortstr if_unused:bit if_empty:bit no_wait:bit
    41 delete-ok        message_count:long
    50 unbind           _:short queue:shortstr exchange:shortstr routing_key:shortstr arguments:table
    51 unbind-ok
basic 60
    10 qos              prefetch_size:long prefetch_count:short global:bit
    11 qos-ok
    20 consume          _:short queue:shortstr consumer_tag:shortstr no_local:bit no_ack:bit exclusive:bit no_wait:bit arguments:table
    21 consume-ok       consumer_tag:shortstr
    30 cancel           consumer_tag:shortstr no_wait:bit
    31 cancel-ok        consumer_tag:shortstr
    40 publish          _:short exchange:shortstr routing_key:shortstr mandatory:bit immediate:bit
    50 return           reply_code:short reply_text:shortstr exchange:shortstr routing_key:shortstr
    60 deliver          consumer_tag:shortstr delivery_tag:longlong redelivered:bit exchange:shortstr routing_key:shortstr
    70 get              _:short queue:shortstr no_ack:bit
    71 get-ok           delivery_tag:longlong redelivered:bit exchange:shortstr routing_key:shortstr message_count:long
    72 get-empty        _:shortstr
    80 ack              delivery_tag:longlong multiple:bit
    90 reject           delivery_tag:longlong requeue:bit
    100 recover-async   requeue:bit
    110 recover         requeue:bit
    111 recover-ok
    120 nack            delivery_tag:longlong multiple:bit requeue:bit
confirm 85
    10 select           no_wait:bit
    11 select-ok
tx 90
    10 select
    11 select-ok
    20 commit
    21 commit-ok
    30 rollback
    31 rollback-ok
"""

_PROPERTIES = """content_type:shortstr content_encoding:shortstr headers:table delivery_mode:octet priority:octet
    correlation_id:shortstr reply_to:shortstr expiration:shortstr message_id:shortstr timestamp:timestamp
    type:shortstr user_id:shortstr app_id:shortstr cluster_id:shortstr"""

_NUMBERS = {"octet": "B", "short": "H", "long": "I", "longlong": "Q", "timestamp": "Q"}
_TABLE_NUMBERS = {"t": "B", "b": "b", "B": "B", "s": "h", "u": "H", "I": "i", "i": "I", "l": "q", "L": "q",
                  "f": "f", "d": "d", "T": "Q"}


class Field(NamedTuple):
    name: str
    type: str


class Method(NamedTuple):
    name: str
    class_id: int
    method_id: int
    fields: list


class Value(NamedTuple):
    """A value in a table. Of tag F it is a list of (key, Value), of A a list of Values, of D (scale, number)."""
    tag: str
    value: object


def _fields(text):
    return [Field(*field.split(":")) for field in text.split()]


def _methods():
    for line in _METHODS.strip().splitlines():
        number, rest = line.split(maxsplit=1)
        if not line.startswith(" "):
            class_name, class_id = number, int(rest)
            continue
        name, _, fields = rest.partition(" ")
        yield Method(f"{class_name}.{name}", class_id, int(number), _fields(fields))


METHODS = {method.name: method for method in _methods()}
BY_NUMBER = {(method.class_id, method.method_id): method for method in METHODS.values()}
PROPERTIES = _fields(_PROPERTIES)
WITH_CONTENT = {"basic.publish", "basic.return", "basic.deliver", "basic.get-ok"}


def to_bytes(text):
    return text.encode("utf-8", "surrogateescape")


def to_text(octets):
    return octets.decode("utf-8", "surrogateescape")


# ---- writing

def frame(kind, channel, payload=b"", end=FRAME_END, size=None):
    """`size` is what the frame says of its payload, where that is not the truth."""
    return struct.pack(">BHI", kind, channel, len(payload) if size is None else size) + payload + end


def method_payload(name, fields):
    method = METHODS[name]
    return struct.pack(">HH", method.class_id, method.method_id) + encode_fields(method.fields, fields)


def header_payload(body_size, properties, class_id=60, weight=0):
    """`properties` is a dict, or what stands in their place."""
    if isinstance(properties, dict):
        present = [field for field in PROPERTIES if field.name in properties]
        flags = sum(1 << 15 - PROPERTIES.index(field) for field in present)
        properties = struct.pack(">H", flags) + encode_fields(present, properties)
    return struct.pack(">HHQ", class_id, weight, body_size) + properties


def command(channel, name, fields, properties=None, body="", frame_max=131072):
    """A method with all that belongs to it."""
    octets = frame(METHOD, channel, method_payload(name, fields))
    if name in WITH_CONTENT:
        body = to_bytes(body)
        octets += frame(HEADER, channel, header_payload(len(body), properties or {}))
        piece = frame_max - FRAME_OVERHEAD
        for at in range(0, len(body), piece):
            octets += frame(BODY, channel, body[at:at + piece])
    return octets


def encode_fields(fields, values):
    octets, bits = b"", []
    for field in [*fields, None]:
        if field and field.type == "bit":
            bits.append(bool(values.get(field.name)))
            continue
        octets += _packed(bits)
        bits = []
        if field:
            octets += _encode(field.type, values.get(field.name))
    return octets


def _packed(bits):
    return bytes([sum(bit << at for at, bit in enumerate(bits))]) if bits else b""


def _encode(kind, value):
    if kind in _NUMBERS:
        return struct.pack(">" + _NUMBERS[kind], value or 0)
    if kind == "shortstr":
        octets = to_bytes(value or "")
        return bytes([len(octets)]) + octets
    if kind == "longstr":
        return _long_string(to_bytes(value or ""))
    return _encode_table(value or [])


def _long_string(octets):
    return struct.pack(">I", len(octets)) + octets


def _encode_table(pairs):
    return _long_string(b"".join(_encode("shortstr", key) + encode_value(value) for key, value in pairs))


def encode_value(value):
    tag, content = value
    if tag in _TABLE_NUMBERS:
        octets = struct.pack(">" + _TABLE_NUMBERS[tag], content)
    elif tag == "D":
        octets = struct.pack(">Bi", *content)
    elif tag in "Sx":
        octets = _long_string(to_bytes(content))
    elif tag == "F":
        octets = _encode_table(content)
    elif tag == "A":
        octets = _long_string(b"".join(map(encode_value, content)))
    else:
        octets = b""
    return tag.encode() + octets


# ---- reading

class Reader:
    """Takes fields off the front of bytes."""

    def __init__(self, octets):
        self.rest = octets

    def take(self, size):
        if size > len(self.rest):
            raise ValueError(f"{size} bytes were to come, {self.rest!r} are there")
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def number(self, code):
        return struct.unpack(">" + code, self.take(struct.calcsize(">" + code)))[0]

    def long_string(self):
        return self.take(self.number("I"))

    def fields(self, fields):
        values, bit, bits = {}, 8, 0
        for field in fields:
            if field.type != "bit":
                bit = 8
                values[field.name] = self._field(field.type)
                continue
            if bit == 8:
                bit, bits = 0, self.number("B")
            values[field.name] = bool(bits >> bit & 1)
            bit += 1
        values.pop("_", None)
        return values

    def _field(self, kind):
        if kind in _NUMBERS:
            return self.number(_NUMBERS[kind])
        if kind == "shortstr":
            return to_text(self.take(self.number("B")))
        if kind == "longstr":
            return to_text(self.long_string())
        return self.table()

    def table(self):
        inside, pairs = Reader(self.long_string()), []
        while inside.rest:
            key = to_text(inside.take(inside.number("B")))
            pairs.append((key, inside.value()))
        return pairs

    def value(self):
        tag = chr(self.number("B"))
        if tag in _TABLE_NUMBERS:
            return Value(tag, self.number(_TABLE_NUMBERS[tag]))
        if tag == "D":
            return Value(tag, (self.number("B"), self.number("i")))
        if tag in "Sx":
            return Value(tag, to_text(self.long_string()))
        if tag == "F":
            return Value(tag, self.table())
        if tag == "A":
            inside, values = Reader(self.long_string()), []
            while inside.rest:
                values.append(inside.value())
            return Value(tag, values)
        if tag == "V":
            return Value(tag, None)
        raise ValueError(f"there is no type {tag!r}")


def read_method(payload):
    """The method's name and fields."""
    reader = Reader(payload)
    method = BY_NUMBER[reader.number("H"), reader.number("H")]
    return method.name, reader.fields(method.fields)


def read_header(payload):
    """The size of the body, and the properties; bits of the flags that mean nothing are the property `flags`."""
    reader = Reader(payload)
    reader.number("I")  # class and weight
    size, flags = reader.number("Q"), reader.number("H")
    properties = reader.fields([field for at, field in enumerate(PROPERTIES) if flags >> 15 - at & 1])
    if flags & 3:
        properties["flags"] = flags & 3
    return size, properties
