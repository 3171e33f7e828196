"""Publishes that fail: a nack, a return, a connection that is cut before, inside and after the publish."""

import contextlib

import pocketmq as kit
import pytest
from outbox import Outbox


def bodies(scope):
    return [message["body"] for message in scope.messages(queue="orders")]


@pytest.mark.pocketmq(allow={"ready": ["orders"], "dropped": True})
def test_an_order_that_the_broker_has_nacked_is_sent_again(pocketmq_scope):
    nack = pocketmq_scope.fault("basic.publish", "nack", nth=2)
    with contextlib.closing(Outbox(pocketmq_scope.url)) as outbox:
        assert [outbox.send(1, "one"), outbox.send(2, "two"), outbox.send(3, "three")] == [1, 2, 1]
    assert bodies(pocketmq_scope) == ["one", "two", "three"]
    assert len(nack.fired) == 1


@pytest.mark.pocketmq(allow={"ready": ["orders"], "returned": True})
def test_an_order_that_the_broker_has_returned_is_sent_again(pocketmq_scope):
    pocketmq_scope.fault("basic.publish", "return", nth=1)
    with contextlib.closing(Outbox(pocketmq_scope.url)) as outbox:
        assert outbox.send(1, "one") == 2
    assert bodies(pocketmq_scope) == ["one"]


@pytest.mark.pocketmq(allow={"ready": ["orders"]})
@pytest.mark.parametrize("at, arrived", [("before", ["one"]), (30, ["one"]), ("after", ["one", "one"])])
def test_an_order_whose_connection_is_cut_arrives_and_after_the_frame_twice(pocketmq_scope, at, arrived):
    pocketmq_scope.fault("basic.publish", {"cut": {"at": at}}, nth=1)
    with contextlib.closing(Outbox(pocketmq_scope.url)) as outbox:
        assert outbox.send(1, "one") == 2
    assert bodies(pocketmq_scope) == arrived


# --- The application broken on purpose --------------------------------------------------------------


class WithoutConfirms(Outbox):
    def ask_for_confirms(self, channel):
        pass


def test_without_confirms_the_order_is_lost_and_the_developer_reads_why(broken):
    with broken("no-confirms") as scope:
        full = scope.fault("basic.publish", "full", nth=1)
        with contextlib.closing(WithoutConfirms(scope.url)) as outbox:
            outbox.send(1, "one")
            with pytest.raises(kit.TimedOut) as error:
                scope.await_message(queue="orders", body="one", within="50ms")
        assert "orders to the default exchange: dropped: " in str(error.value)
        assert len(full.fired) == 1


def test_with_one_attempt_the_order_is_lost_and_the_developer_reads_why(broken):
    with broken("one-attempt") as scope:
        cut = scope.fault("basic.publish", {"cut": {"at": "before"}}, nth=1)
        with contextlib.closing(Outbox(scope.url, attempts=1)) as outbox:
            with contextlib.suppress(Exception):
                outbox.send(1, "one")
        with pytest.raises(kit.TimedOut) as error:
            scope.await_message(queue="orders", body="one", within="50ms")
        assert "nothing was published in this scope" in str(error.value)
        assert "cut its connection before it" in cut.fired[0]["text"]
