"""What the kit makes of a broker that fails. The broker is fake_broker.py."""

from pathlib import Path

import pytest

import pocketmq
from pocketmq import broker as broker_module
from pocketmq.http import refusal_of

FAKE = Path(__file__).resolve().parent / "fake_broker.py"


def fake(way):
    return pocketmq.Broker(binary=FAKE, options=[way])


def test_a_broker_that_ends_before_it_is_ready_is_an_error_with_its_last_lines():
    with pytest.raises(pocketmq.BrokerFailed) as error:
        fake("fails")
    assert "exit code 1 before it was ready" in str(error.value)
    assert "--test: no such option" in str(error.value)


def test_a_broker_that_is_never_ready_is_an_error_and_does_not_stay(monkeypatch):
    monkeypatch.setattr(broker_module, "_START_SECONDS", 0.3)
    with pytest.raises(pocketmq.BrokerFailed, match="has not said 'ready' for 0.3 s. It has said nothing."):
        fake("silent")


def test_a_broker_that_has_died_is_an_error_with_its_last_lines():
    broker = fake("dies-later")
    with pytest.raises(pocketmq.BrokerFailed, match="does not answer .*; has it ended?"):
        broker.state()
    with pytest.raises(pocketmq.BrokerFailed, match="exit code 3(?s:.)*out of luck"):
        broker.stop()


def test_an_answer_that_is_not_json_is_shown():
    broker = fake("plain")
    with pytest.raises(pocketmq.RequestRefused, match="HTTP status 500: it is broken"):
        broker.state()


def test_a_connection_is_kept_and_one_that_was_closed_meanwhile_is_replaced():
    broker = fake("hangs-up")
    first, second = broker.state()["client"], broker.state()["client"]
    assert first == second
    broker.freeze()  # the broker closes the connection
    assert broker.state()["client"] != first


def test_a_request_has_what_was_given_and_nothing_else():
    scope = scope_of(fake("answers"))
    told = {}
    scope._http.post = lambda path, body, waits=0: told.update(path=path, body=body, waits=waits) or {"id": 1}
    scope.await_message(routing_key=pocketmq.matches("^a"), queue="q", within=2, count=3)
    assert told["path"] == "/test/await" and told["waits"] == 2
    assert told["body"] == {
        "message": {"routing_key": {"matches": "^a"}, "queue": "q"},
        "scope": "s-1",
        "within": "2000ms",
        "from": "begin",
        "count": 3,
    }
    scope.await_drained(rests_in=["q"])
    assert told["body"] == {"drained": True, "rests_in": ["q"], "scope": "s-1", "within": "5s"}
    scope.fault("basic.publish", "nack", nth=2)
    assert told["body"] == {
        "scope": "s-1",
        "on": {"method": "basic.publish"},
        "nth": 2,
        "do": {"nack": True},
    }


def scope_of(broker):
    members = dict(id="s-1", vhost="s-1", user="u", password="p", amqp="amqp://", json="amqp+json://")
    return pocketmq.Scope(broker, members)


def test_the_errors_of_an_await_are_failures_of_the_test_with_all_that_the_broker_says():
    error = refusal_of(
        408,
        '{"error": "timeout", "reason": "no message for \'a\' within 5 s.", "seen": [1],'
        ' "nearest": [{"text": "\'b\' is 1 letter from it"}, {"queue": "c", "distance": 2}]}',
    )
    assert isinstance(error, pocketmq.TimedOut) and isinstance(error, AssertionError)
    assert not isinstance(error, pocketmq.CannotHold)
    assert error.seen == [1]
    assert str(error) == (
        "no message for 'a' within 5 s.\nnearest:\n  'b' is 1 letter from it\n  queue: c, distance: 2"
    )
    assert isinstance(refusal_of(409, '{"error": "cannot_hold", "reason": "x"}'), pocketmq.CannotHold)
    assert isinstance(refusal_of(409, '{"error": "differs", "reason": "x"}'), pocketmq.RecordingDiffers)
    assert not isinstance(refusal_of(409, '{"error": "conflict", "reason": "x"}'), AssertionError)
