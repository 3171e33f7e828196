"""The tasks of celery_test.py. The worker is given the broker's URL with --broker."""

import signal

import celery

app = celery.Celery("celery_app", backend="rpc://")
app.conf.update(task_default_queue="celery-test", result_expires=60, broker_connection_retry=False)


@app.task
def add(x, y):
    return x + y


@app.task
def total(numbers):
    return sum(numbers)


@app.task
def fail(text):
    raise ValueError(text)


@app.task(bind=True, max_retries=3)
def third_time_lucky(self):
    """Fails twice, and is retried at once each time."""
    if self.request.retries < 2:
        raise self.retry(countdown=0)
    return self.request.retries


@app.task(bind=True, acks_late=True)
def outlive_a_worker(self):
    """Holds the worker that is given it first until that is killed."""
    if not self.request.delivery_info["redelivered"]:
        print("held")  # Celery logs it
        signal.pause()
    return "redelivered"
