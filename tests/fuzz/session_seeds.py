"""Writes the seeds of session_fuzzer into tests/fuzz/corpus/session: whole conversations, as bytes on the wire.

The fuzzer composes commands itself; the seeds give it the handshakes, and an idea of what well-formed bytes look like.
"""

import sys
from pathlib import Path

FUZZ = Path(__file__).resolve().parent
sys.path.insert(0, str(FUZZ.parent / "integration"))

import peers

RAW = 3  # the client that speaks bytes only


def tape(octets):
    """Steps in which that client sends `octets`, as many at a time as one step takes."""
    pieces = [octets[at:at + 255] for at in range(0, len(octets), 255)]
    return b"".join(bytes([RAW << 6, len(piece)]) + piece for piece in pieces)


def rpc(encode):
    """Both sides of a call on one connection."""
    return b"".join([
        encode("queue.declare", queue="q"),
        encode("basic.qos", prefetch_count=1),
        encode("basic.consume", queue="q", consumer_tag="c"),
        encode("basic.publish", b"30", {"correlation_id": "1", "reply_to": "r", "expiration": "50"}, routing_key="q",
               mandatory=True),
        encode("basic.publish", bytes(40), {"headers": {"x": 1}}, routing_key="nowhere", mandatory=True),
        encode("basic.ack", delivery_tag=1),
        encode("basic.get", queue="q"),
        encode("basic.cancel", consumer_tag="c"),
        encode("queue.purge", queue="q"),
        encode("queue.delete", queue="q"),
        encode("connection.close", reply_code=200, reply_text="", class_id=0, method_id=0),
    ])


def amqp():
    encode = peers.AmqpPeer.encode
    return b"".join([
        peers.AMQP_HEADER,
        encode("connection.start-ok", client_properties={"capabilities": {"consumer_cancel_notify": True}},
               mechanism="PLAIN", response="\0guest\0guest"),
        encode("connection.tune-ok", channel_max=5, frame_max=4096, heartbeat=10),
        encode("connection.open", virtual_host="/"),
        encode("channel.open"),
        rpc(encode),
    ])


def json():
    encode = peers.JsonPeer.encode
    return encode("connection.open", virtual_host="/", user="guest", password="guest") + rpc(encode)


seeds = FUZZ / "corpus/session"
seeds.mkdir(parents=True, exist_ok=True)
for name, conversation in {"amqp": amqp(), "json": json(), "json_guest": rpc(peers.JsonPeer.encode)}.items():
    (seeds / name).write_bytes(tape(conversation))
