"""A message to nowhere, because of a typo."""

import contextlib

import pocketmq as kit
import pytest
from shop_events import Shop, Warehouse


def test_the_warehouse_packs_what_is_ordered(pocketmq_scope, start):
    warehouse = start(Warehouse(pocketmq_scope.url))
    pocketmq_scope.await_queue("warehouse", consumers=1)
    with contextlib.closing(Shop(pocketmq_scope.url)) as shop:
        shop.tell("orders.created", "one book")
    pocketmq_scope.await_message(routing_key="orders.created", state="acked")
    pocketmq_scope.await_drained()
    assert warehouse.packed == ["one book"]


# --- The application broken on purpose --------------------------------------------------------------


class Misspelt(Warehouse):
    topic = "order.*"


def test_with_a_typo_in_the_binding_the_developer_reads_the_near_miss(broken, start):
    with broken("typo") as scope:
        start(Misspelt(scope.url))
        scope.await_queue("warehouse", consumers=1)
        with contextlib.closing(Shop(scope.url)) as shop:
            shop.tell("orders.created", "one book")
        with pytest.raises(kit.TimedOut) as error:
            scope.await_message(queue="warehouse", within="50ms")
        assert "orders.created to exchange 'shop' (topic): no binding matched, dropped" in str(error.value)
        assert "'order.*' -> queue 'warehouse': word 1 is 'orders', not 'order'" in str(error.value)
        assert "word 1 is 'orders', not 'order'" in scope.explain("shop", "orders.created")["text"]


def test_a_typo_in_a_queues_name_fails_the_scope_with_the_near_miss(broken, start):
    with broken("typo") as scope:
        start(Warehouse(scope.url))
        scope.await_queue("warehouse", consumers=1)
        scope.publish("warehuose", "one book")
        report = scope.report()
        assert "unroutable" in report.kinds()
        assert "nearest: queue 'warehouse': 'warehouse' differs from 'warehuose'" in report.of("unroutable")[0]["text"]
