"""A Celery app with nothing but the broker: tasks go through it, and their results come back through it (rpc://)."""

import datetime
import os
import sys
import unittest

import celery_app
import kombu.pools
from celery import chain, group
from celery.exceptions import TaskRevokedError
from programs import HERE, TIMEOUT, Program, broker_for_clients

add, app = celery_app.add, celery_app.app


class CeleryTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.url = broker_for_clients(cls.addClassCleanup).amqp_url
        app.conf.broker_url = cls.url
        cls.addClassCleanup(app.close)
        cls.addClassCleanup(kombu.pools.reset)
        cls.worker = cls.start_worker("w1", cleanup=cls.addClassCleanup)

    @classmethod
    def start_worker(cls, name, *options, cleanup):
        worker = Program(cleanup, sys.executable, "-m", "celery", f"--workdir={HERE}", "--app=celery_app",
                         f"--broker={cls.url}", "worker", f"--hostname={name}@test", "--pool=solo", "--loglevel=INFO",
                         *options)
        worker.err.expect(rf"{name}@test ready")
        return worker

    def value(self, result):
        return result.get(timeout=TIMEOUT)

    def test_a_task_has_a_result(self):
        self.assertEqual(self.value(add.delay(2, 40)), 42)

    def test_a_task_that_raises_raises_here(self):
        with self.assertRaisesRegex(ValueError, "for a reason"):
            self.value(celery_app.fail.delay("for a reason"))

    def test_a_group_has_all_results_in_order(self):
        self.assertEqual(self.value(group(add.s(n, n) for n in range(50))()), [2 * n for n in range(50)])

    def test_a_chain_hands_results_on(self):
        self.assertEqual(self.value(chain(add.s(1, 2), add.s(3), add.s(4))()), 10)

    def test_a_task_is_retried(self):
        self.assertEqual(self.value(celery_app.third_time_lucky.delay()), 2)

    def test_a_task_is_not_run_before_its_time(self):
        eta = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
        self.assertEqual(self.value(add.apply_async((1, 1), eta=eta)), 2)
        self.assertGreaterEqual(datetime.datetime.now(datetime.timezone.utc), eta)

    def test_an_expired_task_is_not_run(self):
        with self.assertRaises(TaskRevokedError):
            self.value(add.apply_async((1, 1), expires=-1))

    def test_workers_answer_and_are_told(self):
        inspect = app.control.inspect(["w1@test"], timeout=TIMEOUT, limit=1)
        self.assertEqual(inspect.ping(), {"w1@test": {"ok": "pong"}})
        queue, = inspect.active_queues()["w1@test"]
        self.assertEqual(queue["name"], "celery-test")

    def test_what_a_killed_worker_had_not_finished_is_given_to_another(self):
        queue = "celery-test-late"
        first = self.start_worker("w2", f"--queues={queue}", cleanup=self.addCleanup)
        result = celery_app.outlive_a_worker.apply_async(queue=queue)
        first.err.expect("held")
        first.kill()
        self.start_worker("w3", f"--queues={queue}", cleanup=self.addCleanup)
        self.assertEqual(self.value(result), "redelivered")


if __name__ == "__main__":
    unittest.main()
