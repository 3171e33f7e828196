"""The journal in a file (`--record`), and the trace's lines that no command shows, as another process reads them."""

import json
import os
import resource
import socket
import tempfile
import unittest
from pathlib import Path

import peers
from programs import BIN, SANITIZED, Broker, Program, fib, looks_inside, our_client, our_server


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@looks_inside
class RecordingTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name, "journal.ndjson")

    def test_a_call_can_be_read_from_the_file_afterwards(self):
        broker = Broker(self.addCleanup, "--record", self.path)
        server = our_server(self.addCleanup, broker, "amqp")
        server.out.expect("Awaiting")
        our_client(self.addCleanup, broker, "json", 9).out.expect(rf"Got {fib(9)}$")
        server.stop()
        broker.stop()
        header, *events = lines_of(self.path)
        self.assertEqual((header["journal"], header["next"]), (1, 1))
        self.assertEqual([event["number"] for event in events], list(range(1, len(events) + 1)))
        self.assertTrue(all(event["time"] >= "2026" for event in events))

        names = {event["connection"]: event["name"] for event in events if event["kind"] == "connection.authenticated"}
        self.assertEqual(sorted(names.values()), ["fib_client", "fib_server"])
        request = next(event for event in events
                       if event["kind"] == "message.published" and event["routing_key"] == "rpc_queue")
        self.assertEqual((names[request["connection"]], request["body"]), ("fib_client", "9"))
        way = [event["kind"] for event in events if event.get("message") == request["message"]]
        self.assertEqual(way, ["message.published", "message.routed", "message.enqueued", "message.delivered",
                               "message.acked"])
        ends = [(event["kind"], event["by"]) for event in events if event["kind"].startswith("connection.closed")]
        self.assertEqual(ends, [("connection.closed", "client")] * 2)

    @unittest.skipIf(SANITIZED, "UBSan takes its own want of descriptors for a fault of the broker")
    def test_connections_that_the_system_refuses_are_told(self):
        files = 40
        broker = Broker(self.addCleanup, "--record", self.path, "--log-level", "error",
                        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)))
        for _ in range(files + 10):
            self.addCleanup(socket.create_connection((broker.host, broker.port)).close)
        kinds = set()
        with self.path.open() as reader:
            while "broker.accept_failed" not in kinds:
                if line := reader.readline():
                    kinds.add(json.loads(line).get("kind"))
        self.assertIn("broker.accept_failed", kinds)

    def test_a_file_that_cannot_be_written_is_named(self):
        program = Program(self.addCleanup, BIN / "pocketmq-broker", "--port", "0", "--record", "/nowhere/journal")
        self.assertEqual(program.wait(), 1)
        program.err.expect(r"--record: cannot write /nowhere/journal: No such file or directory; name a file")

    def test_a_fifo_needs_its_reader_first(self):
        fifo = self.path.with_name("fifo")
        os.mkfifo(fifo)
        program = Program(self.addCleanup, BIN / "pocketmq-broker", "--port", "0", "--record", fifo)
        self.assertEqual(program.wait(), 1)
        program.err.expect(r"--record: cannot write .*fifo: No such device or address; start the reader")


@looks_inside
class TraceTest(unittest.TestCase):
    def test_a_lost_client_and_a_late_reply_are_traced(self):
        broker = Broker(self.addCleanup, "--trace")
        client = peers.connect(self.addCleanup, broker, "amqp")
        client.call("queue.declare", queue="q")
        client.send("basic.publish", body=b"m", routing_key="q")
        client.call("basic.get", queue="q")
        client.send("basic.publish", body=b"late", routing_key="gone")
        broker.trace.expect(r" trace broker  message\.unroutable message=2 routing_key=gone$")
        client.vanish()
        broker.trace.expect(r" trace broker  connection\.lost client=\S+ text=.* unacked=1$")
        broker.trace.expect(r" trace broker  message\.requeued message=1 queue=q reason=connection_lost client=\S+ ")


if __name__ == "__main__":
    unittest.main()
