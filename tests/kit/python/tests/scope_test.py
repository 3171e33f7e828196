"""Each method of a scope once, against a real broker. What they mean is tested with the broker."""

import asyncio
import contextlib
import datetime

import pika
import pika.exceptions
import pytest

import pocketmq as kit


@pytest.fixture
def scope(pocketmq):
    """It may leave behind what it wants."""
    scope = pocketmq.scope("it")
    yield scope
    scope.end()


@pytest.fixture
def channel(scope):
    connection = pika.BlockingConnection(pika.URLParameters(scope.url))
    channel = connection.channel()
    channel.queue_declare("orders")
    yield channel
    if connection.is_open:
        with contextlib.suppress(pika.exceptions.AMQPError):  # the scope has closed it
            connection.close()


def test_a_message_is_published_found_and_looked_at(scope, channel):
    told = scope.publish("orders", json={"article": "book"}, properties={"message_id": "1"})
    assert told["queues"] == ["orders"]
    assert channel.basic_get("orders", auto_ack=False)[2] == b'{"article":"book"}'
    matched = scope.await_message(queue="orders", json={"article": "book"}, state="unacked")
    assert [message["message"] for message in matched["messages"]] == [told["message"]]
    assert [message["message"] for message in scope.messages(queue="orders")] == [told["message"]]
    assert scope.messages(state="acked") == []
    life = [event["kind"] for event in scope.message(told["message"])["life"]]
    assert life[0] == "message.published" and life[-1] == "message.delivered"


def test_an_await_that_times_out_says_what_was_there(scope, channel):
    scope.publish("order", "one")
    with pytest.raises(kit.TimedOut) as error:
        scope.await_message(queue="orders", within=datetime.timedelta(milliseconds=10))
    assert "no message" in str(error.value) and "'order'" in str(error.value)
    with pytest.raises(kit.TimedOut):
        scope.await_message(routing_key="order", since="now", within="10ms")
    assert scope.await_message(routing_key="order", within=0.01)


def test_an_await_that_cannot_hold_fails_at_once(scope, channel):
    channel.basic_consume("orders", lambda *delivery: None)
    scope.publish("orders", "one")
    channel.basic_consume("orders", lambda *delivery: None)
    channel.connection.close()  # nobody is left
    with pytest.raises(kit.CannotHold, match="nobody is left who could consume from 'orders'"):
        scope.await_drained(within="60s")
    scope.await_drained(rests_in="orders")


def test_queues_connections_and_quiet_are_awaited(scope, channel):
    scope.publish("orders", "one", count=3)
    scope.await_queue("orders", ready={"at_least": 2}, consumers=0)
    scope.await_connections(1)
    scope.await_quiet("10ms")
    with pytest.raises(kit.TimedOut):
        scope.await_queue("orders", ready=2, within="10ms")


def test_the_way_of_a_message_is_explained(scope, channel):
    assert scope.explain("", "orders")["queues"] == ["orders"]
    explained = scope.explain("", "order")
    assert explained["queues"] == [] and "'orders'" in explained["text"]


def test_a_fault_tells_when_it_fired_and_can_be_removed(scope, channel):
    nack = scope.fault("basic.publish", "nack", nth=2, name="a nack")
    channel.confirm_delivery()
    channel.basic_publish("", "orders", b"one")
    assert (nack.seen, nack.fired) == (1, [])
    with pytest.raises(pika.exceptions.NackError):
        channel.basic_publish("", "orders", b"two")
    assert nack.seen == 2 and len(nack.fired) == 1
    assert [fault["name"] for fault in scope.faults()] == ["a nack"]
    nack.remove()
    assert scope.faults() == []
    scope.fault("basic.publish", {"return": True})
    scope.remove_faults()
    channel.basic_publish("", "orders", b"three")


