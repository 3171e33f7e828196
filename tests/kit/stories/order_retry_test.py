"""Retries over days, in milliseconds: TTL and dead letters."""

import pocketmq as kit
import pytest
from order_retry import OrderWorker, dead_letters_to

pytestmark = pytest.mark.pocketmq(allow={"expired": ["orders.retry"], "dead_lettered": ["orders", "orders.retry"]})


class Shop:
    """Fails the first times."""

    def __init__(self, failures):
        self.failures = failures
        self.tried = []

    def __call__(self, order):
        self.tried.append(order)
        if len(self.tried) <= self.failures:
            raise RuntimeError("out of stock")


def test_an_order_is_tried_again_after_a_day(pocketmq_scope, start):
    shop = Shop(failures=2)
    start(OrderWorker(pocketmq_scope.url, shop))
    pocketmq_scope.await_queue("orders", consumers=1)

    pocketmq_scope.publish("orders", "one book")
    for day in (1, 2):
        pocketmq_scope.await_queue("orders.retry", ready=1)
        assert pocketmq_scope.advance("23h") == {}
        assert len(shop.tried) == day
        assert pocketmq_scope.advance("1h")["message.expired"] == 1

    pocketmq_scope.await_drained()
    assert shop.tried == ["one book"] * 3


@pytest.mark.pocketmq(allow={"ready": ["orders.failed"]})
def test_an_order_that_fails_three_times_is_put_aside(pocketmq_scope, start):
    start(OrderWorker(pocketmq_scope.url, Shop(failures=3)))
    pocketmq_scope.await_queue("orders", consumers=1)
    pocketmq_scope.publish("orders", "one book")
    for _ in range(2):
        pocketmq_scope.await_queue("orders.retry", ready=1)
        pocketmq_scope.advance("24h")
    pocketmq_scope.await_drained(rests_in=["orders.failed"])
    assert [message["body"] for message in pocketmq_scope.messages(queue="orders.failed")] == ["one book"]


# --- The application broken on purpose --------------------------------------------------------------


class WithoutTtl(OrderWorker):
    def retry_arguments(self):
        return dead_letters_to("orders")


class BackToNowhere(OrderWorker):
    def retry_arguments(self):
        return dict(super().retry_arguments(), **dead_letters_to("order"))


def test_without_a_ttl_the_developer_reads_where_the_order_stays(broken, start):
    with broken("no-ttl") as scope:
        start(WithoutTtl(scope.url, Shop(failures=1)))
        scope.await_queue("orders", consumers=1)
        scope.publish("orders", "one book")
        scope.await_queue("orders.retry", ready=1)
        scope.advance("24h")
        with pytest.raises(kit.TimedOut) as error:
            scope.await_drained(within="50ms")
        assert "is in 'orders.retry', ready for 1 d: the queue has no consumer" in str(error.value)


def test_with_a_typo_in_the_way_back_the_developer_reads_the_near_miss(broken, start):
    with broken("typo") as scope:
        shop = Shop(failures=1)
        start(BackToNowhere(scope.url, shop))
        scope.await_queue("orders", consumers=1)
        scope.publish("orders", "one book")
        scope.await_queue("orders.retry", ready=1)
        scope.advance("24h")
        with pytest.raises(kit.TimedOut) as error:
            scope.await_message(queue="orders", count=2, within="50ms")
        assert "was dead-lettered from 'orders.retry'" in str(error.value)
        assert "there is no queue 'order', dropped" in str(error.value)
        assert "nearest: queue 'orders': 'orders' differs from 'order' by one letter" in str(error.value)
