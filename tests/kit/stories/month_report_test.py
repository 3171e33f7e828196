"""A delivery that is not acked for 30 minutes: the broker closes the channel and delivers it again."""

import threading

import pika.exceptions
import pocketmq as kit
import pytest
from month_report import ReportMaker


class SlowWork:
    """Takes as long as the test wants."""

    def __init__(self):
        self.times = 0
        self.may_end = threading.Event()

    def __call__(self, month):
        self.times += 1
        self.may_end.wait(5)


def test_a_report_that_takes_more_than_30_minutes_is_made_once(pocketmq_scope, start):
    work = SlowWork()
    reports = start(ReportMaker(pocketmq_scope.url, work))
    pocketmq_scope.await_queue("reports", consumers=1)
    pocketmq_scope.publish("reports", "May")
    pocketmq_scope.await_queue("reports", unacked=1)

    assert pocketmq_scope.advance("29m") == {}
    happened = pocketmq_scope.advance("2m")
    assert happened["command.refused"] == 1 and happened["message.requeued"] == 1
    work.may_end.set()

    pocketmq_scope.await_queue("reports", consumers=1)  # the worker is back
    pocketmq_scope.await_drained()
    assert reports.made == ["May"] and work.times == 1


# --- The application broken on purpose --------------------------------------------------------------


class GivesUp(ReportMaker):
    def run(self):
        try:
            self._consume()
        except pika.exceptions.AMQPError:
            pass


def test_a_worker_that_gives_up_leaves_the_report_and_the_developer_reads_why(broken, start):
    with broken("gives-up") as scope:
        work = SlowWork()
        start(GivesUp(scope.url, work))
        scope.await_queue("reports", consumers=1)
        scope.publish("reports", "May")
        scope.await_queue("reports", unacked=1)
        scope.advance("31m")
        work.may_end.set()
        with pytest.raises(kit.TimedOut) as error:
            scope.await_drained(within="100ms")
        assert "reports is in 'reports', ready for " in str(error.value)
        assert "after 1 delivery that was requeued: the queue has no consumer" in str(error.value)
