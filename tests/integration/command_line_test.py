"""pocketmq-call and pocketmq-serve: shell scripts on either side of a call."""

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

import peers
from programs import BIN, TIMEOUT, Broker, Held, Program, broker_for_clients, our_server

CALL, SERVE = BIN / "pocketmq-call", BIN / "pocketmq-serve"
INVALID_ARGUMENT, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE = 67, 68, 72, 77, 78


class CommandLineTest(unittest.TestCase):

    def setUp(self):
        self.broker = broker_for_clients(self.addCleanup)

    def url(self, encoding="amqp"):
        return self.broker.url(encoding)

    def call(self, *arguments, standard_input="", url=None):
        """Exit status, standard output and standard error."""
        words = [str(word) for word in (CALL, url or self.url(), *arguments)]
        ended = subprocess.run(words, input=standard_input.encode(), capture_output=True, timeout=TIMEOUT)
        return ended.returncode, ended.stdout.decode(), ended.stderr.decode()

    def serve(self, queue, *command, options=(), encoding="amqp"):
        server = Program(self.addCleanup, SERVE, *options, self.url(encoding), queue, "--", *command)
        server.out.expect(f"serving '{queue}'")
        return server

    def assert_fails(self, status, message, *arguments, **options):
        code, out, errors = self.call(*arguments, **options)
        self.assertEqual((code, out), (status, ""), errors)
        self.assertRegex(errors, rf"\Apocketmq-call: {message}\n\Z")

    # --- pocketmq-call

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

    def test_without_a_broker_it_exits_with_1(self):
        code, out, errors = self.call("q", url="amqp://127.0.0.1:1/")
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(errors, r"\Apocketmq-call: cannot open amqp://.*: Connection refused\n\Z")

    def test_a_wrong_command_line_is_told_and_calls_nobody(self):
        for arguments, wants in {
                (): "QUEUE",
                ("q", "text"): "text.*JSON",
                ("q", "--bogus"): "--bogus",
                ("q", "--timeout", "2"): "timeout",
                ("q", "--timeout", "2h"): "timeout",
                ("q", "--repeat", "0"): "repeat",
                ("q", "--in-flight", "none"): "in-flight",
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

    def call_program(self, *arguments, url=None):
        return Program(self.addCleanup, CALL, url or self.url(), *arguments)

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

    # --- pocketmq-serve

    def test_big_bodies_go_both_ways(self):
        self.serve("echo", "cat")
        body = "0123456789abcde\n" * (4 * 65_536)  # 4 MiB, much more than a pipe holds
        code, out, errors = self.call("echo", "--stdin", "--raw", standard_input=body)
        self.assertEqual((code, errors), (0, ""))
        self.assertTrue(out == body, f"{len(out)} of {len(body)} bytes came back")

    def test_a_command_need_not_read_its_standard_input(self):
        self.serve("deaf", "echo", "0")
        for _ in range(3):
            self.assertEqual(self.call("deaf", "--stdin", standard_input="x" * 1_000_000), (0, "0\n", ""))

    def test_a_command_is_not_given_to_a_shell(self):
        self.serve("words", "printf", "%s|", "$HOME", "two words", "-v", "--help", "[a-z]", "--")
        self.assertEqual(self.call("words", "--raw"), (0, "$HOME|two words|-v|--help|[a-z]|--|", ""))

    def test_a_command_dies_of_a_broken_pipe_as_in_a_shell(self):
        self.serve("head", "sh", "-c", "yes 1 | head -n 1")
        self.assertEqual(self.call("head"), (0, "1\n", ""))

    def test_much_on_standard_error_does_not_stop_a_command_and_its_end_is_the_message(self):
        server = self.serve("loud", "sh", "-c", "seq 100000 >&2; exit 1")
        code, _, errors = self.call("loud")
        self.assertEqual(code, INTERNAL)
        self.assertRegex(errors, r"\n99999\n100000 \(exited with 1\)\n\Z")
        self.assertLess(len(errors), 1_200)
        server.err.expect("^100000$")

    def test_a_command_that_cannot_be_run_or_is_killed_fails_the_call(self):
        self.serve("missing", "/nowhere/at/all")
        self.assert_fails(INTERNAL, "internal: cannot run /nowhere/at/all: No such file or directory", "missing")
        self.serve("suicide", "sh", "-c", "kill -9 $$")
        self.assert_fails(INTERNAL, "internal: the command was killed by signal 9", "suicide")

    def test_a_command_is_killed_when_its_caller_waits_no_longer(self):
        with tempfile.TemporaryDirectory() as folder:
            lives = Path(folder, "lives")
            os.mkfifo(lives)
            self.serve("slow", "sh", "-c", f"exec 9> {lives}; echo begun >&9; sleep 1000; echo late >&9")
            call = Program(self.addCleanup, CALL, self.url(), "slow", "--timeout", "500ms")
            self.assertEqual(lives.read_text(), "begun\n")  # all of it: nobody holds it open any more
            self.assertEqual(call.wait(), DEADLINE_EXCEEDED)

    # How a command may leave something running that holds what it holds.
    LEAVINGS = {
        "a child": "sleep 1000 &",
        "a child in a session of its own": "setsid sleep 1000 &",
        "an orphan in a session of its own": "(setsid sleep 1000 &)",
        "a family": "setsid sh -c 'setsid sleep 1000 & sleep 1000' & sleep 1000 &",
    }

    def with_leavings(self, story, end):
        """story(server, held) when a command has left something running, and itself does `end`."""
        for what, leave in self.LEAVINGS.items():
            with self.subTest(what):
                held = Held(self.addCleanup)
                script = f"exec 9>{held.path}\n{leave}\necho begun >&9\n{end}"
                story(self.serve("leaves", "sh", "-c", script), held)
            self.doCleanups()
            self.setUp()

    def test_what_a_command_leaves_running_is_killed_and_does_not_hold_the_reply(self):
        def story(_, held):
            self.assertEqual(self.call("leaves"), (0, "1\n", ""))
            held.expect("begun\n")
            held.expect_gone()

        self.with_leavings(story, "echo 1")

    def test_what_a_command_started_ends_with_its_deadline(self):
        def story(_, held):
            self.assert_fails(DEADLINE_EXCEEDED, "deadline_exceeded: .*", "leaves", "--timeout", "500ms")
            held.expect("begun\n")
            held.expect_gone()

        self.with_leavings(story, "exec sleep 1000")

    def test_what_a_command_started_ends_with_its_server_however_that_ends(self):
        def story(server, held):
            self.call_program("leaves")
            held.expect("begun\n")
            server.kill()
            held.expect_gone()

        self.with_leavings(story, "exec sleep 1000")

    def test_a_second_signal_ends_the_server_and_its_commands(self):
        self.broker = Broker(self.addCleanup, "--trace")
        held = Held(self.addCleanup)
        server = self.serve("slow", "sh", "-c", f"exec 9>{held.path}; echo begun >&9; sleep 1000")
        self.call_program("slow")
        held.expect("begun\n")
        server.process.send_signal(signal.SIGINT)
        self.broker.trace.expect("basic.cancel")  # the first one was heard
        self.assertEqual(server.stop(signal.SIGINT), -signal.SIGINT)
        held.expect_gone()

    def test_a_command_ends_with_the_process_that_watches_over_it(self):
        held = Held(self.addCleanup)
        # The parent of the shell is that process.
        self.serve("orphan", "sh", "-c", f"exec 9>{held.path}; echo begun >&9; kill -9 $PPID; exec sleep 1000")
        self.assert_fails(INTERNAL, "internal: the process that watched over the command was killed", "orphan")
        held.expect("begun\n")
        held.expect_gone()

    def test_a_command_inherits_its_standard_files_and_no_others(self):
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        self.addCleanup(os.close, write)
        server = Program(self.addCleanup, SERVE, self.url(), "files", "--", "sh", "-c", "ls /proc/$$/fd", pass_fds=[write])
        server.out.expect("serving")
        self.assertEqual(self.call("files", "--raw"), (0, "0\n1\n2\n", ""))

    def test_a_command_runs_where_standard_files_are_closed(self):
        server = Program(self.addCleanup, "sh", "-c", 'exec "$@" <&- 2>&-', "sh", SERVE, self.url(), "echo", "--",
                         "sh", "-c", "echo lost >&2; exec cat")
        server.out.expect("serving")
        self.assertEqual(self.call("echo", "[1,2]"), (0, "[1,2]\n", ""))

    def test_a_command_finds_signals_as_in_a_shell(self):
        self.serve("signals", "grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status")
        code, out, _ = self.call("signals", "--raw")
        self.assertEqual(code, 0)
        blocked, ignored = (int(mask, 16) for mask in re.findall(r":\t(\w+)", out))
        self.assertEqual(blocked, 0)
        self.assertFalse(ignored & 1 << signal.SIGPIPE - 1)

    def test_nothing_is_left_of_commands_that_have_ended(self):
        server = self.serve("true", "true")
        for _ in range(5):
            self.assertEqual(self.call("true", "--raw"), (0, "", ""))
        pid = server.process.pid
        self.assertEqual(Path(f"/proc/{pid}/task/{pid}/children").read_text(), "")

    def test_orphans_of_a_long_command_are_reaped(self):
        """They become children of the process that watches over the command."""
        children = "/proc/$PPID/task/$PPID/children"  # the shell, and orphans
        script = f"for i in 1 2 3; do (true &); done; while test $(wc -w < {children}) -gt 1; do :; done; echo 1"
        self.serve("long", "sh", "-c", script)
        self.assertEqual(self.call("long"), (0, "1\n", ""))

    def test_what_a_command_says_on_standard_error_does_nothing_to_the_terminal(self):
        server = self.serve("loud", "sh", "-c", r"printf '\033[31mred\tgr\303\274n\n\233 \007no end' >&2; exit 1")
        status, _, errors = self.call("loud")
        self.assertEqual(status, INTERNAL)
        self.assertIn(r"\x1b[31mred", errors)
        server.err.expect(r"^\\x1b\[31mred\tgr\u00fcn$")
        server.stop()
        self.assertIn(r"\x9b \x07no end", "\n".join(server.err.all()))

    def test_it_stops_when_the_running_command_has_ended(self):
        with tempfile.TemporaryDirectory() as folder:
            begun, may_end = Path(folder, "begun"), Path(folder, "may_end")
            os.mkfifo(begun)
            os.mkfifo(may_end)
            server = self.serve("slow", "sh", "-c", f"echo > {begun}; cat {may_end}; echo 1")
            call = Program(self.addCleanup, CALL, self.url(), "slow")
            begun.read_text()
            server.process.send_signal(signal.SIGTERM)
            may_end.write_text("")
            call.out.expect("^1$")
            self.assertEqual((server.wait(), call.wait()), (0, 0))

    def test_it_wants_a_command(self):
        for words in ([], ["--"]):
            ended = subprocess.run([SERVE, self.url(), "q", *words], capture_output=True, text=True, timeout=TIMEOUT)
            self.assertGreaterEqual(ended.returncode, 100)
            self.assertRegex(ended.stderr, "COMMAND")

    def test_a_script_may_call_on(self):
        """What fails a call inside a command fails the call of the command alike."""
        self.serve("fail", "sh", "-c", "exit 69")
        self.serve("relay", CALL, self.url(), "fail")
        code, _, errors = self.call("relay")
        self.assertEqual(code, 69)
        self.assertIn("not_found", errors)


if __name__ == "__main__":
    unittest.main()
