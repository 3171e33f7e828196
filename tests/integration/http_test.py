"""HTTP over real sockets: on the broker's own port (`--http`), or on one of its own (`--http-port`)."""

import http.client
import json
import resource
import shutil
import socket
import subprocess
import time
import unittest

import peers
from bystanders import BystandersTest
from peers import AMQP_HEADER
from programs import BIN, SANITIZED, TIMEOUT, Broker, Program

GET = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n"
BODY_MAX = 16777216


class Raw:
    """A socket that says what it is told to, and hears responses."""

    def __init__(self, cleanup, port, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), TIMEOUT)
        cleanup(self.socket.close)
        self.stream = self.socket.makefile("rb")
        cleanup(self.stream.close)

    def send(self, octets):
        self.socket.sendall(octets)
        return self

    def response(self):
        """The status, and what the JSON body says."""
        response = http.client.HTTPResponse(_Kept(self.stream))
        response.begin()
        return response.status, json.loads(response.read())

    def has_ended(self):
        try:
            return self.stream.read(1) == b""
        except ConnectionResetError:
            return True


class _Kept:
    """For HTTPResponse, which makes a stream of its own for each response, and so would lose what was read ahead."""

    def __init__(self, stream):
        self.stream = stream

    def makefile(self, _):
        return self

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def close(self):
        pass


class SamePortTest(BystandersTest):
    """The bystanders speak AMQP and JSON on the port that answers HTTP."""

    options = ("--http", "--http-host", "broker.example")

    def raw(self):
        return Raw(self.addCleanup, self.broker.port)

    def test_a_client_is_answered_on_one_connection_again_and_again(self):
        client = http.client.HTTPConnection("127.0.0.1", self.broker.port, timeout=TIMEOUT)
        self.addCleanup(client.close)
        first = None
        for method, status in (("GET", 404), ("HEAD", 404), ("DELETE", 404), ("GET", 404)):
            client.request(method, "/nowhere/%2F")
            response = client.getresponse()
            self.assertEqual(response.status, status)
            body = response.read()
            if method != "HEAD":
                self.assertEqual(set(json.loads(body)), {"error", "reason"})
                self.assertIn("/nowhere/%2F", json.loads(body)["reason"])
            first = first or client.sock
            self.assertIs(client.sock, first)

    @unittest.skipUnless(shutil.which("curl"), "there is no curl")
    def test_curl_is_answered(self):
        def curl(*options):
            url = f"http://localhost:{self.broker.port}/nowhere"
            command = ["curl", "-s", "--max-time", str(TIMEOUT), "-w", " %{http_code}", *options, url]
            body, status = subprocess.run(command, check=True, capture_output=True, text=True).stdout.rsplit(" ", 1)
            return body, int(status)

        self.assertEqual(curl()[1], 404)
        self.assertEqual(curl("--head")[1], 404)
        self.assertEqual(curl("--http2")[1], 404)  # asks for an upgrade, and does without
        self.assertEqual(curl("-H", "Transfer-Encoding: chunked", "-d", "{}")[1], 404)
        self.assertEqual(curl("-H", "Expect: 100-continue", "-d", "x" * 5000)[1], 404)
        body, status = curl("-H", "Host: evil.example")
        self.assertEqual(status, 403)
        self.assertIn("--http-host", json.loads(body)["reason"])

    def test_many_requests_in_one_piece_are_answered_and_one_in_many(self):
        peer = self.raw().send(GET * 500)
        for _ in range(500):
            self.assertEqual(peer.response()[0], 404)
        peer = self.raw()
        peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in GET:
            peer.send(bytes([octet]))
        self.assertEqual(peer.response()[0], 404)

    def test_one_who_says_no_more_still_hears_the_answer(self):
        peer = self.raw().send(GET)
        peer.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(peer.response()[0], 404)
        self.assertTrue(peer.has_ended())

    def test_other_sites_are_refused(self):
        for header, status in {
                "Host: evil.example": 403, "Host: localhost.evil.example": 403, "Host: [::1]": 404,
                "Host: broker.example:80": 404, "X: no host": 400,
                "Host: localhost\r\nOrigin: http://evil.example": 403, "Host: localhost\r\nOrigin: null": 403,
                "Host: localhost\r\nOrigin: http://localhost": 404,
                "Host: localhost\r\nSec-Fetch-Site: cross-site": 403}.items():
            with self.subTest(header):
                got, said = self.raw().send(f"GET / HTTP/1.1\r\n{header}\r\n\r\n".encode()).response()
                self.assertEqual(got, status)
                self.assertTrue(said["reason"])

    def test_bad_input_is_refused_with_a_sentence(self):
        post = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
        for octets, status in {
                b"HELO there\r\n\r\n": 400, b"GET /\r\n\r\n": 400, b"GET / HTTP/3.0\r\n\r\n": 505,
                b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n": 431,
                b"GET / HTTP/1.1\r\na: " + b"b" * 20000: 431,
                b"GET /" + b"a" * 100000: 431,
                post + b"Content-Length: a\r\n\r\n": 400,
                post + b"Content-Length: %d\r\n\r\n" % (BODY_MAX + 1): 413,
                post + b"Transfer-Encoding: gzip\r\n\r\n": 501}.items():
            with self.subTest(octets[:60]):
                peer = self.raw().send(octets)
                got, said = peer.response()
                self.assertEqual(got, status)
                self.assertEqual(set(said), {"error", "reason"})
                self.assertTrue(peer.has_ended())
                self.everybody_else_goes_on()

    def test_half_requests_by_the_thousand_keep_nobody_out(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 4000:
            self.skipTest("this user may not open so many files")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4000), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(1300):
            self.raw().send(b"GET /now")
        self.assertEqual(self.raw().send(GET).response()[0], 404)
        self.everybody_else_goes_on()

    def test_a_reader_that_never_reads_holds_up_nobody_and_costs_little(self):
        before = self.broker.resident_bytes()
        for _ in range(20):
            peer = self.raw()
            peer.socket.setblocking(False)
            try:
                for _ in range(1000):
                    peer.socket.send(GET * 500)
            except BlockingIOError:
                pass
        self.everybody_else_goes_on()
        if not SANITIZED:
            self.assertLess(self.broker.resident_bytes() - before, 40_000_000)

    def test_nobody_waits_for_a_flood(self):
        """Requests as fast as they are answered, on ten connections; a call on each encoding takes no longer than a turn."""
        floods = [self.raw() for _ in range(10)]
        for peer in floods:
            peer.socket.setblocking(False)
        longest = 0
        for _ in range(30):
            for peer in floods:
                try:
                    peer.socket.send(GET * 1000)
                    peer.socket.recv(1 << 20)
                except BlockingIOError:
                    pass
            for bystander in self.bystanders:
                begin = time.monotonic()
                bystander.call("queue.declare", queue=bystander.queue, passive=True)
                longest = max(longest, time.monotonic() - begin)
        # 50 ms, and what a machine that does much else adds to it.
        self.assertLess(longest, 1)


