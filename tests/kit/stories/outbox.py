"""Sends each order until a broker has confirmed it, over as many connections as that takes."""

import pika
from pika.exceptions import AMQPError, NackError, UnroutableError


class Outbox:
    def __init__(self, url, attempts=3):
        self._parameters = pika.URLParameters(url)
        self._parameters.client_properties = {"connection_name": "outbox"}
        self._attempts = attempts
        self._connection = self._channel = None

    def send(self, number, order):
        properties = pika.BasicProperties(message_id=str(number), delivery_mode=2)
        for attempt in range(1, self._attempts + 1):
            try:
                self._open_channel().basic_publish("", "orders", order.encode(), properties, mandatory=True)
                return attempt
            except (AMQPError, NackError, UnroutableError) as error:
                last = error
        raise last

    def _open_channel(self):
        if not (self._channel and self._channel.is_open):
            if not (self._connection and self._connection.is_open):
                self._connection = pika.BlockingConnection(self._parameters)
            self._channel = self._connection.channel()
            self._channel.queue_declare("orders", durable=True)
            self.ask_for_confirms(self._channel)
        return self._channel

    def ask_for_confirms(self, channel):
        channel.confirm_delivery()

    def close(self):
        if self._connection and self._connection.is_open:
            self._connection.close()
