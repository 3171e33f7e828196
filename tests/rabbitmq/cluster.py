"""Calls over a cluster of three RabbitMQ nodes whose request queue is a quorum queue, while nodes are stopped."""

import sys
import unittest
from pathlib import Path

from rabbitmq import RabbitMQ

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "integration"))
from programs import BIN, Program

QUEUE = "echo"
IN_A_ROW = 50  # calls that succeed one after the other: all is well again


class ClusterTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.rabbitmq = RabbitMQ(nodes=3)
        cls.addClassCleanup(cls.rabbitmq.end)

    def setUp(self):
        self.nodes = self.rabbitmq.nodes

    def urls(self, first):
        """All nodes', beginning with this one's, to which the program connects."""
        place = self.nodes.index(first)
        return ",".join(node.url() for node in self.nodes[place:] + self.nodes[:place])

    def start_server(self, node):
        server = Program(self.addCleanup, BIN / "pocketmq-serve", "--quorum", self.urls(node), QUEUE, "--", "cat")
        server.out.expect("serving")
        return server

    def start_caller(self, node, *options):
        return Program(self.addCleanup, BIN / "steady_caller", *options, self.urls(node), QUEUE)

    def failures_until_all_is_well(self, caller):
        failures, row = [], 0
        while row < IN_A_ROW:
            outcome = caller.out.expect(r"^\d+ (.*)$")[1]
            row = row + 1 if outcome == "ok" else 0
            if outcome != "ok":
                failures.append(outcome)
        return failures

    def leader(self):
        asked = next(node for node in self.nodes if node.is_running)
        queues = {queue["name"]: queue["leader"] for queue in asked.control("list_queues", "name", "leader")}
        return next(node for node in self.nodes if node.name == queues[QUEUE])

    def test_calls_go_on_while_nodes_stop(self):
        callers_node, servers_node, _ = self.nodes
        server = self.start_server(servers_node)
        caller = self.start_caller(callers_node)
        self.assertEqual(self.failures_until_all_is_well(caller), [])
        self.assertEqual(self.leader(), servers_node, "a queue's first leader is where it was declared")

        with self.subTest("the caller's node stops"):
            callers_node.stop()
            self.assertIn(self.failures_until_all_is_well(caller), ([], ["unavailable connection_lost"]))

        callers_node.start()
        with self.subTest("the queue's leader stops, which is the server's node"):
            self.leader().stop()
            self.assertIn(self.failures_until_all_is_well(caller), ([], ["unavailable connection_lost"]))
            self.assertNotEqual(self.leader(), servers_node)

        caller.process.stdin.close()
        calls = int(caller.out.expect(r"^(\d+) calls, 0 dropped$")[1])
        self.assertGreater(calls, 3 * IN_A_ROW)
        self.assertEqual((caller.wait(), server.stop()), (0, 0))


if __name__ == "__main__":
    unittest.main(verbosity=2)
