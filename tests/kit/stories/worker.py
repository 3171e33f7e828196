"""What the pika applications of these stories have in common: a consumer that connects again when it has to."""

import threading

import pika
from pika.exceptions import AMQPError


class Worker:
    """Consumes `queue` in `run`, until `stop` is called from another thread."""

    queue = "orders"
    name = "worker"

    def __init__(self, url):
        self._parameters = pika.URLParameters(url)
        self._parameters.client_properties = {"connection_name": self.name}
        self._stopping = threading.Event()
        self._connection = self._channel = None

    def run(self):
        while not self._stopping.is_set():
            try:
                self._consume()
            except AMQPError:
                self._stopping.wait(0.01)  # then it connects again

    def stop(self):
        self._stopping.set()
        connection = self._connection
        if connection and connection.is_open:
            connection.add_callback_threadsafe(lambda: self._channel.stop_consuming())

    def _consume(self):
        with pika.BlockingConnection(self._parameters) as self._connection:
            self._channel = self._connection.channel()
            self.declare(self._channel)
            self._channel.basic_qos(prefetch_count=1)
            self._channel.basic_consume(self.queue, self.on_message)
            if not self._stopping.is_set():
                self._channel.start_consuming()

    def declare(self, channel):
        channel.queue_declare(self.queue, durable=True)

    def on_message(self, channel, method, properties, body):
        raise NotImplementedError
