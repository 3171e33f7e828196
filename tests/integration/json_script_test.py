"""The RPC client in the JSON framing that protocol/README.md shows, run from there: Python's standard library, 30 lines."""

import re
import signal
import sys
import unittest

import peers
import readme
from programs import Broker, Program, fib, our_server, pika_server

SCRIPT = readme.block("json-rpc-client")


class JsonScriptTest(unittest.TestCase):

    def setUp(self):
        self.broker = Broker(self.addCleanup)

    def run_script(self, n):
        client = Program(self.addCleanup, sys.executable, "-I", "-c", SCRIPT, self.broker.port, n)
        code = client.wait()
        return code, client.out.all(), client.err.all()

    def test_it_is_short_and_needs_nothing_installed(self):
        self.assertLessEqual(len(SCRIPT.splitlines()), 30)
        modules = re.findall(r"^\s*(?:import|from) (.+?)(?: import.*)?$", SCRIPT, re.MULTILINE)
        self.assertLessEqual(set(re.split(r",\s*", ", ".join(modules))), sys.stdlib_module_names)

    def test_a_pika_server_answers_it(self):
        pika_server(self.addCleanup, self.broker).out.expect("Awaiting RPC requests")
        self.assertEqual(self.run_script(30), (0, ["[x] Requesting fib(30)", f"[.] Got {fib(30)}"], []))

    def test_our_server_answers_it_on_either_encoding(self):
        for encoding in peers.ENCODINGS:
            with self.subTest(encoding=encoding):
                server = our_server(self.addCleanup, self.broker, encoding)
                server.out.expect("Awaiting RPC requests")
                self.assertEqual(self.run_script(10), (0, ["[x] Requesting fib(10)", "[.] Got 55"], []))
                server.stop()

    def test_without_a_request_queue_it_says_so_and_ends(self):
        code, _, errors = self.run_script(1)
        self.assertEqual(code, 1)
        self.assertEqual(errors, ["no queue.declare-ok: NOT_FOUND - no queue 'rpc_queue' in vhost '/'"])

    def test_where_the_queue_has_outlived_its_server_it_says_so_and_ends(self):
        peers.connect(self.addCleanup, self.broker, "json").call("queue.declare", queue="rpc_queue", durable=True)
        code, _, errors = self.run_script(1)
        self.assertEqual((code, errors), (1, ["nobody serves rpc_queue: its queue has no consumer"]))

    def test_an_error_is_no_answer(self):
        our_server(self.addCleanup, self.broker, "json").out.expect("Awaiting RPC requests")
        for n in ("91", '"ten"'):
            code, out, errors = self.run_script(n)
            self.assertEqual((code, out), (1, [f"[x] Requesting fib({n})"]))
            self.assertRegex(errors[0], "^.!. .*invalid_argument")

    def test_a_request_that_nobody_takes_goes(self):
        server = peers.connect(self.addCleanup, self.broker, "json")
        server.call("queue.declare", queue="rpc_queue")
        server.call("basic.consume", queue="rpc_queue")
        client = Program(self.addCleanup, sys.executable, "-I", "-c", SCRIPT, self.broker.port, 1)
        self.assertEqual(server.expect("basic.deliver").properties["expiration"], "10000")
        self.assertEqual(client.stop(signal.SIGINT), 1)
        self.assertEqual(client.err.all(), ["no answer from rpc_queue"])

    def test_a_request_that_runs_is_cancelled(self):
        server = our_server(self.addCleanup, self.broker, "json")
        server.out.expect("Awaiting RPC requests")
        client = Program(self.addCleanup, sys.executable, "-I", "-c", SCRIPT, self.broker.port, 60)
        server.out.expect(r"fib\(60\)")
        self.assertEqual(client.stop(signal.SIGINT), 1)
        self.assertEqual(self.run_script(10), (0, ["[x] Requesting fib(10)", "[.] Got 55"], []))

    def test_it_says_that_the_broker_is_gone(self):
        server = peers.connect(self.addCleanup, self.broker, "json")
        server.call("queue.declare", queue="rpc_queue")
        server.call("basic.consume", queue="rpc_queue")
        client = Program(self.addCleanup, sys.executable, "-I", "-c", SCRIPT, self.broker.port, 1)
        server.expect("basic.deliver")
        self.broker.kill()
        self.assertEqual(client.wait(), 1)
        self.assertEqual(client.err.all(), ["no basic.deliver: the broker is gone"])


if __name__ == "__main__":
    unittest.main()