def test_a_fault_that_makes_no_sense_is_refused_with_a_sentence(scope):
    with pytest.raises(kit.RequestRefused) as error:
        scope.fault("basic.publsh", "nack")
    assert error.value.status == 400 and "basic.publish" in str(error.value)
    with pytest.raises(kit.RequestRefused, match="unlawful"):
        scope.fault("basic.publish", "drop")
    scope.fault("basic.publish", "drop", unlawful=True)


def test_time_is_set_forward(scope, channel):
    channel.queue_declare("short", arguments={"x-message-ttl": 60_000})
    scope.publish("short", "one")
    assert scope.advance("59s") == {}
    assert scope.advance("1s")["message.expired"] == 1
    scope.freeze()
    scope.run_clock()


def test_a_restart_keeps_what_is_durable(scope):
    connection = pika.BlockingConnection(pika.URLParameters(scope.url))
    connection.channel().queue_declare("kept", durable=True)
    connection.channel().queue_declare("gone")
    scope.publish("kept", "one", properties={"delivery_mode": 2})
    happened = scope.restart()
    assert happened["kept"]["messages"] == 1 and happened["lost"]["queues"] == 1
    scope.await_queue("kept", ready=1)


def test_commands_are_carried_out_one_by_one(scope, channel):
    scope.pause()
    for text in (b"one", b"two"):
        channel.basic_publish("", "orders", text)
    carried_out = []
    while not carried_out:  # until the first has arrived
        carried_out = scope.step()
    assert [command["method"] for command in carried_out] == ["basic.publish"]
    assert [message["body"] for message in scope.messages(queue="orders")] == ["one"]
    scope.resume()
    scope.await_queue("orders", ready=2)


def test_the_journal_of_a_scope_has_its_events_only(scope, channel, pocketmq):
    with pocketmq.scope("other", allow="unroutable") as other:
        other.publish("nowhere", "one")
        kinds = [event["kind"] for event in scope.journal()]
        assert "queue.declared" in kinds and "connection.authenticated" in kinds
        assert not [kind for kind in kinds if kind.startswith("message.")]


def test_a_recording_is_the_same_as_itself_and_not_as_another(scope, channel, tmp_path):
    golden = tmp_path / "golden.ndjson"
    with pytest.raises(kit.PocketMQError, match="there is no golden recording at .*--pocketmq-update"):
        scope.compare(golden)
    scope.compare(golden, update=True)
    assert golden.read_text() == scope.recording()
    scope.compare(golden)
    channel.queue_declare("payments")
    with pytest.raises(kit.RecordingDiffers, match="payments(?s:.)*pytest --pocketmq-update") as error:
        scope.compare(golden)
    assert error.value.differences


def test_a_scope_that_is_closed_says_what_was_left(scope, channel):
    scope.publish("orders", "one")
    assert not scope.report().ok and not scope.is_closed
    with pytest.raises(kit.LeftBehind) as error:
        scope.close()
    assert set(error.value.report.kinds()) == {"connections", "ready"}
    assert error.value.report.of("ready")[0]["name"] == "orders"
    assert str(error.value) == error.value.report.text
    assert scope.close() is error.value.report, "it raises once"


def test_in_a_with_block_the_first_error_counts(pocketmq):
    with pytest.raises(ZeroDivisionError), pocketmq.scope("it") as scope:
        scope.publish("nowhere")
        1 / 0
    assert scope.is_closed


def test_in_a_coroutine_a_blocking_wait_is_refused_and_one_aside_lets_the_loop_go_on(scope):
    async def story():
        with pytest.raises(kit.PocketMQError, match="await scope.aside.await_message"):
            scope.await_connections(0)
        waiting = asyncio.ensure_future(scope.aside.await_message(body="one"))
        await scope.aside.publish("nowhere", "one")
        assert await waiting

    asyncio.run(story())


def test_the_broker_lists_its_scopes_and_tells_its_state(scope, pocketmq):
    assert scope.id in [listed["id"] for listed in pocketmq.scopes()]
    assert scope.vhost in [vhost["name"] for vhost in pocketmq.state()["vhosts"]]
