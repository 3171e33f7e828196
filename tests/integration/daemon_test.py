"""pocketmq-broker as a program: options, standard output and error, signals, exit codes."""

import json
import os
import re
import resource
import signal
import socket
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

import peers
from programs import BIN, SANITIZED, TIMEOUT, Broker, Program

LIMITS = ("--connection-max", "--channel-max", "--queue-max", "--consumer-max", "--binding-max", "--message-size-max",
          "--memory-max", "--login-failures-max")


def has_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


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
        for option in ("--port", "--bind", "--port-file", "--log-level", "--log-format", "--trace", "--definitions",
                       "--user", "--vhost", "--remote-guest", "--exit-with-parent", "--exit-on-stdin-close", "--version",
                       "--help", *LIMITS):
            self.assertRegex("\n".join(out), rf"(?m)^\s.*{option}\b")
        self.assertTrue("".join(out).isprintable(), out)

    def test_version_is_one_line(self):
        code, out, errors = self.run_broker("--version")
        self.assertEqual((code, len(out), errors), (0, 1, []))
        self.assertRegex(out[0], r"\b\d+\.\d+\.\d+$")

    def test_a_bad_option_is_named_and_nothing_starts(self):
        for options, wants in {
                ("--port", "65536"): "--port.*whole number from 0 to 65535, got '65536'",
                ("--port", "-1"): "--port.*whole number from 0 to 65535, got '-1'",
                ("--port", "five"): "--port.*whole number from 0 to 65535, got 'five'",
                ("--port", "0x10"): "--port.*whole number from 0 to 65535, got '0x10'",
                ("--port", ""): "--port.*whole number from 0 to 65535, got ''",
                ("--memory-max", "1.5GB"): "--memory-max.*wants bytes.*such as 65536 or 64MB, got '1.5GB'",
                ("--memory-max", "1XB"): "--memory-max.*wants bytes.*such as 65536 or 64MB, got '1XB'",
                ("--port",): "--port",
                ("--bind", "non/sense"): "--bind.*non/sense",
                ("--bind", "127.0.0.1,non/sense"): "--bind.*non/sense",
                ("--bind", "127.0.0.1:5672"): "--bind.*127.0.0.1:5672.*port",
                ("--bind", ""): "--bind",
                ("--port-file", ""): "--port-file.*empty",
                ("--definitions", ""): "--definitions.*empty",
                ("--definitions", "a", "--definitions", "b"): "--definitions.*1.*2",
                ("--log-level", "loud"): "--log-level.*loud.*warning",
                ("--trace=json", "--log-format", "text"): "--trace=json.*--log-format text",
                ("--consumer-timeout", "-1"): "--consumer-timeout.*-1",
                ("--trace=xml",): "--trace.*xml.*(text.*json|json.*text)",
                ("--user", "nobody"): "--user.*nobody",
                ("--user", ":secret"): "--user.*no name",
                ("--user", "n" * 256 + ":secret"): "--user.*at most 255 bytes.*256",
                ("--user", "ci:a", "--user", "ci:b"): "--user.*'ci' twice",
                ("--vhost",): "--vhost",
                ("--vhost", ""): "--vhost.*empty",
                ("--vhost", "v" * 256): "--vhost.*at most 255 bytes.*256",
                ("--bogus",): "--bogus",
                ("extra",): "extra",
        }.items():
            with self.subTest(options=options):
                code, out, errors = self.run_broker(*options)
                self.assertGreater(code, 0)
                self.assertEqual(out, [])
                self.assertRegex(errors[0], wants)
                self.assertTrue("".join(errors).isprintable(), errors)

    def test_numbers_are_decimal(self):
        broker = Broker(self.addCleanup, "--channel-max", "010", "--message-size-max", "010KB")
        channel_max, body_max = 10, 10 * 1024
        peer = peers.AmqpPeer(self.addCleanup, broker)
        peer.start()
        self.assertEqual(peer.expect("connection.tune").fields["channel_max"], channel_max)
        peer = peers.connect(self.addCleanup, broker, "json")
        peer.send("basic.publish", b"x" * body_max, routing_key="nowhere")
        peer.send("basic.publish", b"x" * (body_max + 1), routing_key="nowhere")
        peer.expect("channel.close", reply_code=406)

    def test_a_limit_is_a_number_and_nothing_starts_otherwise(self):
        for limit in LIMITS:
            for value in ("-1", "-9223372036854775808", "1.5", "many", "99999999999999999999", ""):
                with self.subTest(limit=limit, value=value):
                    code, out, errors = self.run_broker("--port", 0, f"{limit}={value}")
                    self.assertGreater(code, 0)
                    self.assertEqual(out, [])
                    self.assertRegex(errors[0], rf"{limit}.*{re.escape(value)}")
        for limit in set(LIMITS) - {"--login-failures-max"}:
            code, _, errors = self.run_broker("--port", 0, f"{limit}=0")
            self.assertGreater(code, 0)
            self.assertRegex(errors[0], f"{limit}.*0")

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

    def test_the_port_is_written_through_what_is_no_regular_file(self):
        broker, out = self.ports_written("/dev/stdout")
        self.assertEqual(out, [str(broker.port), f"ready on 127.0.0.1:{broker.port}"])

        read_end, write_end = os.pipe()
        with open(read_end) as pipe:
            broker, _ = self.ports_written(f"/dev/fd/{write_end}", pass_fds=[write_end])
            os.close(write_end)
            self.assertEqual(pipe.read(), f"{broker.port}\n")

        self.ports_written("/dev/null")
        self.assertTrue(Path("/dev/null").is_char_device())

    def ports_written(self, to, **popen):
        """A broker that has ended, and what it wrote to standard output."""
        broker = Broker(self.addCleanup, "--port-file", to, **popen)
        self.assertEqual(broker.stop(), 0)
        return broker, broker.out.all()

    def test_a_fifo_gets_the_port_when_somebody_reads_it_and_nobody_waits(self):
        fifo = self.folder() / "port"
        os.mkfifo(fifo)
        broker = Broker(self.addCleanup, "--port-file", fifo)
        peers.connect(self.addCleanup, broker, "amqp").close()
        self.assertEqual(fifo.read_text(), f"{broker.port}\n")
        self.assertTrue(fifo.is_fifo())
        self.assertEqual(Broker(self.addCleanup, "--port-file", fifo).stop(), 0)

    def test_behind_a_link_it_is_the_file_that_is_replaced(self):
        folder = self.folder()
        (folder / "link").symlink_to("file")
        (folder / "file").write_text("of an earlier run")
        broker = Broker(self.addCleanup, "--port-file", folder / "link")
        self.assertTrue((folder / "link").is_symlink())
        self.assertEqual((folder / "file").read_text(), f"{broker.port}\n")

    def test_by_default_it_listens_on_loopback_of_both_versions(self):
        broker = Broker(self.addCleanup)
        self.assertEqual(broker.host, "127.0.0.1")
        for host in ["127.0.0.1"] + ["::1"] * has_ipv6():
            with socket.create_connection((host, broker.port), TIMEOUT) as client:
                client.sendall(peers.JsonPeer.encode("queue.declare", queue="q"))
                self.assertIn(b"queue.declare-ok", client.recv(4096), f"guest may log in from {host}")
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", broker.port)).close()

    def test_it_listens_on_several_addresses(self):
        for options in (["--bind", "127.0.0.3,127.0.0.2"], ["--bind", "127.0.0.3", "--bind", "127.0.0.2"],
                        ["--bind", "127.0.0.3,127.0.0.2,127.0.0.3"]):
            with self.subTest(options=options):
                broker = Broker(self.addCleanup, *options)
                self.assertEqual(broker.host, "127.0.0.3")
                for host in ("127.0.0.2", "127.0.0.3"):
                    socket.create_connection((host, broker.port), TIMEOUT).close()

    @unittest.skipUnless(has_ipv6(), "there is no IPv6 here")
    def test_it_listens_on_ipv6(self):
        for host in ("::1", "[::1]"):
            broker = Broker(self.addCleanup, "--bind", host)
            self.assertEqual(broker.host, "[::1]")
            socket.create_connection(("::1", broker.port), TIMEOUT).close()
        Broker(self.addCleanup, "--bind", "0.0.0.0,::")

    def test_it_listens_where_it_is_told(self):
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
                    self.assertRegex(line, r"^\S+Z trace (\S+ -> broker|broker -> \S+)  \S")
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

    def test_a_reader_that_stalls_costs_lines_and_nobody_time(self):
        read_end, write_end = os.pipe()
        with open(read_end) as trace:
            broker = Broker(self.addCleanup, "--trace", stderr=write_end)
            os.close(write_end)
            client = peers.connect(self.addCleanup, broker, "amqp")
            client.call("queue.declare", queue="q")
            for _ in range(100):
                client.send_bytes(client.encode("basic.publish", b"x" * 100, routing_key="q") * 300)
                client.call("queue.declare", queue="q", passive=True)
            reader = threading.Thread(target=lambda: lines.extend(trace))
            lines = []
            reader.start()
            client.close()
            self.assertEqual(broker.stop(), 0)
            reader.join()
        self.assertLess(len(lines), 30000)
        dropped = [int(found[1]) for line in lines if (found := re.search(r"(\d+) lines? (was|were) dropped", line))]
        self.assertGreater(sum(dropped), 10000)

    def test_a_reader_that_never_reads_does_not_keep_it(self):
        read_end, write_end = os.pipe()
        broker = Broker(self.addCleanup, "--trace", stderr=write_end)
        os.close(write_end)
        client = peers.connect(self.addCleanup, broker, "amqp")
        client.send_bytes(client.encode("basic.publish", b"x" * 100, routing_key="q") * 10000)
        client.call("queue.declare", queue="q")
        self.assertEqual(broker.stop(), 0)
        os.close(read_end)

    def test_a_reader_that_goes_does_not_end_it(self):
        read_end, write_end = os.pipe()
        broker = Broker(self.addCleanup, "--trace", stderr=write_end)
        os.close(read_end)
        os.close(write_end)
        for encoding in peers.ENCODINGS:
            peers.connect(self.addCleanup, broker, encoding).close()
        self.assertEqual(broker.stop(), 0)

    def test_closed_standard_error_is_no_clients_connection(self):
        broker = Broker(self.addCleanup, "--trace", stderr=None, preexec_fn=lambda: os.close(2))
        for encoding in peers.ENCODINGS:
            peers.connect(self.addCleanup, broker, encoding).close()
        self.assertEqual(broker.stop(), 0)

    def test_without_the_option_nothing_is_written(self):
        broker = Broker(self.addCleanup)
        for encoding in peers.ENCODINGS:
            peers.connect(self.addCleanup, broker, encoding).close()
        self.assertEqual(broker.stop(), 0)
        self.assertEqual((broker.out.all(), broker.err.all()), ([f"ready on 127.0.0.1:{broker.port}"], []))


