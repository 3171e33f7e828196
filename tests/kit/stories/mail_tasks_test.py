"""A Celery worker that is lost after a task and before its ack: with acks_late the task is delivered again.

The worker is Celery's own, in a thread. It is lost as the broker sees it: its connection is cut."""

import contextlib

import kombu.pools
import pytest
from celery.contrib.testing.worker import start_worker
from mail_tasks import mail_app

LOST_BEFORE_ACK = {"on": {"method": "basic.ack", "direction": "to_broker", "queue": "mails"}, "nth": 1, "do": {"cut": {"at": "before"}}}


@contextlib.contextmanager
def worker(app):
    try:
        with start_worker(app, perform_ping_check=False):
            yield app
            app.control.shutdown()
    finally:
        app.close()
        kombu.pools.reset()


@pytest.fixture
def mails():
    return []


def test_a_mail_is_sent_once_although_its_task_was_delivered_twice(pocketmq_scope, mails):
    lost = pocketmq_scope.fault(**LOST_BEFORE_ACK)
    with worker(mail_app(pocketmq_scope.url, mails.append)) as app:
        task = app.send_task("send_mail", [1, "ann"])
        message = pocketmq_scope.await_message(queue="mails", properties={"correlation_id": task.id}, state="acked")
        assert mails == ["ann"] and len(lost.fired) == 1
        assert message["messages"][0]["queues"]["mails"]["deliveries"] == 2
