"""pocketmq-serve: a command as a procedure."""

import os
import re
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

import peers
from command_line import CALL, DEADLINE_EXCEEDED, INTERNAL, SERVE, CommandLineCase
from programs import TIMEOUT, Broker, Held, Program, looks_inside, unread_pipe


class ServeTest(CommandLineCase):

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

    def test_what_nobody_reads_on_standard_error_holds_up_no_deadline_and_no_stop(self):
        held = Held(self.addCleanup)
        server = self.serve("loud", "sh", "-c", f"exec 9>{held.path}; echo begun >&9; yes >&2",
                            stderr=unread_pipe(self.addCleanup))
        self.assert_fails(DEADLINE_EXCEEDED, "deadline_exceeded: .*", "loud", "--timeout", "500ms")
        held.expect("begun\n")
        held.expect_gone()
        self.assertEqual(server.stop(), 0)

    @looks_inside
    def test_a_log_that_nobody_reads_does_not_hold_up_the_connection(self):
        server = self.serve("echo", "cat", stderr=unread_pipe(self.addCleanup))
        by_hand = peers.connect(self.addCleanup, self.broker, "amqp")
        for _ in range(3):
            by_hand.call("queue.delete", queue="echo")  # which it tells there
            by_hand.await_consumer("echo")
        self.assertEqual(self.call("echo", "1"), (0, "1\n", ""))
        self.assertEqual(server.stop(), 0)

    def test_what_it_says_on_standard_output_need_not_be_read(self):
        server = Program(self.addCleanup, SERVE, self.url(), "echo", "--", "cat", stdout=unread_pipe(self.addCleanup))
        by_hand = peers.connect(self.addCleanup, self.broker, "amqp")
        by_hand.await_consumer("echo")
        self.assertEqual(self.call("echo", "1"), (0, "1\n", ""))
        self.assertEqual(server.stop(), 0)

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
        # The parent of the shell is that process.
        for what, leave in {"alone": "", "with a child": "sleep 1000 &"}.items():
            with self.subTest(what):
                held = Held(self.addCleanup)
                server = self.serve("orphan", "sh", "-c", f"exec 9>{held.path}\n{leave}\necho begun >&9; kill -9 $PPID; "
                                                          "exec sleep 1000")
                self.assert_fails(INTERNAL, "internal: the process that watched over the command was killed", "orphan")
                held.expect("begun\n")
                held.expect_gone()
                self.assertEqual(server.stop(), 0)

    def test_a_command_that_stops_the_process_that_watches_over_it_ends_with_its_deadline(self):
        held = Held(self.addCleanup)
        script = f"exec 9>{held.path}\nsetsid sleep 1000 &\necho begun >&9; kill -STOP $PPID; exec sleep 1000"
        server = self.serve("stops", "sh", "-c", script)
        self.assert_fails(DEADLINE_EXCEEDED, "deadline_exceeded: .*", "stops", "--timeout", "500ms")
        held.expect("begun\n")
        held.expect_gone()
        self.assertEqual(server.stop(), 0)

    def test_a_command_inherits_its_standard_files_and_no_others(self):
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        self.addCleanup(os.close, write)
        server = Program(self.addCleanup, SERVE, self.url(), "files", "--", "sh", "-c", "ls /proc/$$/fd", pass_fds=[write])
        server.out.expect("serving")
        self.assertEqual(self.call("files", "--raw"), (0, "0\n1\n2\n", ""))

    def test_a_command_runs_where_standard_files_are_closed(self):
        Program(self.addCleanup, "sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", SERVE, self.url(), "echo", "--",
                "sh", "-c", "echo lost >&2; exec cat")
        by_hand = peers.connect(self.addCleanup, self.broker, "amqp")
        by_hand.await_consumer("echo")
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

    def refusal_of(self, *arguments):
        server = Program(self.addCleanup, SERVE, *arguments, "--", "cat")
        self.assertEqual(server.wait(), 1)
        self.assertEqual(server.out.all(), [])
        error, = server.err.all()
        return error

    def test_a_queue_that_cannot_be_served_is_told(self):
        by_hand = peers.connect(self.addCleanup, self.broker, "amqp")
        by_hand.call("queue.declare", queue="locked", exclusive=True)
        by_hand.call("queue.declare", queue="durable", durable=True)
        by_hand.call("queue.declare", queue="plain")
        by_hand.call("queue.declare", queue="quorum", durable=True, arguments={"x-queue-type": "quorum"})
        for words, wants in {
                ("locked",): "cannot serve 'locked': RESOURCE_LOCKED",
                ("amq.own",): "cannot serve 'amq.own': ACCESS_REFUSED",
                ("durable",): "cannot serve 'durable': PRECONDITION_FAILED.*'durable'",
                ("quorum",): "cannot serve 'quorum': PRECONDITION_FAILED.*; if the queue is a quorum queue, give --quorum$",
                ("plain", "--quorum"): "cannot serve 'plain': PRECONDITION_FAILED.*; the queue is there and is no quorum "
                                       "queue: leave --quorum out$",
                ("",): "the name of the queue is empty",
                ("q" * 256,): "the name of the queue has 256 bytes; it may have 255",
        }.items():
            with self.subTest(words=words):
                error = self.refusal_of(self.url(), *words)
                self.assertRegex(error, wants)
                self.assertNotIn("cannot open", error)

    def test_its_prefetch_is_a_number(self):
        for prefetch in ("0", "65536", "-1", "1.5", "many", ""):
            ended = subprocess.run([SERVE, "--prefetch", prefetch, self.url(), "q", "--", "cat"], capture_output=True,
                                   text=True, timeout=TIMEOUT)
            self.assertGreaterEqual(ended.returncode, 100)
            self.assertIn(f"--prefetch: wants a whole number from 1 to 65535, got '{prefetch}'", ended.stderr)

    def test_a_script_may_call_on(self):
        """What fails a call inside a command fails the call of the command alike."""
        self.serve("fail", "sh", "-c", "exit 69")
        self.serve("relay", CALL, self.url(), "fail")
        code, _, errors = self.call("relay")
        self.assertEqual(code, 69)
        self.assertIn("not_found", errors)


if __name__ == "__main__":
    unittest.main()
