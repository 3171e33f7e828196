"""py-amqp, the client below kombu and Celery."""

import contextlib
import time
import unittest
import urllib.parse

import amqp

from programs import TIMEOUT, broker_for_clients


class PyAmqpTest(unittest.TestCase):

    def setUp(self):
        self.url = broker_for_clients(self.addCleanup).amqp_url
        self.connection = self.connect(confirm_publish=True)  # what is published is in its queue when the call returns
        self.channel = self.connection.channel()

    def connect(self, **options):
        user_and_password, _, rest = self.url.removeprefix("amqp://").partition("@")
        host, _, virtual_host = rest.partition("/")
        user, password = user_and_password.split(":")
        connection = amqp.Connection(host=host, userid=user, password=password,
                                     virtual_host=urllib.parse.unquote(virtual_host), read_timeout=TIMEOUT, **options)
        connection.connect()
        self.addCleanup(connection.close)
        return connection

    def queue(self, **options):
        """One that goes with the connection; its name."""
        return self.channel.queue_declare(exclusive=True, **options).queue

    def publish(self, body, queue, channel=None, **properties):
        (channel or self.channel).basic_publish(amqp.Message(body, **properties), routing_key=queue)

    def get(self, queue, channel=None):
        """The body of the first message, None without one."""
        message = (channel or self.channel).basic_get(queue, no_ack=True)
        return message and message.body

    def ready(self, queue):
        return self.channel.queue_declare(queue, passive=True).message_count

    # ---- messages

    def test_it_takes_the_broker_for_a_rabbitmq_and_finds_its_capabilities(self):
        properties = self.connection.server_properties
        self.assertEqual((properties["product"], properties["version"]), ("RabbitMQ", "3.10.8"))
        for capability in ("publisher_confirms", "exchange_exchange_bindings", "basic.nack", "consumer_cancel_notify",
                           "connection.blocked", "consumer_priorities", "authentication_failure_close",
                           "per_consumer_qos", "direct_reply_to"):
            self.assertIs(properties["capabilities"].get(capability), True, capability)

    def test_properties_and_headers_come_back_as_they_were(self):
        queue = self.queue()
        properties = {
            "content_type": "text/plain", "content_encoding": "utf-8", "delivery_mode": 2, "priority": 5,
            "correlation_id": "c", "reply_to": "r", "message_id": "m", "type": "t", "app_id": "a",
            "application_headers": {"text": "ü", "number": 7, "big": 2 ** 40, "real": 1.5, "yes": True, "none": None,
                                    "list": [1, "two", {"three": 3}], "table": {"deep": {"er": 1}}},
        }
        self.publish("body", queue, **properties)
        message = self.channel.basic_get(queue, no_ack=True)
        self.assertEqual(message.properties, properties)
        self.assertEqual((message.body, message.delivery_info["redelivered"]), ("body", False))

    def test_bodies_of_any_size_arrive_whole(self):
        queue = self.queue()
        for size in (0, 1, 131063, 131064, 131065, 3_000_000):
            with self.subTest(size):
                self.publish(bytes(size), queue)
                self.assertEqual(len(self.get(queue)), size)

    def test_a_prefetch_holds_messages_back_until_an_ack(self):
        queue, got = self.queue(), []
        self.channel.basic_qos(0, 2, False)
        for number in range(4):
            self.publish(str(number), queue)
        tag = self.channel.basic_consume(queue, callback=got.append)
        self.connection.drain_events(timeout=TIMEOUT)
        self.connection.drain_events(timeout=TIMEOUT)
        self.assertEqual(self.ready(queue), 2)
        got[0].channel.basic_ack(got[1].delivery_tag, multiple=True)
        while len(got) < 4:
            self.connection.drain_events(timeout=TIMEOUT)
        self.assertEqual([message.body for message in got], list("0123"))
        self.channel.basic_cancel(tag)

    def test_what_is_rejected_or_recovered_comes_again(self):
        queue, other = self.queue(), self.connection.channel()
        self.publish("again", queue)
        other.basic_reject(other.basic_get(queue).delivery_tag, requeue=True)
        second = other.basic_get(queue)
        self.assertTrue(second.delivery_info["redelivered"])
        other.basic_recover(requeue=True)
        third = other.basic_get(queue)
        self.assertEqual((third.body, third.delivery_info["redelivered"]), ("again", True))
        other.close()
        self.assertEqual(self.get(queue), "again")

    # ---- the publisher's side

    def test_a_confirm_comes_for_every_publish(self):
        queue = self.queue()
        for number in range(100):
            self.publish(str(number), queue)
        self.assertEqual(self.ready(queue), 100)

    def test_a_refused_publish_is_nacked(self):
        queue = self.queue(arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
        self.publish("accepted", queue)
        with self.assertRaises(amqp.exceptions.MessageNacked):
            self.publish("refused", queue)

    def test_an_unroutable_mandatory_message_comes_back_before_its_confirm(self):
        returned = []
        self.channel.events["basic_return"].add(lambda *arguments: returned.append(arguments))
        self.channel.basic_publish(amqp.Message("lost"), routing_key="nowhere", mandatory=True)
        (error, exchange, routing_key, message), = returned
        self.assertEqual((error.reply_code, exchange, routing_key, message.body), (312, "", "nowhere", "lost"))

    def test_a_transaction_takes_effect_as_a_whole_or_not_at_all(self):
        channel = self.connect().channel()
        queue = channel.queue_declare(exclusive=True).queue
        channel.tx_select()
        self.publish("dropped", queue, channel)
        channel.tx_rollback()
        self.publish("kept", queue, channel)
        self.assertIsNone(self.get(queue, channel))
        channel.tx_commit()
        self.assertEqual(self.get(queue, channel), "kept")

    # ---- exchanges and queues

    def test_exchanges_route_by_key_by_pattern_and_by_headers(self):
        for kind, bound, hits, misses in (
                ("direct", {"routing_key": "a"}, {"routing_key": "a"}, {"routing_key": "b"}),
                ("fanout", {}, {"routing_key": "anything"}, None),
                ("topic", {"routing_key": "a.*.#"}, {"routing_key": "a.b.c.d"}, {"routing_key": "a"}),
                ("headers", {"arguments": {"x-match": "any", "h": 1, "i": 2}}, {"headers": {"i": 2}},
                 {"headers": {"h": 2}}),
        ):
            with self.subTest(kind):
                exchange, queue = f"py-amqp-{kind}", self.queue()
                self.channel.exchange_declare(exchange, kind, auto_delete=True)
                self.channel.queue_bind(queue, exchange, **bound)
                for how, body in ((misses, "missed"), (hits, "hit")):
                    if how is not None:
                        message = amqp.Message(body, application_headers=how.get("headers", {}))
                        self.channel.basic_publish(message, exchange=exchange, routing_key=how.get("routing_key", ""))
                self.assertEqual((self.get(queue), self.get(queue)), ("hit", None))
                self.channel.queue_unbind(queue, exchange, **bound)  # and the exchange goes
                with self.assertRaises(amqp.exceptions.NotFound):
                    self.connection.channel().exchange_declare(exchange, kind, passive=True)

    def test_exchanges_are_bound_to_exchanges(self):
        queue = self.queue()
        for exchange in ("py-amqp-source", "py-amqp-target"):
            self.channel.exchange_declare(exchange, "fanout", auto_delete=False)
            self.addCleanup(lambda exchange=exchange: self.connect().channel().exchange_delete(exchange))
        self.channel.exchange_bind("py-amqp-target", "py-amqp-source")
        self.channel.queue_bind(queue, "py-amqp-target")
        self.channel.basic_publish(amqp.Message("through both"), exchange="py-amqp-source")
        self.assertEqual(self.get(queue), "through both")
        self.channel.exchange_unbind("py-amqp-target", "py-amqp-source")
        self.channel.basic_publish(amqp.Message("unbound"), exchange="py-amqp-source")
        self.assertIsNone(self.get(queue))

    def test_dead_letters_tell_their_story(self):
        dead, letters = self.queue(), []
        self.channel.basic_consume(dead, no_ack=True, callback=letters.append)
        arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
        queue, expiring = self.queue(arguments=arguments), self.queue(arguments=arguments | {"x-message-ttl": 1})
        self.publish("rejected", queue)
        self.channel.basic_reject(self.channel.basic_get(queue).delivery_tag, requeue=False)
        self.connection.drain_events(timeout=TIMEOUT)
        self.publish("expired", expiring)
        while len(letters) < 2:
            self.connection.drain_events(timeout=TIMEOUT)
        for letter, reason, died_in in zip(letters, ("rejected", "expired"), (queue, expiring)):
            death, = letter.headers["x-death"]
            self.assertEqual((letter.body, death["reason"], death["queue"], death["count"], death["routing-keys"]),
                             (reason, reason, died_in, 1, [died_in]))
            self.assertEqual(letter.headers["x-first-death-queue"], died_in)

    def test_a_queue_with_priorities_gives_the_most_urgent_first(self):
        queue = self.queue(arguments={"x-max-priority": 9})
        for priority in (1, 9, 5):
            self.publish(str(priority), queue, priority=priority)
        self.assertEqual([self.get(queue) for _ in range(3)], ["9", "5", "1"])

    def test_a_consumer_is_told_when_its_queue_is_deleted(self):
        queue, told = self.queue(), []
        self.channel.basic_consume(queue, consumer_tag="c", callback=print, on_cancel=told.append)
        self.connection.channel().queue_delete(queue)
        if not told:
            self.connection.drain_events(timeout=TIMEOUT)
        self.assertEqual(told, ["c"])

    # ---- refusals

    def test_each_refusal_is_its_exception_and_ends_its_channel_only(self):
        queue, stranger = self.queue(), self.connect()
        self.channel.queue_declare("py-amqp", auto_delete=True)
        self.addCleanup(self.channel.queue_delete, "py-amqp")
        errors = amqp.exceptions
        for exception, text, connection, breach in (
                (errors.NotFound, "no queue 'nowhere'", self.connection,
                 lambda c: c.queue_declare("nowhere", passive=True)),
                (errors.NotFound, "no exchange 'nowhere'", self.connection, lambda c: c.queue_bind(queue, "nowhere")),
                (errors.ResourceLocked, "exclusive", stranger, lambda c: c.queue_declare(queue, passive=True)),
                (errors.PreconditionFailed, "inequivalent arg 'durable'", self.connection,
                 lambda c: c.queue_declare("py-amqp", auto_delete=True, durable=True)),
                (errors.PreconditionFailed, "inequivalent arg 'type' for exchange 'amq.direct'", self.connection,
                 lambda c: c.exchange_declare("amq.direct", "fanout", durable=True, auto_delete=False)),
                (errors.PreconditionFailed, "unknown delivery tag 7", self.connection,
                 lambda c: (c.basic_ack(7), c.queue_declare(queue, passive=True))),
                (errors.AccessRefused, "reserved prefix 'amq", self.connection,
                 lambda c: c.queue_declare("amq.mine")),
        ):
            with self.subTest(text):
                with self.assertRaisesRegex(exception, text):
                    breach(connection.channel())
                self.assertEqual(self.ready(queue), 0)

    def test_a_wrong_password_is_refused_with_a_reason(self):
        self.url = self.url.replace("guest:guest@", "guest:wrong@")
        with self.assertRaisesRegex(amqp.exceptions.AccessRefused, "Login was refused"):
            self.connect()

    def test_heartbeats_are_exchanged(self):
        connection = self.connect(heartbeat=1)
        self.assertEqual(connection.heartbeat, 1)
        received, deadline = connection.bytes_recv, time.monotonic() + TIMEOUT
        while connection.bytes_recv == received:
            self.assertLess(time.monotonic(), deadline, "no heartbeat comes")
            connection.heartbeat_tick()
            with contextlib.suppress(TimeoutError):
                connection.drain_events(timeout=0.1)


if __name__ == "__main__":
    unittest.main()
