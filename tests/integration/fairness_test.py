"""Several servers at one queue: prefetch 1 shares the work fairly, and what a killed server held is not lost."""

import unittest

import peers
from programs import Broker, fib, our_server, pika_server

START = {
    "pika": pika_server,
    "amqp": lambda cleanup, broker: our_server(cleanup, broker, "amqp"),
    "json": lambda cleanup, broker: our_server(cleanup, broker, "json"),
}


class Caller:
    """Asks for many Fibonacci numbers at once; a request's correlation id is its number."""

    def __init__(self, cleanup, broker, encoding="json"):
        self.peer = peers.connect(cleanup, broker, encoding)
        self.callback_queue = self.peer.call("queue.declare", exclusive=True)["queue"]
        self.peer.call("basic.consume", queue=self.callback_queue, no_ack=True)

    def ask(self, *numbers):
        for n in numbers:
            self.peer.send("basic.publish", str(n).encode(), routing_key="rpc_queue",
                           properties={"reply_to": self.callback_queue, "correlation_id": str(n)})

    def replies(self, count):
        """The next replies' numbers, each of which must have its answer."""
        numbers = []
        for _ in range(count):
            reply = self.peer.expect("basic.deliver")
            numbers.append(int(reply.properties["correlation_id"]))
            if reply.body != str(fib(numbers[-1])).encode():
                raise AssertionError(f"a wrong answer: {reply}")
        return numbers


class FairnessTest(unittest.TestCase):

    def with_servers(self, story):
        """story(broker, start) with each kind of server; start() gives one that awaits requests."""
        for kind, start in START.items():
            with self.subTest(servers=kind):
                broker = Broker(self.addCleanup, "--trace")

                def start_one():
                    server = start(self.addCleanup, broker)
                    server.out.expect("Awaiting RPC requests")
                    return server

                story(broker, start_one)
            self.doCleanups()

    def test_free_servers_take_turns(self):
        def story(broker, start):
            servers = [start(), start()]
            caller = Caller(self.addCleanup, broker)
            for n in range(10):
                caller.ask(n)
                self.assertEqual(caller.replies(1), [n])
                broker.trace.expect("basic.ack")
            for turn, server in enumerate(servers):
                server.stop()
                served = [line for line in server.out.all() if "fib(" in line]
                self.assertEqual(len(served), 5, served)

        self.with_servers(story)

    def test_a_slow_server_does_not_hold_requests_back_from_a_fast_one(self):
        def story(broker, start):
            slow, _ = start(), start()
            slow.freeze()
            caller = Caller(self.addCleanup, broker)
            caller.ask(*range(10))
            by_the_fast = caller.replies(9)
            slow.thaw()
            by_the_slow = caller.replies(1)
            self.assertEqual(sorted(by_the_fast + by_the_slow), list(range(10)))
            slow.out.expect(rf"\[\.\] fib\({by_the_slow[0]}\)")

        self.with_servers(story)

    def test_the_request_of_a_killed_server_is_answered_by_another(self):
        def story(broker, start):
            doomed = start()
            doomed.freeze()
            caller = Caller(self.addCleanup, broker)
            caller.ask(30)
            broker.trace.expect("broker -> .*basic.deliver .*routing_key=rpc_queue")
            start()
            doomed.kill()
            broker.trace.expect("broker -> .*basic.deliver .*redelivered=true .*routing_key=rpc_queue")
            self.assertEqual(caller.replies(1), [30])

        self.with_servers(story)

    def test_a_server_killed_inside_its_handler_is_no_loss_either(self):
        broker = Broker(self.addCleanup, "--trace")
        doomed = pika_server(self.addCleanup, broker, "--step")
        doomed.out.expect("Awaiting RPC requests")
        caller = Caller(self.addCleanup, broker, "amqp")
        caller.ask(17)
        doomed.out.expect(r"\[\.\] fib\(17\)")
        our_server(self.addCleanup, broker, "json").out.expect("Awaiting RPC requests")
        doomed.kill()
        self.assertEqual(caller.replies(1), [17])
        broker.trace.expect("broker -> .*basic.deliver .*redelivered=true .*routing_key=rpc_queue")

    def test_what_a_killed_server_had_not_acked_comes_again_in_order(self):
        broker = Broker(self.addCleanup, "--trace")
        doomed = pika_server(self.addCleanup, broker, "--prefetch", 8, "--step")
        doomed.out.expect("Awaiting RPC requests")
        caller = Caller(self.addCleanup, broker)
        caller.ask(*range(12))
        for _ in range(3):
            doomed.say("go on")
            broker.trace.expect("basic.ack")
        self.assertEqual(caller.replies(3), [0, 1, 2])
        broker.trace.expect("broker -> .*basic.deliver .*routing_key=rpc_queue .*body=10$")
        doomed.kill()

        heir = peers.connect(self.addCleanup, broker, "amqp")
        heir.call("basic.consume", queue="rpc_queue")
        requests = [heir.expect("basic.deliver") for _ in range(9)]
        self.assertEqual([int(request.body) for request in requests], list(range(3, 12)))
        # It held eight: three more came for those that it had answered.
        self.assertEqual([request.fields["redelivered"] for request in requests], 8 * [True] + 1 * [False])


if __name__ == "__main__":
    unittest.main()
