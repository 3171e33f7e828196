"""A Celery application that sends mails. `acks_late`: a task is acked when it is done, so that a lost worker loses none."""

import celery


def mail_app(url, send, **options):
    app = celery.Celery("mails", broker=url, set_as_current=False)
    app.conf.update(
        task_default_queue="mails",
        task_ignore_result=True,
        worker_prefetch_multiplier=1,
        # Celery sends an ack when its event loop wakes up: with these, each 50 ms.
        broker_heartbeat=10,
        broker_heartbeat_checkrate=200.0,
        broker_transport_options={"client_properties": {"connection_name": "celery"}},
        worker_cancel_long_running_tasks_on_connection_loss=False,
        **options,
    )
    sent = set()

    @app.task(name="send_mail", acks_late=True)
    def send_mail(number, to):
        if number not in sent:  # a lost worker may have sent it
            send(to)
            sent.add(number)

    return app
