"""Transfers money by RPC. Each transfer has a number, and the bank books a number once. So the teller may ask again, over
a new connection, until there is an answer."""

import pika
from pika.exceptions import AMQPError, NackError, UnroutableError
from worker import Worker


class Bank(Worker):
    name = "bank"
    queue = "transfers"

    def __init__(self, url):
        super().__init__(url)
        self.booked = {}

    def on_message(self, channel, method, properties, body):
        self.book(properties.message_id, int(body))
        channel.basic_publish("", properties.reply_to, b"booked", pika.BasicProperties(message_id=properties.message_id))
        channel.basic_ack(method.delivery_tag)

    def book(self, number, amount):
        self.booked.setdefault(number, amount)


class NoAnswer(Exception):
    pass


class Teller:
    answer_seconds = 0.1

    def __init__(self, url, attempts=5):
        self._parameters = pika.URLParameters(url)
        self._parameters.client_properties = {"connection_name": "teller"}
        self._parameters.blocked_connection_timeout = self.answer_seconds
        self._attempts = attempts
        self._connection = None

    def transfer(self, number, amount):
        """Returns after how many attempts it was booked."""
        for attempt in range(1, self._attempts + 1):
            try:
                self._ask(number, amount)
                return attempt
            except (AMQPError, NackError, UnroutableError, NoAnswer) as error:
                last = error
                self.close()
        raise last

    def _ask(self, number, amount):
        self._connection = pika.BlockingConnection(self._parameters)
        channel = self._connection.channel()
        channel.queue_declare("transfers", durable=True)
        channel.confirm_delivery()
        answers = channel.queue_declare("", exclusive=True).method.queue
        properties = pika.BasicProperties(message_id=number, reply_to=answers, delivery_mode=2)
        channel.basic_publish("", "transfers", str(amount).encode(), properties, mandatory=True)
        for method, answer, _ in channel.consume(answers, auto_ack=True, inactivity_timeout=self.answer_seconds):
            if method is None:
                raise NoAnswer(f"no answer to transfer {number} for {self.answer_seconds} s")
            if answer.message_id == number:
                return

    def close(self):
        if self._connection and self._connection.is_open:
            try:
                self._connection.close()
            except AMQPError:
                pass
