"""An idempotent caller under every fault that a RabbitMQ may show."""

import contextlib

import pytest
from transfer import Bank, Teller

ASKS = {"method": "basic.publish", "connection": "teller"}
ANSWERS = {"method": "basic.publish", "connection": "bank"}
DELIVERS = {"method": "basic.deliver", "queue": "transfers"}
ACKS = {"method": "basic.ack", "direction": "to_broker", "connection": "bank"}
DECLARES = {"method": "queue.declare", "connection": "teller", "queue": "transfers"}

FAULTS = {
    "the publish is nacked": (ASKS, {"nack": True}),
    "the publish is returned": (ASKS, {"return": True}),
    "the channel is closed": (ASKS, {"close_channel": {"code": 406}}),
    "the connection is closed": (ASKS, {"close_connection": {"code": 320}}),
    "the caller is cut off before its publish": (ASKS, {"cut": {"at": "before"}}),
    "the caller is cut off in its publish": (ASKS, {"cut": {"at": 30}}),
    "the caller is cut off after its publish": (ASKS, {"cut": {"at": "after"}}),
    "the caller is reset after its publish": (ASKS, {"cut": {"at": "after", "how": "reset"}}),
    "the publisher is blocked for a while": (ASKS, {"block": "20ms"}),
    "the declaration is refused": (DECLARES, {"refuse": {"code": 405}}),
    "the queue is full": (ASKS, {"full": True}),
    "the broker is restarted": (ASKS, {"restart": True}),
    "the server is cut off before the request": (DELIVERS, {"cut": {"at": "before"}}),
    "the server is cut off after the request": (DELIVERS, {"cut": {"at": "after"}}),
    "the server is cancelled": (DELIVERS, {"cancel": True}),
    "the request is delivered late": (DELIVERS, {"delay": "20ms"}),
    "the request is delivered twice": (DELIVERS, {"redeliver": True}),
    "the server is cut off before its answer": (ANSWERS, {"cut": {"at": "before"}}),
    "the server is cut off after its answer": (ANSWERS, {"cut": {"at": "after"}}),
    "the server is cut off before its ack": (ACKS, {"cut": {"at": "before"}}),
    "the server's channel is closed before its ack": (ACKS, {"close_channel": {"code": 406}}),
}

# Answers to an attempt that the caller has given up have nowhere to go.
GIVEN_UP = {"unroutable": True, "returned": True, "lost": True, "dropped": True}


@pytest.mark.pocketmq(allow=GIVEN_UP)
@pytest.mark.parametrize("fault", FAULTS)
def test_money_is_transferred_once(pocketmq_scope, start, fault):
    on, do = FAULTS[fault]
    rule = pocketmq_scope.fault(on, do, nth=1)
    bank = start(Bank(pocketmq_scope.url))
    pocketmq_scope.await_queue("transfers", consumers=1)
    with contextlib.closing(Teller(pocketmq_scope.url)) as teller:
        teller.transfer("T1", 100)
        pocketmq_scope.await_queue("transfers", consumers=1)  # the bank is back
        pocketmq_scope.await_drained()
    assert bank.booked == {"T1": 100}
    assert len(rule.fired) == 1


# --- The application broken on purpose --------------------------------------------------------------


class BooksAgain(Bank):
    def book(self, number, amount):
        self.booked[number] = self.booked.get(number, 0) + amount


def test_a_bank_that_does_not_know_numbers_books_twice_and_the_messages_say_why(broken, start):
    with broken("books-again", allow=GIVEN_UP) as scope:
        scope.fault(ACKS, {"cut": {"at": "before"}}, nth=1, name="bank dies before its ack")
        bank = start(BooksAgain(scope.url))
        scope.await_queue("transfers", consumers=1)
        with contextlib.closing(Teller(scope.url)) as teller:
            teller.transfer("T1", 100)
            scope.await_queue("transfers", consumers=1)
            scope.await_drained()
        assert bank.booked == {"T1": 200}
        request = scope.messages(queue="transfers")[0]
        assert request["queues"]["transfers"]["deliveries"] == 2
        assert "('bank') cut its connection before it" in scope.faults()[0]["fired"][0]["text"]
