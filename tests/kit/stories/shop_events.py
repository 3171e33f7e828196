"""A shop tells what happens in it, and the warehouse listens to orders."""

import pika
from worker import Worker


class Shop:
    def __init__(self, url):
        self._connection = pika.BlockingConnection(pika.URLParameters(url))
        self._channel = self._connection.channel()
        self._channel.exchange_declare("shop", "topic", durable=True)

    def tell(self, event, text):
        self._channel.basic_publish("shop", event, text.encode())

    def close(self):
        self._connection.close()


class Warehouse(Worker):
    name = "warehouse"
    queue = "warehouse"
    topic = "orders.*"

    def __init__(self, url):
        super().__init__(url)
        self.packed = []

    def declare(self, channel):
        channel.exchange_declare("shop", "topic", durable=True)
        channel.queue_declare("warehouse", durable=True)
        channel.queue_bind("warehouse", "shop", self.topic)

    def on_message(self, channel, method, properties, body):
        self.packed.append(body.decode())
        channel.basic_ack(method.delivery_tag)
