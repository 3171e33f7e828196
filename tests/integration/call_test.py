"""pocketmq-call: a call from a shell script."""

import contextlib
import json
import os
import pty
import re
import signal
import socket
import subprocess
import tempfile
import unittest

import peers
from command_line import CALL, CommandLineCase
from command_line import DEADLINE_EXCEEDED, INTERNAL, INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNAVAILABLE
from programs import TIMEOUT, Broker, Held, Program, our_server


class CallTest(CommandLineCase):

    def test_a_call_prints_its_reply(self):
        for encoding in self.broker.encodings:
            our_server(self.addCleanup, self.broker, encoding).out.expect("Awaiting")
            self.assertEqual(self.call("rpc_queue", "10", url=self.url(encoding)), (0, "55\n", ""))

    def test_arguments_are_one_json_each(self):
        self.serve("echo", "cat")
        for arguments, reply in {
                ("30",): "30",
                ("-1.5",): "-1.5",
                ("[1,2]",): "[1,2]",
                ('{"b": [ 1 ], "a": null}',): '{"a":null,"b":[1]}',  # a value of nlohmann's: its members are sorted
                ("1", '"two"', "[3]", "--", "-4"): '[1,"two",[3],-4]',
        }.items():
            with self.subTest(arguments=arguments):
                self.assertEqual(self.call("echo", *arguments), (0, reply + "\n", ""))

    def test_without_arguments_the_request_is_empty(self):
        self.serve("count", "wc", "-c")
        self.assertEqual(self.call("count"), (0, "0\n", ""))

    def test_a_reply_is_one_line_of_json_in_its_own_order_or_raw(self):
        self.serve("object", "printf", '{"b": 1,\n "a": 2}\n')
        self.assertEqual(self.call("object"), (0, '{"b":1,"a":2}\n', ""))
        self.assertEqual(self.call("object", "--raw"), (0, '{"b": 1,\n "a": 2}\n', ""))

    def test_a_reply_that_is_no_json_needs_raw(self):
        self.serve("words", "echo", "two words")
        self.assert_fails(INTERNAL, "internal: .*--raw.* is no JSON: two words\n?", "words")
        self.assertEqual(self.call("words", "--raw"), (0, "two words\n", ""))

    def test_an_error_has_the_exit_status_of_its_code(self):
        self.serve("fail", "sh", "-c", 'echo "no such city" >&2; exit $(cat)')
        self.assert_fails(69, re.escape("not_found: no such city (exited with 69)"), "fail", "69")
        self.assert_fails(INTERNAL, re.escape("internal: no such city (exited with 3)"), "fail", "3")
        self.assert_fails(UNAVAILABLE, r"unavailable \(no_queue\): .*'nobody'.*", "nobody")
        our_server(self.addCleanup, self.broker, "amqp").out.expect("Awaiting")
        self.assert_fails(INVALID_ARGUMENT, "invalid_argument: argument 1: expected an integer .*", "rpc_queue", '"x"')

    def test_help_lists_every_exit_status(self):
        text = subprocess.run([CALL, "--help"], check=True, capture_output=True, text=True, timeout=TIMEOUT).stdout
        listed = re.findall(r"^  (\d+) (\w+)$", text, re.MULTILINE)
        self.assertEqual([int(status) for status, _ in listed], list(range(65, 81)))
        self.assertIn((str(UNAVAILABLE), "unavailable"), listed)

    def test_a_timeout_ends_the_call(self):
        peers.connect(self.addCleanup, self.broker, "amqp").call("queue.declare", queue="nobody_works_here")
        self.assert_fails(DEADLINE_EXCEEDED, "deadline_exceeded: .*", "--timeout", "50ms", "nobody_works_here")

    def test_a_timeout_bounds_connecting_too(self):
        with socket.create_server(("127.0.0.1", 0)) as mute:
            url = f"amqp://127.0.0.1:{mute.getsockname()[1]}/"
            code, _, errors = self.call("q", "--timeout", "50ms", url=url)
        self.assertEqual(code, 1)
        self.assertRegex(errors, "cannot open .*did not finish the handshake in time")

    def test_a_reply_that_cannot_be_written_is_a_failure(self):
        self.serve("echo", "cat")
        for options in ([], ["--raw"], ["--repeat", "2"]):
            with self.subTest(options=options), open("/dev/full", "w", encoding="utf-8") as full:
                call = Program(self.addCleanup, CALL, self.url(), "echo", "1", *options, stdout=full)
                self.assertEqual(call.wait(), 1)
                self.assertEqual(call.err.all(), ["pocketmq-call: cannot write to standard output"])

    def test_more_on_standard_input_than_a_message_may_have_is_refused_at_once(self):
        with open("/dev/zero", "rb") as endless:
            call = Program(self.addCleanup, CALL, self.url(), "q", "--stdin", stdin=endless)
        self.assertEqual(call.wait(), RESOURCE_EXHAUSTED)

    def test_without_a_broker_it_exits_with_1(self):
        code, out, errors = self.call("q", url="amqp://127.0.0.1:1/")
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(errors, r"\Apocketmq-call: cannot open amqp://.*: Connection refused\n\Z")

    def test_a_wrong_command_line_is_told_and_calls_nobody(self):
        for arguments, wants in {
                (): "QUEUE",
                ("q", "text"): "text.*JSON",
                ("q", "--bogus"): "--bogus",
                ("q", "--timeout", "2"): "--timeout: wants a time from 1ms to 49 days, .*, got '2'",
                ("q", "--timeout", "2h"): "--timeout: wants a time",
                ("q", "--timeout", "0s"): "--timeout: wants a time",
                ("q", "--timeout", "-1s"): "--timeout: wants a time",
                ("q", "--timeout", "99999999999999min"): "--timeout: wants a time",
                ("q", "--repeat", "0"): "--repeat: wants a whole number from 1 to 100000000, got '0'",
                ("q", "--repeat", "9999999999999"): "--repeat: wants a whole number from 1 to 100000000, got",
                ("q", "--in-flight", "none"): "--in-flight: wants a whole number from 1 to 1000000, got 'none'",
                ("q", "--stdin", "1"): "--stdin",
        }.items():
            with self.subTest(arguments=arguments):
                code, out, errors = self.call(*arguments, url="amqp://127.0.0.1:1")
                self.assertGreaterEqual(code, 100)
                self.assertEqual(out, "")
                self.assertRegex(errors, wants)

    def test_many_calls_are_summed_up(self):
        self.serve("echo", "cat", options=["--prefetch", 4])
        code, out, errors = self.call("echo", "1", "--repeat", 50, "--in-flight", 8)
        self.assertEqual((code, errors), (0, ""))
        self.assertRegex(out, r"\A50 calls in \d+\.\d\d s, \d+ a second\n50 replies\n"
                              r"latency p50 [\d.]+ ms, p90 [\d.]+ ms, p99 [\d.]+ ms, max [\d.]+ ms\n\Z")
        times = [float(number) for number in re.findall(r"([\d.]+) ms", out)]
        self.assertEqual(times, sorted(times))

    def test_failures_among_many_calls_are_counted_and_told_once(self):
        with tempfile.TemporaryDirectory() as folder:
            self.serve("fifth", "sh", "-c", f"echo >> {folder}/log; test $(wc -l < {folder}/log) -le 5 || exit 72")
            code, out, errors = self.call("fifth", "--repeat", 7)
        self.assertEqual(code, RESOURCE_EXHAUSTED)
        self.assertIn("\n5 replies\n2 resource_exhausted\nlatency", out)
        self.assertEqual(errors, "pocketmq-call: resource_exhausted: the command exited with 72\n")

    def test_a_progress_bar_is_for_terminals(self):
        self.serve("slow", "sleep", "0.02")
        master, slave = pty.openpty()
        call = Program(self.addCleanup, "sh", "-c", f'exec "$@" 2>/dev/fd/{slave}', "sh", CALL, self.url(), "slow",
                       "--repeat", 20, pass_fds=[slave])
        self.assertEqual(call.wait(), 0)
        os.close(slave)
        shown = b""
        with os.fdopen(master, "rb") as terminal, contextlib.suppress(OSError):  # the end of what was shown
            while octets := terminal.read1():
                shown += octets
        self.assertRegex(shown.decode(), r"\A(\r\[#*\.*\] \d+ of 20)+\r\033\[K\Z")

    def test_a_signal_cancels_the_call_and_its_exit_status_is_that_of_a_shell(self):
        for with_signal, status in {signal.SIGINT: 130, signal.SIGTERM: 143}.items():
            for options in ([], ["--repeat", 10]):
                with self.subTest(signal=with_signal.name, options=options):
                    held = Held(self.addCleanup)
                    server = self.serve("slow", "sh", "-c", f"exec 9>{held.path}; echo begun >&9; exec sleep 1000")
                    call = self.call_program("slow", *options)
                    held.expect("begun\n")
                    self.assertEqual(call.stop(with_signal), status)
                    self.assertRegex(call.err.all()[0], "^pocketmq-call: cancelled: ")
                    held.expect_gone()  # the server was told
                    server.stop()

    def test_a_second_signal_ends_it_at_once(self):
        broker = Broker(self.addCleanup)
        peers.connect(self.addCleanup, broker, "amqp").call("queue.declare", queue="nobody_works_here")
        call = self.call_program("nobody_works_here", url=broker.url("amqp"))
        caller = peers.connect(self.addCleanup, broker, "json")
        caller.call("basic.consume", queue="nobody_works_here")
        caller.expect("basic.deliver")
        broker.freeze()  # it does not answer the goodbye
        call.process.send_signal(signal.SIGINT)
        call.err.expect("cancelled")
        self.assertEqual(call.stop(signal.SIGINT), -signal.SIGINT)
        broker.thaw()

    def answer_with(self, body, **properties):
        """The next call of 'hostile' gets this reply."""
        server = peers.connect(self.addCleanup, self.broker, "amqp")
        server.call("queue.declare", queue="hostile")
        server.call("basic.consume", queue="hostile", no_ack=True)

        def answer():
            request = server.expect("basic.deliver").properties
            server.send("basic.publish", body, routing_key=request["reply_to"],
                        properties={"correlation_id": request["correlation_id"], **properties})
            server.close()

        return answer

    def outcome_of_hostile_reply(self, body, *options, **properties):
        answer = self.answer_with(body, **properties)
        call = self.call_program("hostile", *options)
        answer()
        return call.wait(), "\n".join(call.out.all()), "\n".join(call.err.all())

    def test_what_others_say_does_nothing_to_the_terminal(self):
        evil = "\x1b]0;owned\x07\x1b[2J\u009b31m \x7f\u202e"
        error = json.dumps({"code": "internal", "message": evil}).encode()
        status, _, errors = self.outcome_of_hostile_reply(error, type="rpc.error")
        self.assertEqual(status, INTERNAL)
        self.assertIn(r"\x1b]0;owned\x07\x1b[2J\u009b31m", errors)
        self.assertTrue(errors.isprintable(), errors)
        status, _, errors = self.outcome_of_hostile_reply(b"\x9b31m no JSON")
        self.assertEqual(status, INTERNAL)
        self.assertIn(r"\x9b31m no JSON", errors)

    def test_a_reply_is_printed_without_control_characters_and_is_still_json(self):
        reply = '"\u009b31m red \x7f \u202e \\u001b[2J gr\u00fcn"'
        status, out, errors = self.outcome_of_hostile_reply(reply.encode())
        self.assertEqual((status, errors), (0, ""))
        self.assertTrue(out.isprintable(), out)
        self.assertEqual(json.loads(out), json.loads(reply))
        self.assertIn("gr\u00fcn", out)

    def test_raw_bytes_are_escaped_on_a_terminal_only(self):
        reply = b"\x1b[2J\x9b31m line\nline\n"
        answer = self.answer_with(reply)
        call = subprocess.Popen([CALL, self.url(), "hostile", "--raw"], stdout=subprocess.PIPE)
        answer()
        self.assertEqual(call.communicate(timeout=TIMEOUT)[0], reply)

        answer = self.answer_with(reply)
        master, slave = pty.openpty()
        call = Program(self.addCleanup, "sh", "-c", f'exec "$@" >/dev/fd/{slave}', "sh", CALL, self.url(), "hostile",
                       "--raw", pass_fds=[slave])
        answer()
        self.assertEqual(call.wait(), 0)
        os.close(slave)
        with os.fdopen(master, "rb") as terminal:
            self.assertEqual(terminal.read1(), rb"\x1b[2J\x9b31m line" + b"\r\nline\r\n")


if __name__ == "__main__":
    unittest.main()