class OwnPortTest(unittest.TestCase):

    def setUp(self):
        self.broker = Broker(self.addCleanup, "--http-port", "0", "--log-level", "info")
        self.port = int(self.broker.err.expect(r"listens for HTTP on 127\.0\.0\.1:(\d+)")[1])

    def test_http_has_a_port_of_its_own(self):
        self.assertNotEqual(self.port, self.broker.port)
        self.assertEqual(Raw(self.addCleanup, self.port).send(GET).response()[0], 404)
        amqp = Raw(self.addCleanup, self.port).send(AMQP_HEADER + b"\r\n")
        status, said = amqp.response()
        self.assertEqual(status, 400)
        self.assertIn("HTTP/1.1", said["reason"])

    def test_the_other_port_answers_it_as_ever(self):
        self.assertEqual(Raw(self.addCleanup, self.broker.port).send(GET).stream.read(), AMQP_HEADER)
        peers.connect(self.addCleanup, self.broker, "amqp").close()

    def test_the_broker_ends_at_once_with_connections_open(self):
        idle = Raw(self.addCleanup, self.port).send(GET)
        self.assertEqual(idle.response()[0], 404)
        half = Raw(self.addCleanup, self.port).send(GET[:10])
        begin = time.monotonic()
        self.assertEqual(self.broker.stop(), 0)
        self.assertLess(time.monotonic() - begin, TIMEOUT / 2)
        self.assertTrue(idle.has_ended())
        half.stream.read()

    def test_a_port_that_is_taken_is_told(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            broker = Program(self.addCleanup, BIN / "pocketmq-broker", "--port", "0", "--http-port", port,
                             "--bind", "127.0.0.1")
            self.assertEqual(broker.wait(), 1)
            self.assertRegex("\n".join(broker.err.all()),
                             f"cannot listen for HTTP on 127.0.0.1:{port}: .*--http-port")


if __name__ == "__main__":
    unittest.main()
