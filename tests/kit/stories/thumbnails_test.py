"""A poison message."""

import pocketmq as kit
import pytest
from thumbnails import Thumbnails


@pytest.mark.pocketmq(allow={"ready": ["pictures.poison"], "dead_lettered": ["pictures"]})
def test_a_picture_that_crashes_it_is_put_aside_after_four_deliveries(pocketmq_scope, start):
    thumbnails = start(Thumbnails(pocketmq_scope.url))
    pocketmq_scope.await_queue("pictures", consumers=1)
    for picture in ("cat", "bad", "dog"):
        pocketmq_scope.publish("pictures", picture)
    pocketmq_scope.await_drained(rests_in=["pictures.poison"])
    assert thumbnails.made == ["cat", "dog"] and thumbnails.crashes == 4
    assert [message["body"] for message in pocketmq_scope.messages(queue="pictures.poison")] == ["bad"]


# --- The application broken on purpose --------------------------------------------------------------


class Unlimited(Thumbnails):
    def arguments(self):
        return {"x-queue-type": "classic"}


def test_without_a_limit_it_crashes_for_ever_and_the_developer_reads_how_often(broken, start):
    with broken("unlimited") as scope:
        start(Unlimited(scope.url))
        scope.await_queue("pictures", consumers=1)
        scope.publish("pictures", "bad")
        with pytest.raises(kit.TimedOut) as error:
            scope.await_drained(within="100ms")
        assert "pictures is in 'pictures'" in str(error.value)
        assert scope.messages(queue="pictures")[0]["queues"]["pictures"]["deliveries"] > 4
