"""What the READMEs tell their readers to type works as it stands there, and their links lead somewhere."""

import re
import shlex
import socket
import subprocess
import sys
import unittest

import peers
import readme
from programs import BIN, ROOT, TIMEOUT, Broker, Program


def output_of(*command):
    return subprocess.run(command, check=True, text=True, capture_output=True, timeout=TIMEOUT).stdout


class ReadmeTest(unittest.TestCase):

    def test_every_code_block_is_run_by_some_test(self):
        tests = "\n".join(file.read_text() for file in (ROOT / "tests").rglob("*_test.py"))
        run = set(re.findall(r'readme\.block\("([\w-]+)"', tests))
        for name, text in readme.blocks():
            self.assertIn(name, run, f"no test takes this block from the READMEs:\n{text}")

    def test_every_link_leads_to_a_file_and_a_heading(self):
        def anchors(page):
            titles = re.findall(r"(?m)^#+ (.+)$", page.read_text())
            return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}

        for name in readme.PAGES:
            page = ROOT / name
            for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
                path, _, anchor = link.partition("#")
                target = page if not path else page.parent / path
                self.assertTrue(target.exists(), f"{name}: {link}")
                if anchor:
                    self.assertIn(anchor, anchors(target), f"{name}: {link}")

    def test_the_two_commands_are_commands_of_run(self):
        usage = output_of(ROOT / "run")
        for line in readme.block("two-commands").splitlines():
            self.assertRegex(usage, rf"(?m)^{re.escape(line)}\b")

    def test_the_daemon_has_the_options_and_no_others(self):
        def options(text):
            return set(re.findall(r"(?<![\w-])--[a-z-]+", text))

        shown = options(readme.block("daemon-options"))
        self.assertEqual(shown, options(output_of(BIN / "pocketmq-broker", "--help")) - {"--help", "--version"})

    def run_in_terminals(self, lines):
        """Each line in a terminal of its own. The next one begins when the comment behind the line was printed."""
        for line in lines.splitlines():
            command, promise = re.split(r"\s+# ", line)
            Program(self.addCleanup, *shlex.split(command.replace("build/release/bin", str(BIN)))).out.expect(
                re.escape(promise))

    def test_the_fib_pair_runs_in_three_terminals(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.run_in_terminals(readme.block("fib-pair", port))

    def test_the_shell_pair_runs_in_two_terminals(self):
        self.run_in_terminals(readme.block("shell-pair", Broker(self.addCleanup).port))

    def test_pika_connects(self):
        broker = Broker(self.addCleanup)
        program = readme.block("pika-connects", broker.port)
        pika = Program(self.addCleanup, sys.executable, "-c", program)
        self.assertEqual(pika.wait(), 0, pika.err.all())
        queue = re.search(r'queue_declare\("(\w+)"\)', program)[1]
        peers.connect(self.addCleanup, broker, "amqp").call("queue.declare", queue=queue, passive=True)


if __name__ == "__main__":
    unittest.main()
