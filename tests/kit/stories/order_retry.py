"""Orders that fail are tried again a day later, three times in all. Between the attempts they wait in `orders.retry`, where
they expire after a day and are dead-lettered back. What fails three times goes to `orders.failed`."""

from worker import Worker

DAY_MS = 24 * 60 * 60 * 1000


class OrderWorker(Worker):
    queue = "orders"

    def __init__(self, url, handle, attempts=3):
        super().__init__(url)
        self._handle = handle
        self._attempts = attempts

    def declare(self, channel):
        channel.queue_declare("orders.failed", durable=True)
        channel.queue_declare("orders", durable=True, arguments=dead_letters_to("orders.retry"))
        channel.queue_declare("orders.retry", durable=True, arguments=self.retry_arguments())

    def retry_arguments(self):
        return dict(dead_letters_to("orders"), **{"x-message-ttl": DAY_MS})

    def on_message(self, channel, method, properties, body):
        try:
            self._handle(body.decode())
        except Exception:
            if attempts_before(properties) + 1 < self._attempts:
                channel.basic_reject(method.delivery_tag, requeue=False)
                return
            channel.basic_publish("", "orders.failed", body, properties)
        channel.basic_ack(method.delivery_tag)


def dead_letters_to(queue):
    return {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": queue}


def attempts_before(properties):
    deaths = (properties.headers or {}).get("x-death", [])
    return sum(death["count"] for death in deaths if death["queue"] == "orders" and death["reason"] == "rejected")
