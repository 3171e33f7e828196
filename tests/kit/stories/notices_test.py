"""A broker that is restarted, and an application that connects again."""

import asyncio

import aio_pika
import pocketmq as kit
import pytest
from notices import Notices


@pytest.mark.pocketmq(allow={"dropped": ["notices.live"]})
def test_after_a_restart_it_goes_on_with_both_queues(pocketmq_scope):
    scope = pocketmq_scope

    async def story():
        async with Notices(scope.url) as notices:
            await scope.aside.publish("notices", "one", properties={"delivery_mode": 2})
            await scope.aside.await_drained()
            await scope.aside.restart()
            await scope.aside.publish("notices", "two", properties={"delivery_mode": 2})
            await scope.aside.await_queue("notices.live", consumers=1)
            await scope.aside.publish("notices.live", "three")
            await scope.aside.await_drained()
            assert notices.shown == ["one", "two", "three"]

    asyncio.run(story())


@pytest.mark.pocketmq(allow={"dropped": ["gone", "kept"], "ready": ["kept"]})
def test_what_is_durable_and_persistent_outlives_a_restart_in_order_and_nothing_else_does(pocketmq_scope):
    scope = pocketmq_scope

    async def declare():
        connection = await aio_pika.connect(scope.url)
        async with connection:
            channel = await connection.channel()
            await channel.declare_queue("kept", durable=True)
            await channel.declare_queue("gone", durable=False)

    asyncio.run(declare())
    for queue in ("kept", "gone"):
        scope.publish(queue, "1", properties={"delivery_mode": 2})
        scope.publish(queue, "2")
        scope.publish(queue, "3", properties={"delivery_mode": 2})
    scope.restart()
    assert [message["body"] for message in scope.messages(queue="kept", state="ready")] == ["1", "3"]
    assert scope.explain("", "gone")["queues"] == []


# --- The application broken on purpose --------------------------------------------------------------


class ConnectsOnce(Notices):
    async def connect(self):
        return await aio_pika.connect(self._url)


def test_an_application_that_connects_once_is_told_that_nobody_consumes(broken):
    async def story(scope):
        async with ConnectsOnce(scope.url):
            await scope.aside.restart()
            await scope.aside.publish("notices", "two", properties={"delivery_mode": 2})
            with pytest.raises(kit.TimedOut) as error:
                await scope.aside.await_drained(within="50ms")
            assert "notices is in 'notices', ready for " in str(error.value)
            assert str(error.value).endswith("the queue has no consumer")

    with broken("connects-once") as scope:
        asyncio.run(story(scope))
