"""pocketmq-call and pocketmq-serve, as tests of either run them."""

import subprocess
import unittest

from programs import BIN, TIMEOUT, Program, broker_for_clients

CALL, SERVE = BIN / "pocketmq-call", BIN / "pocketmq-serve"
INVALID_ARGUMENT, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE = 67, 68, 72, 77, 78


class CommandLineCase(unittest.TestCase):

    def setUp(self):
        self.broker = broker_for_clients(self.addCleanup)

    def url(self, encoding="amqp"):
        return self.broker.url(encoding)

    def call(self, *arguments, standard_input="", url=None):
        """Exit status, standard output and standard error."""
        words = [str(word) for word in (CALL, url or self.url(), *arguments)]
        ended = subprocess.run(words, input=standard_input.encode(), capture_output=True, timeout=TIMEOUT)
        return ended.returncode, ended.stdout.decode(), ended.stderr.decode()

    def serve(self, queue, *command, options=(), encoding="amqp", **popen):
        server = Program(self.addCleanup, SERVE, *options, self.url(encoding), queue, "--", *command, **popen)
        server.out.expect(f"serving '{queue}'")
        return server

    def assert_fails(self, status, message, *arguments, **options):
        code, out, errors = self.call(*arguments, **options)
        self.assertEqual((code, out), (status, ""), errors)
        self.assertRegex(errors, rf"\Apocketmq-call: {message}\n\Z")

    def call_program(self, *arguments, url=None):
        return Program(self.addCleanup, CALL, url or self.url(), *arguments)
