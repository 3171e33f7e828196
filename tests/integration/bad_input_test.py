"""Whatever a client sends: it gets an error that explains, its connection ends, and nobody else notices.

What the right error is was measured on RabbitMQ 3.10.8. Where that cuts the connection without a word (an unknown
method, a broken table) or waits in silence (a body longer than announced), the broker gives the specification's error.
"""

import struct
import unittest

from bystanders import BystandersTest
from peers import (AMQP_HEADER, BODY, FRAME_MAX, HEADER, HEARTBEAT, METHOD, AmqpPeer, frame, json_frame,
                   long_string, method_frame, short_string)

BODY_MAX = 134217728
JSON_HEADER_MAX = 1310720

PUBLISH = method_frame(60, 40, b"\0\0" + short_string(b"") + short_string(b"q") + b"\0")
QOS = method_frame(60, 10, struct.pack(">IHB", 0, 1, 0))


def content_header(body_size, properties=b"\0\0", class_id=60, channel=1):
    return frame(HEADER, channel, struct.pack(">HHQ", class_id, 0, body_size) + properties)


def declare(arguments, queue=b"bad-input"):
    """queue.declare with these encoded arguments."""
    return method_frame(50, 10, b"\0\0" + short_string(queue) + b"\0" + long_string(arguments))


def nested_tables(levels):
    """The fields of a table with a table inside that has a table inside ..."""
    fields = b""
    for _ in range(levels):
        fields = b"\1kF" + long_string(fields)
    return fields


class BadInputTest(BystandersTest):

    def refused(self, encoding, cases):
        """cases: what is sent over a fresh connection; code and text of the connection.close, and what it is about."""
        for name, (octets, code, text, *about) in cases.items():
            with self.subTest(name, encoding=encoding):
                peer = self.connect(encoding)
                peer.send_bytes(octets)
                peer.expect_close(code, text, **dict(zip(("class_id", "method_id"), about)))
                self.everybody_else_goes_on()


class HandshakeTest(BadInputTest):

    def test_what_is_no_header_is_answered_with_the_right_one(self):
        for octets in (b"AMQP\x00\x01\x00\x00", b"AMQP\x03\x01\x00\x00", b"AMQP\x00\x00\x09\x00", b"AMQPwhat",
                       b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01",
                       struct.pack(">I", JSON_HEADER_MAX + 1 + BODY_MAX + 1), b"\xff" * 4096):
            with self.subTest(octets[:8]):
                peer = AmqpPeer(self.addCleanup, self.broker)
                peer.send_bytes(octets)
                self.assertEqual(peer.stream.read(8), AMQP_HEADER)
                peer.expect_end()

    def test_a_refused_log_in_is_explained_to_those_who_can_read_it(self):
        for user, password in (("guest", "wrong"), ("nobody", "guest"), ("", "")):
            with self.subTest(user):
                peer = AmqpPeer(self.addCleanup, self.broker)
                peer.start(user, password, capabilities=["authentication_failure_close"])
                peer.expect_close(403, "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN")
                peer = AmqpPeer(self.addCleanup, self.broker)
                peer.start(user, password)
                peer.expect_end()
                peer = self.connect("json")
                peer.send("connection.open", user=user, password=password)
                peer.expect_close(403, "ACCESS_REFUSED - Login was refused")

    def test_an_unusable_log_in_is_explained(self):
        for mechanism, response, code in (("PLAIN", "guest", 501), ("PLAIN", "", 501), ("AMQPLAIN", "nonsense", 501),
                                          ("EXTERNAL", "", 503), ("plain", "\0guest\0guest", 503)):
            with self.subTest(mechanism=mechanism, response=response):
                peer = AmqpPeer(self.addCleanup, self.broker)
                peer.start(mechanism=mechanism, response=response)
                peer.expect_close(code, mechanism)

    def test_an_unknown_virtual_host_is_refused(self):
        peer = AmqpPeer(self.addCleanup, self.broker)
        peer.start()
        peer.tune(virtual_host="nope")
        peer.expect_close(530, "NOT_ALLOWED - vhost nope not found", class_id=10, method_id=40)
        peer = self.connect("json")
        peer.send("connection.open", virtual_host="nope")
        peer.expect_close(530, "NOT_ALLOWED - vhost nope not found", class_id=10, method_id=40)

    def test_tune_ok_keeps_to_the_offer(self):
        for field, value in (("frame_max", 4095), ("frame_max", FRAME_MAX + 1), ("channel_max", 2048)):
            with self.subTest(field=field, value=value):
                peer = AmqpPeer(self.addCleanup, self.broker)
                peer.start()
                peer.tune(**{field: value})
                peer.expect_close(530, f"{field} = {value}")

    def test_steps_out_of_order_are_refused(self):
        for name in ("connection.open", "connection.tune-ok", "connection.close", "channel.open", "queue.declare"):
            fields = {"connection.close": {"reply_code": 200, "class_id": 0, "method_id": 0}}.get(name, {})
            with self.subTest(name):
                peer = AmqpPeer(self.addCleanup, self.broker)
                peer.send_bytes(AMQP_HEADER)
                peer.expect("connection.start")
                peer.send(name, **fields)
                peer.expect_close(504 if name.startswith("connection.") else 505, "expected 'connection.start-ok'")


