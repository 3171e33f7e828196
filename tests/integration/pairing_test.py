"""pika and our own programs call each other, on either side, ours in both encodings, whoever starts first."""

import signal
import unittest

import peers
from programs import Broker, RunningBroker, broker_for_clients, fib, looks_inside, our_client, our_server
from programs import URL, pika_client, pika_server

KINDS = ("pika", *(RunningBroker if URL else Broker).encodings)


class PairingTest(unittest.TestCase):

    def in_all_pairings(self, story, *options):
        """story(pair) for each kind of server with each kind of client, each on a broker of its own."""
        for server_kind in KINDS:
            for client_kind in KINDS:
                with self.subTest(server=server_kind, client=client_kind):
                    story(Pair(self.addCleanup, server_kind, client_kind, options))
                self.doCleanups()

    def test_the_server_is_there_first(self):
        def story(pair):
            server = pair.start_server()
            pair.answers(pair.start_client(25), 25)
            pair.answers(pair.start_client(0), 0)
            server.out.expect(r"\[\.\] fib\(0\)")

        self.in_all_pairings(story)

    @looks_inside
    def test_the_client_is_there_first(self):
        def story(pair):
            pair.prepare_request_queue()
            client = pair.start_client(20)
            if not pair.client_waits:
                return pair.hears_that_nobody_serves(client)
            pair.expect_request(20)
            pair.start_server()
            pair.answers(client, 20)

        self.in_all_pairings(story)

    def test_both_start_at_once(self):
        def story(pair):
            if not pair.client_waits:
                return
            pair.prepare_request_queue()
            client, _ = pair.start_client(10), pair.start_server(await_it=False)
            pair.answers(client, 10)

        self.in_all_pairings(story)

    @looks_inside
    def test_the_server_is_restarted_between_calls(self):
        def story(pair):
            server = pair.start_server()
            pair.answers(pair.start_client(11), 11)
            self.assertEqual(server.stop(), -signal.SIGTERM if pair.server_kind == "pika" else 0)
            waiting = pair.start_client(12)
            if pair.client_waits:
                pair.expect_request(12)
                pair.start_server()
                pair.answers(waiting, 12)
            else:
                pair.hears_that_nobody_serves(waiting)
                pair.start_server()
            pair.answers(pair.start_client(13), 13)

        self.in_all_pairings(story)

    @looks_inside
    def test_the_request_queue_may_be_a_quorum_queue(self):
        def story(pair):
            pair.start_server()
            pair.answers(pair.start_client(15), 15)
            for _ in ("server", "client"):
                pair.broker.trace.expect(
                    'queue.declare .*queue=rpc_queue durable=true arguments={"x-queue-type":"quorum"}')

        self.in_all_pairings(story, "--quorum")


class Pair:

    def __init__(self, cleanup, server_kind, client_kind, options):
        self.cleanup, self.server_kind, self.client_kind, self.options = cleanup, server_kind, client_kind, options
        self.broker = broker_for_clients(cleanup, "--trace")

    def start_server(self, await_it=True):
        if self.server_kind == "pika":
            server = pika_server(self.cleanup, self.broker, *self.options)
        else:
            server = our_server(self.cleanup, self.broker, self.server_kind, *self.options)
        if await_it:
            server.out.expect(r"\[x\] Awaiting RPC requests")
        return server

    def start_client(self, n):
        if self.client_kind == "pika":
            return pika_client(self.cleanup, self.broker, n, *self.options)
        return our_client(self.cleanup, self.broker, self.client_kind, n, *self.options)

    @property
    def client_waits(self):
        """For a server that is not there. Ours asks whether there is one."""
        return self.client_kind == "pika"

    def hears_that_nobody_serves(self, client):
        client.err.expect("nobody consumes the queue 'rpc_queue'; is its server running")
        if client.wait() != 1:
            raise AssertionError("it did not fail")

    def prepare_request_queue(self):
        """The tutorial's client does not declare it; its request would be lost. Ours does."""
        if self.client_kind == "pika":
            peers.connect(self.cleanup, self.broker, "amqp").call("queue.declare", queue="rpc_queue")

    def expect_request(self, n):
        """Waits until the broker has it."""
        self.broker.trace.expect(f"basic.publish .*routing_key=rpc_queue .*body={n}$")

    def answers(self, client, n):
        client.out.expect(rf"\[x\] Requesting fib\({n}\)")
        client.out.expect(rf"\[\.\] Got {fib(n)}$")
        if client.wait() != 0:
            raise AssertionError("\n".join(["the client failed:", *client.err.all()]))


if __name__ == "__main__":
    unittest.main()
