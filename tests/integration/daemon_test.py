"""pocketmq-broker as a program: options, standard output and error, signals, exit codes."""

import json
import signal
import socket
import tempfile
import unittest
from pathlib import Path

import peers
from programs import BIN, Broker, Program


class OptionsTest(unittest.TestCase):

    def run_broker(self, *options):
        """Exit code, standard output and standard error of one that is to end by itself."""
        broker = Program(self.addCleanup, BIN / "pocketmq-broker", *options)
        return broker.wait(), broker.out.all(), broker.err.all()

    def folder(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return Path(folder.name)

    def test_help_names_every_option(self):
        code, out, errors = self.run_broker("--help")
        self.assertEqual((code, errors), (0, []))
        for option in ("--port", "--bind", "--port-file", "--trace", "--definitions", "--user", "--vhost", "--remote-guest",
                       "--version", "--help"):
            self.assertRegex("\n".join(out), rf"(?m)^\s.*{option}\b")
        self.assertTrue("".join(out).isprintable(), out)

    def test_version_is_one_line(self):
        code, out, errors = self.run_broker("--version")
        self.assertEqual((code, len(out), errors), (0, 1, []))
        self.assertRegex(out[0], r"\b\d+\.\d+\.\d+$")

    def test_a_bad_option_is_named_and_nothing_starts(self):
        for options, wants in {
                ("--port", "99999"): "--port.*99999",
                ("--port", "-1"): "--port.*-1",
                ("--port", "five"): "--port.*five",
                ("--port",): "--port",
                ("--bind", "nonsense"): "--bind.*nonsense",
                ("--trace=xml",): "--trace.*xml.*(text.*json|json.*text)",
                ("--user", "nobody"): "--user.*nobody",
                ("--vhost",): "--vhost",
                ("--bogus",): "--bogus",
                ("extra",): "extra",
        }.items():
            with self.subTest(options=options):
                code, out, errors = self.run_broker(*options)
                self.assertGreater(code, 0)
                self.assertEqual(out, [])
                self.assertRegex(errors[0], wants)
                self.assertTrue("".join(errors).isprintable(), errors)

    def test_a_taken_port_is_a_one_line_error(self):
        taken = Broker(self.addCleanup).port
        code, out, errors = self.run_broker("--port", taken)
        self.assertEqual((code, out, len(errors)), (1, [], 1), errors)
        self.assertRegex(errors[0], rf"^pocketmq-broker: .*127\.0\.0\.1:{taken}: Address already in use")

    def test_a_port_may_be_chosen(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        broker = Broker(self.addCleanup, port=port)
        self.assertEqual(broker.port, port)
        peers.connect(self.addCleanup, broker, "amqp").close()

    def test_a_port_file_that_cannot_be_written_is_a_one_line_error(self):
        code, out, errors = self.run_broker("--port", 0, "--port-file", self.folder() / "missing" / "port")
        self.assertEqual((code, out, len(errors)), (1, [], 1), errors)
        self.assertRegex(errors[0], r"^pocketmq-broker: .*missing/port")

    def test_the_port_file_appears_as_a_whole(self):
        folder = self.folder()
        file = folder / "port"
        file.write_text("of an earlier run")
        with file.open() as earlier:
            broker = Broker(self.addCleanup, "--port-file", file)
            self.assertEqual(earlier.read(), "of an earlier run", "the file is replaced, not written to")
        self.assertEqual(file.read_text(), f"{broker.port}\n")
        self.assertEqual(list(folder.iterdir()), [file])

    def test_it_listens_where_it_is_told(self):
        self.assertEqual(Broker(self.addCleanup).host, "127.0.0.1")
        broker = Broker(self.addCleanup, "--bind", "127.0.0.2")
        self.assertEqual(broker.host, "127.0.0.2")
        peers.connect(self.addCleanup, broker, "json").call("queue.declare")
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", broker.port)).close()


class TraceTest(unittest.TestCase):

    def lines_of_a_session(self, option):
        """What both encodings leave in the trace: a log-in each, and a message."""
        broker = Broker(self.addCleanup, option)
        amqp = peers.connect(self.addCleanup, broker, "amqp")
        amqp.call("queue.declare", queue="q")
        json_peer = peers.connect(self.addCleanup, broker, "json")
        json_peer.call("connection.open", user="guest", password="guest")
        json_peer.send("basic.publish", b"the body", {"reply_to": "r", "correlation_id": "7"}, routing_key="q")
        json_peer.close()
        amqp.close()
        impostor = peers.connect(self.addCleanup, broker, "json")
        impostor.send("connection.open", user="guest", password="h-u-s-h")
        impostor.expect_close(403, "'guest'")
        impostor = peers.AmqpPeer(self.addCleanup, broker)
        impostor.start(password="h-u-s-h", capabilities=["authentication_failure_close"])
        impostor.expect_close(403, "PLAIN")
        self.assertEqual(broker.stop(), 0)
        self.assertEqual(broker.out.all(), [f"ready on 127.0.0.1:{broker.port}"])

        lines = broker.trace.all()
        for line in lines:
            self.assertNotRegex(line, r"h-u-s-h|\\u0000guest")
        return lines

    def test_as_text_a_line_shows_the_method_and_the_fields_that_matter(self):
        for option in ("--trace", "--trace=text"):
            with self.subTest(option):
                lines = self.lines_of_a_session(option)
                for line in lines:
                    self.assertRegex(line, r"^(\S+ -> broker|broker -> \S+)  \S")
                lines = [line.split("  ", 1)[1] for line in lines]
                self.assertIn("queue.declare queue=q", lines)
                self.assertIn("basic.publish routing_key=q correlation_id=7 reply_to=r body=the body", lines)
                self.assertIn("connection.open password=***", lines)
                self.assertEqual(sum("response=***" in line for line in lines), 2)

    def test_as_json_a_line_is_what_the_json_framing_sends(self):
        lines = [json.loads(line) for line in self.lines_of_a_session("--trace=json")]
        self.assertTrue(all((line["from"] == "broker") != (line["to"] == "broker") for line in lines), lines)
        commands = [line["command"] for line in lines]
        publish = next(command for command in commands if command["method"] == "basic.publish")
        self.assertEqual(publish["routing_key"], "q")
        self.assertEqual(publish["properties"], {"reply_to": "r", "correlation_id": "7"})
        self.assertEqual(publish["body"], "the body")
        secrets = [command[field] for command in commands for field in ("password", "response") if field in command]
        self.assertEqual(set(secrets), {"***"})

    def test_without_the_option_nothing_is_written(self):
        broker = Broker(self.addCleanup)
        for encoding in peers.ENCODINGS:
            peers.connect(self.addCleanup, broker, encoding).close()
        self.assertEqual(broker.stop(), 0)
        self.assertEqual((broker.out.all(), broker.err.all()), ([f"ready on 127.0.0.1:{broker.port}"], []))


class EndTest(unittest.TestCase):

    def test_sigterm_and_sigint_end_it_cleanly(self):
        for with_signal in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(with_signal.name):
                self.assertEqual(Broker(self.addCleanup).stop(with_signal), 0)

    def test_clients_are_told_and_exclusive_queues_and_messages_do_not_keep_it(self):
        for with_signal in (signal.SIGTERM, signal.SIGINT):
            for encoding in peers.ENCODINGS:
                with self.subTest(signal=with_signal.name, encoding=encoding):
                    broker = Broker(self.addCleanup)
                    client = peers.connect(self.addCleanup, broker, encoding)
                    queue = client.call("queue.declare", exclusive=True)["queue"]
                    client.send("basic.publish", b"held", routing_key=queue)
                    client.call("basic.consume", queue=queue)
                    client.expect("basic.deliver")
                    broker.process.send_signal(with_signal)
                    client.expect_close(320, "CONNECTION_FORCED")
                    self.assertEqual(broker.wait(), 0)

    def test_clients_that_never_answer_do_not_keep_it(self):
        broker = Broker(self.addCleanup)
        silent = [peers.connect(self.addCleanup, broker, encoding) for encoding in peers.ENCODINGS]
        for client in silent:
            client.call("queue.declare")
        stalled = peers.AmqpPeer(self.addCleanup, broker)
        stalled.send_bytes(peers.AMQP_HEADER)
        stalled.expect("connection.start")
        nameless = peers.AmqpPeer(self.addCleanup, broker)
        nameless.send_bytes(b"AM")
        self.assertEqual(broker.stop(), 0)
        for client in silent:
            client.expect("connection.close", reply_code=320)

    def test_a_client_that_does_not_even_read_does_not_keep_it(self):
        broker = Broker(self.addCleanup)
        deaf = peers.connect(self.addCleanup, broker, "json", receive_buffer=4096)
        deaf.call("queue.declare", queue="q")
        deaf.call("basic.consume", queue="q", no_ack=True)
        publisher = peers.connect(self.addCleanup, broker, "amqp")
        for _ in range(64):
            publisher.send("basic.publish", bytes(131072), routing_key="q")
        publisher.call("queue.declare", queue="q", passive=True)
        self.assertEqual(broker.stop(), 0)


if __name__ == "__main__":
    unittest.main()