class AmqpTest(BadInputTest):

    def test_bad_frames_are_refused(self):
        self.refused("amqp", {
            "a type that there is not": (frame(99, 1, b"abc"), 501, "99"),
            "a protocol header again": (AMQP_HEADER, 501, "FRAME_ERROR"),
            "a bad end of a method": (QOS[:-1] + b"\0", 501, "0xCE"),
            "a bad end of a body": (PUBLISH + content_header(3) + frame(BODY, 1, b"abc", end=b"\xcf"), 501, "0xCE"),
            "a bad end of a heartbeat": (frame(HEARTBEAT, 0, end=b"\0"), 501, "0xCE"),
            "more than frame_max, its start is enough": (struct.pack(">BHI", METHOD, 1, FRAME_MAX + 1), 501, "larger"),
            "more than frame_max of body": (
                PUBLISH + content_header(FRAME_MAX + 1) + struct.pack(">BHI", BODY, 1, FRAME_MAX + 1), 501, "larger"),
            "as large as a frame could be": (b"\1\0\1\xff\xff\xff\xff", 501, "larger"),
            "a heartbeat on a channel": (frame(HEARTBEAT, 1), 505, "heartbeat"),
            "a heartbeat with a payload": (frame(HEARTBEAT, 0, b"abc"), 501, "heartbeat"),
        })

    def test_frames_larger_than_a_smaller_agreement_are_refused(self):
        peer = AmqpPeer(self.addCleanup, self.broker)
        peer.start()
        peer.tune(frame_max=4096)
        peer.expect("connection.open-ok")
        peer.call("channel.open")
        peer.send_bytes(struct.pack(">BHI", METHOD, 1, 4097))
        peer.expect_close(501, "larger")

    def test_bad_methods_are_refused(self):
        self.refused("amqp", {
            "of an unknown number": (method_frame(50, 99), 540, "NOT_IMPLEMENTED", 50, 99),
            "of an unknown class": (method_frame(99, 10), 540, "NOT_IMPLEMENTED", 99, 10),
            "of an unknown number on channel 0": (method_frame(10, 99, channel=0), 540, "NOT_IMPLEMENTED", 10, 99),
            "without a number": (frame(METHOD, 1, b"\0\x32"), 501, "too short"),
            "empty": (frame(METHOD, 1), 501, "too short"),
            "cut off": (method_frame(50, 10, b"\0\0\3ab"), 501, "queue.declare", 50, 10),
            "with something behind": (method_frame(60, 80, bytes(9) + b"junk"), 501, "basic.ack", 60, 80),
            "only a broker sends": (method_frame(50, 11, b"\1q" + bytes(8)), 503, "unimplemented method", 50, 11),
            "with content only a broker sends": (
                method_frame(60, 50, b"\0\0" + 3 * short_string(b"")) + content_header(0),
                503, "unimplemented method", 60, 50),
        })

    def test_bad_tables_are_refused(self):
        self.refused("amqp", {
            "too deep": (declare(nested_tables(65)), 501, "deep", 50, 10),
            "much too deep": (declare(nested_tables(10000)), 501, "deep", 50, 10),
            "of arrays, too deep": (declare(b"\1k" + 70 * b"A\0\0\0\0"), 501, "queue.declare", 50, 10),
            "longer than the method": (method_frame(50, 10, b"\0\0\1q\0\0\0\1\0\1k"), 501, "arguments", 50, 10),
            "of the greatest length": (method_frame(50, 10, b"\0\0\1q\0\xff\xff\xff\xff"), 501, "arguments", 50, 10),
            "with a type that there is not": (declare(b"\1kz"), 501, "arguments", 50, 10),
            "with a name that overruns": (declare(b"\x20k"), 501, "arguments", 50, 10),
            "with a string that overruns": (declare(b"\1kS\0\0\0\x10abc"), 501, "arguments", 50, 10),
            "with an array that overruns": (declare(b"\1kA\0\0\0\x10t\1"), 501, "arguments", 50, 10),
            "with an integer cut off": (declare(b"\1kI\0\0"), 501, "arguments", 50, 10),
        })

    def test_a_table_may_be_as_deep_as_the_limit(self):
        peer = self.connect("amqp")
        peer.send_bytes(declare(nested_tables(64), queue=b""))
        peer.expect("queue.declare-ok")
        peer.close()

    def test_bad_channels_are_refused(self):
        declaration = declare(b"")
        on = lambda channel, octets: octets[:1] + struct.pack(">H", channel) + octets[3:]
        self.refused("amqp", {
            "that are not open": (on(5, declaration), 504, "expected 'channel.open'", 50, 10),
            "that are not open, with content": (
                on(5, PUBLISH) + content_header(0, channel=5), 504, "expected 'channel.open'", 60, 40),
            "that are the connection's own": (on(0, declaration), 504, "CHANNEL_ERROR", 50, 10),
            "that are the connection's own, opened": (
                method_frame(20, 10, b"\0", channel=0), 504, "CHANNEL_ERROR", 20, 10),
            "opened twice": (method_frame(20, 10, b"\0"), 504, "second 'channel.open' seen", 20, 10),
            "for a method of the connection": (method_frame(10, 40, b"\1/\0\0"), 503, "COMMAND_INVALID", 10, 40),
            "for an open connection to be opened": (method_frame(10, 40, b"\1/\0\0", channel=0), 504, "CHANNEL_ERROR"),
        })

    def test_more_channels_than_agreed_are_refused(self):
        peer = AmqpPeer(self.addCleanup, self.broker)
        peer.start()
        peer.tune(channel_max=2)
        peer.expect("connection.open-ok")
        peer.call("channel.open", channel=1)
        peer.call("channel.open", channel=9)
        peer.send("channel.open", channel=2)
        peer.expect_close(530, "number of channels opened (2) has reached the negotiated channel_max (2)")

    def test_bad_content_is_refused(self):
        self.refused("amqp", {
            "with a method before its header": (PUBLISH + QOS, 505, "UNEXPECTED_FRAME"),
            "with a method before its body": (PUBLISH + content_header(3) + QOS, 505, "UNEXPECTED_FRAME"),
            "with a method inside its body": (
                PUBLISH + content_header(3) + frame(BODY, 1, b"ab") + QOS, 505, "UNEXPECTED_FRAME"),
            "with a second header": (PUBLISH + 2 * content_header(3), 505, "UNEXPECTED_FRAME"),
            "without a header": (PUBLISH + frame(BODY, 1, b"abc"), 505, "UNEXPECTED_FRAME"),
            "without a method": (content_header(3), 505, "UNEXPECTED_FRAME"),
            "that is a body only": (frame(BODY, 1, b"abc"), 505, "UNEXPECTED_FRAME"),
            "on channel 0": (content_header(3, channel=0), 505, "UNEXPECTED_FRAME"),
            "whose body is over": (PUBLISH + content_header(0) + frame(BODY, 1, b"abc"), 505, "UNEXPECTED_FRAME"),
            "with a header of another class": (PUBLISH + content_header(3, class_id=50), 505, "class 60"),
            "with half a header": (PUBLISH + frame(HEADER, 1, b"\0\x3c\0\0\0\0"), 501, "FRAME_ERROR"),
            "longer than announced": (PUBLISH + content_header(3) + frame(BODY, 1, b"abcde"), 501, "announced"),
        })

    def test_bad_properties_are_refused(self):
        broken = {
            "there are none at all": b"",
            "a flag without its property": b"\x80\0",
            "a string that overruns": b"\x80\0\x20abc",
            "headers that overrun": b"\x20\0\0\0\0\x20\1k",
            "headers with a type that there is not": b"\x20\0" + long_string(b"\1kz"),
            "headers too deep": b"\x20\0" + long_string(nested_tables(65)),
            "a delivery mode that is missing": b"\x10\0",
            "something behind them": b"\0\0junk",
            "more flags": b"\0\1\0\0",
        }
        self.refused("amqp", {name: (PUBLISH + content_header(0, properties), 541, "INTERNAL_ERROR")
                              for name, properties in broken.items()})

    def test_contents_of_two_channels_may_mix(self):
        peer = self.connect("amqp")
        peer.call("channel.open", channel=2)
        queue = peer.call("queue.declare", exclusive=True)["queue"].encode()
        publish = b"\0\0\0" + short_string(queue) + b"\0"
        first, second = (method_frame(60, 40, publish, channel) + content_header(6, channel=channel)
                         for channel in (1, 2))
        peer.send_bytes(first + second + frame(BODY, 2, b"sec") + frame(BODY, 1, b"fir") + frame(HEARTBEAT, 0)
                        + frame(BODY, 1, b"st!") + frame(BODY, 2, b"ond"))
        self.assertEqual([peer.call("queue.declare", queue=queue.decode(), passive=True)["message_count"]], [2])
        for body in (b"first!", b"second"):
            peer.send("basic.get", queue=queue.decode(), no_ack=True)
            self.assertEqual(peer.expect("basic.get-ok").body, body)
        peer.close()

    def test_a_body_too_long_costs_its_channel_only(self):
        for size in (BODY_MAX + 1, 2**63, 2**64 - 1):
            with self.subTest(size):
                peer = self.connect("amqp")
                peer.send_bytes(PUBLISH + content_header(size))
                peer.expect("channel.close", reply_code=406, class_id=60, method_id=40, reply_text=
                            f"PRECONDITION_FAILED - message size {size} is larger than configured max size {BODY_MAX}")
                peer.send("channel.close-ok")
                peer.call("channel.open", channel=2)
                peer.close()