class LogTest(unittest.TestCase):

    def log_of(self, *options):
        """What is told of a client without the right password and of one that vanishes with work."""
        broker = Broker(self.addCleanup, "--log-level=info", *options)
        impostor = peers.connect(self.addCleanup, broker, "json")
        impostor.send("connection.open", user="mal\x1b[2J", password="h-u-s-h",
                      client_properties={"connection_name": "mallory"})
        impostor.expect_close(403, "mal")
        worker = peers.connect(self.addCleanup, broker, "amqp")
        queue = worker.call("queue.declare", exclusive=True)["queue"]
        worker.send("basic.publish", b"work", routing_key=queue)
        worker.call("basic.consume", queue=queue)
        worker.expect("basic.deliver")
        worker.vanish()
        broker.err.expect("connection lost")
        self.assertEqual(broker.stop(), 0)
        return broker, broker.err.all()

    def test_it_tells_what_went_wrong_and_its_own_begin_and_end(self):
        broker, lines = self.log_of()
        wants = (rf"info broker  PocketMQ \d+\.\d+\.\d+ listens on 127\.0\.0\.1:{broker.port}\b",
                 r"warning mallory \(127\.0\.0\.1:\d+\)  closed with 403 ACCESS_REFUSED - .*user 'mal\\x1b\[2J' is unknown",
                 r"warning 127\.0\.0\.1:\d+  connection lost \(.+\): 1 unacked delivery is requeued, 1 consumer is gone, "
                 r"1 exclusive queue is deleted",
                 r"info broker  ends: SIGTERM came; 0 connections are closed",
                 r"info broker  has ended")
        self.assertEqual(len(lines), len(wants), lines)
        for line, wanted in zip(lines, wants):
            self.assertRegex(line, rf"^\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z {wanted}")
        self.assertTrue("".join(lines).isprintable(), lines)
        self.assertNotIn("h-u-s-h", "".join(lines))

    def test_as_json_a_line_is_an_object(self):
        _, lines = self.log_of("--log-format=json")
        lines = [json.loads(line) for line in lines]
        self.assertEqual([line["level"] for line in lines], ["info", "warning", "warning", "info", "info"])
        self.assertEqual(lines[1]["connection"], "mallory")
        self.assertRegex(lines[1]["address"], r"^127\.0\.0\.1:\d+$")
        self.assertIn("closed with 403", lines[1]["message"])

    def test_the_level_says_how_much(self):
        for level, wants in {"error": 0, "warning": 1, "info": 4, "debug": 6}.items():
            with self.subTest(level):
                broker = Broker(self.addCleanup, "--log-level", level)
                peers.connect(self.addCleanup, broker, "amqp").close()
                garbage = peers.AmqpPeer(self.addCleanup, broker)
                garbage.send_bytes(b"GET / HTTP/1.1\r\n\r\n")
                self.assertEqual(garbage.stream.read(8), peers.AMQP_HEADER)
                garbage.expect_end()
                self.assertEqual(broker.stop(), 0)
                self.assertEqual(len(broker.err.all()), wants, broker.err.all())

    @unittest.skipIf(SANITIZED, "UBSan takes its own want of descriptors for a fault of the broker")
    def test_without_room_for_connections_it_says_so_and_serves_those_that_are_there(self):
        files = 40
        broker = Broker(self.addCleanup, "--log-level=error",
                        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)))
        first = peers.connect(self.addCleanup, broker, "amqp")
        crowd = [socket.create_connection((broker.host, broker.port), TIMEOUT) for _ in range(files)]
        broker.err.expect("error broker  cannot take a connection: .*ulimit -n")
        first.call("queue.declare", queue="q")
        for client in crowd:
            client.close()
        peers.connect(self.addCleanup, broker, "json").call("queue.declare", queue="q", passive=True)


