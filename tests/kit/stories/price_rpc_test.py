"""A server that dies after its reply and before its ack: the request is answered twice."""

import contextlib

import pika.exceptions
from price_rpc import PriceClient, PriceServer

PRICES = {"book": 12.0, "pen": 2.5}
SERVER_DIES = {"on": {"method": "basic.ack", "direction": "to_broker", "connection": "first"}, "do": {"cut": {"at": "before"}}, "nth": 1}


class Mortal(PriceServer):
    """Does not come back: another server takes over, when the test starts it."""

    def run(self):
        with contextlib.suppress(pika.exceptions.AMQPError):
            self._consume()


def test_each_call_has_its_own_answer_although_the_first_was_answered_twice(pocketmq_scope, start):
    pocketmq_scope.fault(**SERVER_DIES)
    first = start(Mortal(pocketmq_scope.url, "first", PRICES))
    pocketmq_scope.await_queue("prices", consumers=1)

    with contextlib.closing(PriceClient(pocketmq_scope.url)) as client:
        assert client.price_of("book") == 12.0
        second = start(PriceServer(pocketmq_scope.url, "second", PRICES))
        pocketmq_scope.await_drained()
        assert client.price_of("pen") == 2.5
        pocketmq_scope.await_drained()
    assert first.asked == ["book"] and second.asked == ["book", "pen"]


# --- The application broken on purpose --------------------------------------------------------------


class Careless(PriceClient):
    def is_awaited(self, properties):
        return self._answer is None  # the first that comes


def test_a_caller_that_takes_any_answer_has_that_of_another_call(broken, start):
    with broken("any-answer") as scope:
        scope.fault(**SERVER_DIES)
        start(Mortal(scope.url, "first", PRICES))
        scope.await_queue("prices", consumers=1)
        with contextlib.closing(Careless(scope.url)) as client:
            assert client.price_of("book") == 12.0
            start(PriceServer(scope.url, "second", PRICES))
            scope.await_message(body="12.0", count=2)
            assert client.price_of("pen") == 12.0, "the second answer to the first call"
        assert scope.messages(queue="prices")[0]["queues"]["prices"]["deliveries"] == 2
