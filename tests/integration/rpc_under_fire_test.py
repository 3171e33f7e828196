"""Processes are killed, as the kernel kills them, while calls run: each call completes, once."""

import unittest

from programs import BIN, Broker, Program

QUEUE = "echo"
KILLS = 5
IN_A_ROW = 30  # calls that succeed one after the other: all is well again
LOST = {"unavailable connection_lost", "unavailable no_queue"}  # no queue: the broker was there before the server


class UnderFireTest(unittest.TestCase):

    def setUp(self):
        self.broker = Broker(self.addCleanup)

    def restart_broker(self):
        self.broker.kill()
        self.broker = Broker(self.addCleanup, port=self.broker.port)

    def start_server(self, encoding):
        server = Program(self.addCleanup, BIN / "pocketmq-serve", "--prefetch", 4, self.broker.url(encoding), QUEUE,
                         "--", "cat")
        server.out.expect("serving")
        return server

    def start_caller(self, encoding, *options):
        caller = Program(self.addCleanup, BIN / "steady_caller", "--in-flight", 8, *options, self.broker.url(encoding),
                         QUEUE)
        self.goes_well(caller)
        return caller

    def goes_well(self, caller):
        row = 0
        while row < IN_A_ROW:
            row = row + 1 if caller.out.expect(r"^\d+ (.*)$")[1] == "ok" else 0

    def outcomes_at_the_end_of(self, caller):
        """The outcome of each call, of which each completes once."""
        caller.process.stdin.close()
        self.assertEqual(caller.wait(), 0, caller.err.all())
        *lines, summary = caller.out.all()
        outcomes = [line.split(" ", 1) for line in lines]
        calls = int(summary.split()[0])
        self.assertEqual(sorted(int(number) for number, _ in outcomes), list(range(1, calls + 1)))
        return {outcome for _, outcome in outcomes}

    def test_a_request_outlives_its_server(self):
        for encoding in self.broker.encodings:
            with self.subTest(encoding=encoding):
                servers = [self.start_server(encoding) for _ in range(2)]
                caller = self.start_caller(encoding)
                for _ in range(KILLS):
                    servers.pop(0).kill()
                    self.goes_well(caller)
                    servers.append(self.start_server(encoding))
                self.assertEqual(self.outcomes_at_the_end_of(caller), {"ok"})
            self.doCleanups()
            self.setUp()

    def test_calls_heal_when_the_broker_is_killed(self):
        for encoding in self.broker.encodings:
            for options in ([], ["--idempotent"]):
                with self.subTest(encoding=encoding, options=options):
                    server, caller = self.start_server(encoding), self.start_caller(encoding, *options)
                    for _ in range(KILLS):
                        self.restart_broker()
                        self.goes_well(caller)
                    self.assertLessEqual(self.outcomes_at_the_end_of(caller), {"ok", *LOST})
                    self.assertEqual(server.stop(), 0, server.err.all())
                self.doCleanups()
                self.setUp()

    def test_a_killed_caller_disturbs_nobody(self):
        for encoding in self.broker.encodings:
            with self.subTest(encoding=encoding):
                server, lasting = self.start_server(encoding), self.start_caller(encoding)
                for _ in range(KILLS):
                    self.start_caller(encoding).kill()
                    self.goes_well(lasting)
                self.assertEqual(self.outcomes_at_the_end_of(lasting), {"ok"})
                self.assertEqual(server.stop(), 0)
            self.doCleanups()
            self.setUp()


if __name__ == "__main__":
    unittest.main()
