"""connection.blocked: the broker is short of memory, and publishers have to wait."""

import contextlib

import pocketmq as kit
import pytest
from sensor import Sensor

BLOCK = {"on": {"method": "basic.publish", "connection": "sensor"}, "nth": 1, "do": {"block": "1h"}}


def serve_until(sensor, is_blocked):
    for _ in range(500):
        if sensor.is_blocked == is_blocked:
            return
        sensor.serve(0.01)
    raise AssertionError(f"the sensor is {'not ' if is_blocked else 'still '}blocked after 5 s")


@pytest.mark.pocketmq(allow={"ready": ["measurements"]})
def test_while_it_is_blocked_only_the_newest_value_waits(pocketmq_scope):
    pocketmq_scope.fault(**BLOCK)
    with contextlib.closing(Sensor(pocketmq_scope.url)) as sensor:
        sensor.measured(20)
        serve_until(sensor, is_blocked=True)
        sensor.measured(21)
        sensor.measured(22)
        pocketmq_scope.advance("1h")
        serve_until(sensor, is_blocked=False)
        sensor.serve()
        pocketmq_scope.await_queue("measurements", ready=2)
    assert [message["body"] for message in pocketmq_scope.messages(queue="measurements")] == ["20", "22"]


# --- The application broken on purpose --------------------------------------------------------------


class Deaf(Sensor):
    def listen(self):
        pass


def test_a_sensor_that_does_not_listen_waits_and_the_developer_reads_for_what(broken):
    with broken("deaf") as scope:
        block = scope.fault(**BLOCK)
        with contextlib.closing(Deaf(scope.url)) as sensor:
            sensor.measured(20)
            sensor.measured(21)
            with pytest.raises(kit.TimedOut) as error:
                scope.await_message(queue="measurements", body="21", within="50ms")
            scope.advance("1h")
        assert "nothing was published in this scope, and 1 is connected ('sensor')" in str(error.value)
        assert "block" in block.fired[0]["text"]