class JsonTest(BadInputTest):

    def test_bad_frames_are_refused(self):
        valid = json_frame(b'{"method":"queue.declare"}')
        self.refused("json", {
            "longer than is possible": (bytes(4) + b"\xff\xff\xff\xff", 501, "longer"),
            "a little longer than is possible": (
                bytes(4) + struct.pack(">I", JSON_HEADER_MAX + 1 + BODY_MAX + 1), 501, "longer"),
            "with a header that is too long": (
                bytes(4) + struct.pack(">I", BODY_MAX) + b'{"method":"' + JSON_HEADER_MAX * b"a", 501, "header"),
        })
        peer = self.connect("json")
        peer.send_bytes(valid + b"AMQP\x00\x00\x09\x01")
        peer.expect("queue.declare-ok")
        peer.expect_close(501, "longer")

    def test_malformed_json_is_refused(self):
        texts = {
            "nothing closed": b'{"method":"queue.declare"',
            "a comma too many": b'{"method":"queue.declare",}',
            "single quotes": b"{'method':'queue.declare'}",
            "something behind": b'{"method":"queue.declare"} {}',
            "text that is not UTF-8": b'{"method":"queue.declare","queue":"\xff"}',
            "half a surrogate pair": b'{"method":"queue.declare","queue":"\\ud800"}',
            "not a number": b'{"method":"basic.qos","prefetch_count":NaN}',
            "a number beyond all bounds": b'{"method":"basic.qos","prefetch_count":1e999}',
            "a space only": b" ",
            "zeros": bytes(20),
        }
        self.refused("json", {name: (json_frame(text), 502, "malformed JSON") for name, text in texts.items()})

    def test_headers_that_are_no_method_are_refused(self):
        self.refused("json", {
            "an array": (json_frame(b"[]"), 502, "a header is a JSON object"),
            "a string": (json_frame(b'"queue.declare"'), 502, "a header is a JSON object"),
            "an empty object": (json_frame(b"{}"), 502, "'method'"),
            "a method that is a number": (json_frame(b'{"method":50}'), 502, "'method'"),
            "a method that there is not": (json_frame(b'{"method":"queue.declair"}'), 540, "'queue.declair'"),
            "a method only a broker sends": (
                json_frame(b'{"method":"queue.purge-ok"}'), 503, "unimplemented method", 50, 31),
        })

    def test_unknown_and_mistyped_fields_are_named(self):
        self.refused_fields("queue.declare", 50, 10, {
            '"queu":"q"': "unknown field 'queu'; its fields are queue, passive, durable, exclusive",
            '"reserved_1":1': "unknown field 'reserved_1'",
            '"durable":"yes"': "field 'durable' wants true or false, got a string",
            '"durable":1': "field 'durable' wants true or false, got the integer 1",
            '"queue":1': "field 'queue' wants a string",
            '"queue":null': "field 'queue' wants a string",
            f'"queue":"{256 * "q"}"': "field 'queue' wants at most 255 bytes, got 256",
            '"arguments":[]': "field 'arguments' wants a JSON object, got an array",
            '"arguments":{"k":{"$int8":1000}}': "field 'arguments' 'k': '$int8' wants an integer from -128 to 127",
            '"arguments":{"k":{"$bytes":"?"}}': "field 'arguments' 'k': '$bytes' wants",
            '"channel":65536': "field 'channel' wants an integer from 0 to 65535",
        })
        self.refused_fields("basic.qos", 60, 10, {
            '"queue":"q"': "unknown field 'queue'",
            '"prefetch_count":"1"': "field 'prefetch_count' wants an integer from 0 to 65535, got a string",
            '"prefetch_count":1.5': "field 'prefetch_count' wants an integer from 0 to 65535, got the real number 1.5",
            '"prefetch_count":65536': "field 'prefetch_count' wants an integer from 0 to 65535, got the integer 65536",
            '"prefetch_count":-1': "field 'prefetch_count' wants an integer from 0 to 65535, got the integer -1",
        })
        self.refused_fields("basic.publish", 60, 40, {
            '"mandatory":true': "field 'routing_key' is required",
            '"routing_key":"q","properties":[]': "field 'properties' wants an object, got an array",
            '"routing_key":"q","properties":{"reply":"r"}': "unknown property 'reply'; there are content_type",
            '"routing_key":"q","properties":{"reply_to":1}': "property 'reply_to' wants a string",
            '"routing_key":"q","properties":{"expiration":5}': "property 'expiration' wants a string",
        })
        self.refused_fields("basic.nack", 60, 120, {'"requeue":true': "field 'delivery_tag' is required"})
        self.refused("json", {"a field twice": (
            json_frame(b'{"method":"queue.declare","queue":"a","queue":"b"}'), 502, "'queue' appears twice")})

    def refused_fields(self, method, class_id, method_id, cases):
        """cases: a method's fields; what the text says of them."""
        self.refused("json", {
            fields: (json_frame(f'{{"method":"{method}",{fields}}}'.encode()), 502, f"{method}: {text}",
                     class_id, method_id)
            for fields, text in cases.items()})

    def test_deep_nesting_is_refused(self):
        nested = lambda levels: levels * b'{"k":' + b"{}" + levels * b"}"
        self.refused("json", {
            "of a table": (json_frame(b'{"method":"queue.declare","arguments":' + nested(65) + b"}"), 502, "deep"),
            "of anything": (json_frame(b'{"method":"queue.declare","arguments":' + nested(2500) + b"}"), 502, "deep"),
            "of arrays": (json_frame(16000 * b"["), 502, "deep"),
        })
        peer = self.connect("json")  # who has logged in may send longer headers
        peer.call("channel.open", channel=2)
        peer.send_bytes(json_frame(b'{"method":"queue.declare","arguments":' + nested(100000) + b"}"))
        peer.expect_close(502, "deep")
        peer = self.connect("json")
        peer.send_bytes(json_frame(b'{"method":"queue.declare","exclusive":true,"arguments":' + nested(64) + b"}"))
        peer.expect("queue.declare-ok")
        peer.close()

    def test_an_lf_where_no_body_belongs_is_refused(self):
        self.refused("json", {
            "with a body": (json_frame(b'{"method":"queue.declare"}\nbody'), 501, "queue.declare", 50, 10),
            "at the end": (json_frame(b'{"method":"queue.declare"}\n'), 501, "queue.declare", 50, 10),
        })

    def test_bad_channels_are_refused(self):
        self.refused("json", {
            "that are not open": (json_frame(b'{"method":"basic.qos","channel":5}'), 504, "expected 'channel.open'"),
            "that are the connection's own": (
                json_frame(b'{"method":"queue.declare","channel":0}'), 504, "connection state running"),
            "opened twice": (json_frame(b'{"method":"channel.open"}'), 504, "second 'channel.open' seen"),
            "for a method of the connection": (
                json_frame(b'{"method":"connection.open","channel":1}'), 503, "channel 0"),
            "for a step of AMQP's handshake": (json_frame(b'{"method":"connection.tune-ok"}'), 504, "CHANNEL_ERROR"),
        })

    def test_a_body_too_long_costs_its_channel_only(self):
        peer = self.connect("json")
        header = b'{"method":"basic.publish","routing_key":"q"}\n'
        peer.send_bytes(struct.pack(">I", len(header) + BODY_MAX + 1) + header)
        peer.expect("channel.close", reply_code=406, class_id=60, method_id=40, reply_text=
                    f"PRECONDITION_FAILED - message size {BODY_MAX + 1} is larger than configured max size {BODY_MAX}")


del BystandersTest, BadInputTest  # bases only

if __name__ == "__main__":
    unittest.main()