class OwnersTest(unittest.TestCase):
    """A broker that goes with whoever started it."""

    def test_it_ends_with_its_parent(self):
        shell = Program(self.addCleanup, "sh", "-c", '"$@" & wait', "sh", BIN / "pocketmq-broker", "--port", 0,
                        "--exit-with-parent")
        shell.host, shell.port = "127.0.0.1", int(shell.out.expect(r"^ready on .+:(\d+)$")[1])
        client = peers.connect(self.addCleanup, shell, "amqp")
        shell.kill()
        client.expect_close(320, "CONNECTION_FORCED")
        self.assertIn("the process that started the broker has gone", "\n".join(shell.err.all()))

    def test_a_parents_thread_that_ends_is_not_its_end(self):
        brokers = []
        starter = threading.Thread(target=lambda: brokers.append(Broker(self.addCleanup, "--exit-with-parent")))
        starter.start()
        starter.join()
        peers.connect(self.addCleanup, brokers[0], "amqp").close()

    def test_it_ends_when_its_standard_input_is_closed(self):
        for said in ("", "what is said there is not read\n"):
            broker = Broker(self.addCleanup, "--exit-on-stdin-close", "--log-level=info")
            client = peers.connect(self.addCleanup, broker, "amqp")
            broker.process.stdin.write(said)
            broker.process.stdin.close()
            client.expect_close(320, "CONNECTION_FORCED")
            self.assertEqual(broker.wait(), 0)
            self.assertIn("ends: standard input has gone", "\n".join(broker.err.all()))

    def test_standard_input_that_is_at_its_end_ends_it_at_once(self):
        ended = subprocess.run([BIN / "pocketmq-broker", "--port", "0", "--exit-on-stdin-close"], check=True, text=True,
                               stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT)
        self.assertIn("standard input has gone", ended.stderr)


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
