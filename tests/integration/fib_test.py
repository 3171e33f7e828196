"""fib_server and fib_client as a class uses them: any number, impatient users, and others who wait."""

import signal
import subprocess
import time
import unittest

import peers
from programs import BIN, ROOT, TIMEOUT, Broker, Program, fib, our_client, our_server, unread_pipe

LONG = 60  # takes hours


class FibTest(unittest.TestCase):

    def setUp(self):
        self.broker = Broker(self.addCleanup, "--trace")

    def server(self, encoding="amqp"):
        server = our_server(self.addCleanup, self.broker, encoding)
        server.out.expect("Awaiting RPC requests")
        return server

    def client(self, n, encoding="amqp"):
        return our_client(self.addCleanup, self.broker, encoding, n)

    def assert_served(self, n=10):
        """The next caller gets an answer."""
        client = self.client(n)
        client.out.expect(rf"\[\.\] Got {fib(n)}$")
        self.assertEqual(client.wait(), 0)

    def ask(self, body, headers=None):
        """A request of a client that is not ours, whose reply comes at the result."""
        caller = peers.connect(self.addCleanup, self.broker, "json")
        callback_queue = caller.call("queue.declare", exclusive=True)["queue"]
        caller.call("basic.consume", queue=callback_queue, no_ack=True)
        caller.send("basic.publish", body, routing_key="rpc_queue",
                    properties={"reply_to": callback_queue, "correlation_id": "1", "headers": headers or {}})
        return caller

    def test_the_client_takes_numbers_from_0_to_90_and_says_so(self):
        for n in ("91", "-1", "1.5", "ten", "0x10", "0b1", "+7", "99999999999999999999", ""):
            with self.subTest(n=n):
                ended = subprocess.run([BIN / "fib_client", "amqp://127.0.0.1:1/", n], capture_output=True, text=True,
                                       timeout=TIMEOUT)
                self.assertGreaterEqual(ended.returncode, 100)
                self.assertEqual(ended.stdout, "")
                self.assertRegex(ended.stderr, "0 to 90.*64 bits")

    def test_numbers_are_decimal(self):
        self.server()
        client = self.client("010")
        client.out.expect(r"\[x\] Requesting fib\(10\)$")
        client.out.expect(r"\[\.\] Got 55$")

    def test_the_client_says_that_nobody_serves(self):
        self.server().stop()  # the queue is still there
        client = self.client(10)
        self.assertEqual(client.wait(), 1)
        self.assertRegex(client.err.all()[0], "nobody consumes the queue 'rpc_queue'; is its server running")

    def test_an_answer_that_cannot_be_written_is_a_failure(self):
        self.server()
        with open("/dev/full", "w", encoding="utf-8") as full:
            client = our_client(self.addCleanup, self.broker, "json", 10, stdout=full)
        self.assertEqual(client.wait(), 1)
        client.err.expect("cannot write to standard output")

    def test_what_nobody_waits_for_is_skipped(self):
        server = self.server()
        by_hand = peers.connect(self.addCleanup, self.broker, "json")
        for properties in ({}, {"reply_to": ""}):
            by_hand.send("basic.publish", str(LONG).encode(), routing_key="rpc_queue", properties=properties)
        for _ in range(2):
            server.out.expect(rf"^\[\.\] fib\({LONG}\) has no reply_to, so nobody waits for it: skipped$")
        self.assert_served()
        server.stop()
        self.assertEqual(by_hand.call("queue.declare", queue="rpc_queue")["message_count"], 0)

    def test_a_server_whose_output_nobody_reads_serves_on(self):
        server = our_server(self.addCleanup, self.broker, "json", stdout=unread_pipe(self.addCleanup),
                            stderr=unread_pipe(self.addCleanup))
        by_hand = peers.connect(self.addCleanup, self.broker, "json")
        for _ in range(3):
            by_hand.await_consumer("rpc_queue")
            self.assert_served()
            by_hand.call("queue.delete", queue="rpc_queue")  # which its log tells
        self.assertEqual(server.stop(), 0)

    def test_the_server_refuses_other_numbers(self):
        self.server()
        for n in (91, -1, 10**15):
            with self.subTest(n=n):
                reply = self.ask(str(n).encode()).expect("basic.deliver")
                self.assertEqual(reply.properties["type"], "rpc.error")
                self.assertIn(b'"code":"invalid_argument"', reply.body)
                self.assertRegex(reply.body, rb"0 to 90.*64 bits")
        self.assert_served()

    def test_the_answer_has_64_bits(self):
        by_hand = peers.connect(self.addCleanup, self.broker, "json")
        by_hand.call("queue.declare", queue="rpc_queue")
        by_hand.call("basic.consume", queue="rpc_queue", no_ack=True)
        client = self.client(90)
        request = by_hand.expect("basic.deliver")
        self.assertEqual(request.body, b"90")
        by_hand.send("basic.publish", str(fib(90)).encode(), routing_key=request.properties["reply_to"],
                     properties={"correlation_id": request.properties["correlation_id"]})
        client.out.expect(rf"\[\.\] Got {fib(90)}$")
        self.assertEqual(client.wait(), 0)

    def test_a_caller_who_gives_up_frees_the_server(self):
        for encoding in peers.ENCODINGS:
            for with_signal, status in {signal.SIGINT: 130, signal.SIGTERM: 143}.items():
                with self.subTest(encoding=encoding, signal=with_signal.name):
                    server = self.server(encoding)
                    client = self.client(LONG, encoding)
                    server.out.expect(rf"fib\({LONG}\)")
                    self.assertEqual(client.stop(with_signal), status)
                    self.assert_served()
                    self.assertEqual(server.stop(), 0)

    def test_a_caller_who_dies_frees_the_server(self):
        for encoding in peers.ENCODINGS:
            with self.subTest(encoding=encoding):
                server = self.server(encoding)
                client = self.client(LONG, encoding)
                server.out.expect(rf"fib\({LONG}\)")
                client.kill()
                self.assert_served()
                self.assertEqual(server.stop(), 0)

    def test_a_deadline_frees_the_server(self):
        server = self.server()
        until = int(1000 * time.time()) + 300
        self.ask(str(LONG).encode(), {"x-rpc-deadline": {"$int64": until}})
        server.out.expect(rf"fib\({LONG}\)")
        self.assert_served()

    def test_a_lost_broker_frees_the_server(self):
        server = self.server()
        client = self.client(LONG)
        server.out.expect(rf"fib\({LONG}\)")
        self.broker.kill()
        client.wait()
        self.assertEqual(server.stop(), 0)

    def test_a_second_signal_ends_the_server_at_once(self):
        server = self.server()
        self.ask(str(LONG).encode())
        server.out.expect(rf"fib\({LONG}\)")
        server.process.send_signal(signal.SIGINT)
        self.broker.trace.expect("basic.cancel")  # the first one was heard
        self.assertEqual(server.stop(signal.SIGINT), -signal.SIGINT)

    def test_a_second_signal_ends_the_client_at_once(self):
        server = self.server()
        client = self.client(LONG)
        server.out.expect(rf"fib\({LONG}\)")
        self.broker.freeze()  # it does not answer the goodbye
        client.process.send_signal(signal.SIGINT)
        client.err.expect("cancelled")
        self.assertEqual(client.stop(signal.SIGINT), -signal.SIGINT)
        self.broker.thaw()

    def test_errors_do_nothing_to_the_terminal(self):
        by_hand = peers.connect(self.addCleanup, self.broker, "amqp")
        by_hand.call("queue.declare", queue="rpc_queue")
        by_hand.call("basic.consume", queue="rpc_queue", no_ack=True)
        client = self.client(1)
        request = by_hand.expect("basic.deliver").properties
        by_hand.send("basic.publish", '{"code":"internal","message":"\\u001b[2J\\nfib_client: fine"}'.encode(),
                     routing_key=request["reply_to"],
                     properties={"type": "rpc.error", "correlation_id": request["correlation_id"]})
        self.assertEqual(client.wait(), 1)
        self.assertEqual(client.err.all(), [r"fib_client: internal: \x1b[2J\nfib_client: fine"])


class DemoTest(unittest.TestCase):

    def test_it_takes_the_numbers_that_fib_takes_and_says_so(self):
        for n in ("91", "-1", "ten", "007"):
            with self.subTest(n=n):
                demo = Program(self.addCleanup, ROOT / "run", "demo", n)
                self.assertEqual(demo.wait(), 1)
                self.assertRegex(demo.err.all()[0], "0 to 90")


if __name__ == "__main__":
    unittest.main()
