"""A price is asked for by RPC: a callback queue and a correlation id."""

import itertools

import pika
from worker import Worker


class PriceServer(Worker):
    queue = "prices"

    def __init__(self, url, name, prices):
        self.name = name
        super().__init__(url)
        self._prices = prices
        self.asked = []

    def on_message(self, channel, method, properties, body):
        self.asked.append(body.decode())
        answer = str(self._prices[body.decode()]).encode()
        channel.basic_publish(
            "", properties.reply_to, answer, pika.BasicProperties(correlation_id=properties.correlation_id)
        )
        channel.basic_ack(method.delivery_tag)


class PriceClient:
    def __init__(self, url):
        parameters = pika.URLParameters(url)
        parameters.client_properties = {"connection_name": "caller"}
        self._connection = pika.BlockingConnection(parameters)
        self._channel = self._connection.channel()
        self._numbers = map(str, itertools.count(1))
        self._callbacks = self._channel.queue_declare("", exclusive=True).method.queue
        self._channel.basic_consume(self._callbacks, self._on_answer, auto_ack=True)

    def price_of(self, article):
        self._awaited, self._answer = next(self._numbers), None
        properties = pika.BasicProperties(reply_to=self._callbacks, correlation_id=self._awaited)
        self._channel.basic_publish("", "prices", article.encode(), properties)
        while self._answer is None:
            self._connection.process_data_events(time_limit=None)
        return float(self._answer)

    def _on_answer(self, channel, method, properties, body):
        if self.is_awaited(properties):
            self._answer = body

    def is_awaited(self, properties):
        return properties.correlation_id == self._awaited  # another is a second answer to an earlier call

    def close(self):
        self._connection.close()
