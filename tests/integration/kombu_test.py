"""kombu: what Celery and many a Python program use instead of a client of their own."""

import socket
import unittest

import kombu
import kombu.pools

from programs import TIMEOUT, broker_for_clients


class KombuTest(unittest.TestCase):

    def setUp(self):
        self.url = broker_for_clients(self.addCleanup).amqp_url
        self.addCleanup(kombu.pools.reset)
        self.connection = self.connect()

    def connect(self):
        connection = kombu.Connection(self.url, transport_options={"confirm_publish": True})
        connection.connect()
        self.addCleanup(connection.release)
        return connection

    def queue(self, name, **options):
        """Declared, and gone after the test."""
        queue = kombu.Queue(name, channel=self.connection.channel(), **options)
        queue.declare()
        self.addCleanup(lambda: self.connect().channel().queue_delete(name))
        return queue

    def publish(self, body, **options):
        with kombu.pools.producers[self.connection].acquire(block=True, timeout=TIMEOUT) as producer:
            producer.publish(body, **options)

    def receive(self, queue, count):
        """That many bodies, each acked."""
        bodies = []

        def receive(body, message):
            bodies.append(body)
            message.ack()

        with kombu.Consumer(self.connection, [queue], callbacks=[receive], accept=["json", "pickle", "text/plain"]):
            while len(bodies) < count:
                self.connection.drain_events(timeout=TIMEOUT)
        return bodies

    def test_a_simple_queue_is_a_queue(self):
        self.queue("kombu-simple")
        with self.connection.SimpleQueue("kombu-simple") as simple:
            for body in ({"hello": "world"}, [1, 2, 3], "text"):
                simple.put(body)
            for body in ({"hello": "world"}, [1, 2, 3], "text"):
                message = simple.get(timeout=TIMEOUT)
                self.assertEqual(message.payload, body)
                message.ack()
            with self.assertRaises(simple.Empty):
                simple.get(block=False)

    def test_exchanges_of_all_types_are_declared_and_route(self):
        for kind, key, hit, miss in (
                ("direct", "k", {"routing_key": "k"}, {"routing_key": "l"}),
                ("topic", "a.*", {"routing_key": "a.b"}, {"routing_key": "a.b.c"}),
                ("fanout", "", {"routing_key": "any"}, None),
        ):
            with self.subTest(kind):
                exchange = kombu.Exchange(f"kombu-{kind}", kind, auto_delete=True)
                queue = self.queue(f"kombu-of-{kind}", exchange=exchange, routing_key=key)
                if miss is not None:
                    self.publish("missed", exchange=exchange, **miss)
                self.publish("hit", exchange=exchange, **hit)
                self.assertEqual(self.receive(queue, 1), ["hit"])
        exchange = kombu.Exchange("kombu-headers", "headers", auto_delete=True)
        queue = self.queue("kombu-of-headers", exchange=exchange,
                           bindings=[kombu.binding(exchange, arguments={"x-match": "all", "a": "1", "b": "2"})])
        self.publish("missed", exchange=exchange, headers={"a": "1"})
        self.publish("hit", exchange=exchange, headers={"a": "1", "b": "2"})
        self.assertEqual(self.receive(queue, 1), ["hit"])

    def test_payloads_are_serialised_and_compressed(self):
        queue = self.queue("kombu-payload")
        for options in ({"serializer": "json"}, {"serializer": "pickle"}, {"compression": "zlib"},
                        {"compression": "bzip2", "serializer": "pickle"}):
            with self.subTest(options):
                body = {"n": list(range(20_000))}
                self.publish(body, routing_key=queue.name, **options)
                self.assertEqual(self.receive(queue, 1), [body])

    def test_a_requeued_message_comes_again_and_a_rejected_one_does_not(self):
        queue, seen = self.queue("kombu-requeue"), []

        def receive(body, message):
            seen.append((body, message.delivery_info["redelivered"]))
            message.requeue() if len(seen) == 1 else message.reject()

        self.publish("once", routing_key=queue.name)
        with kombu.Consumer(self.connection, [queue], callbacks=[receive]):
            while len(seen) < 2:
                self.connection.drain_events(timeout=TIMEOUT)
        self.assertEqual(seen, [("once", False), ("once", True)])
        self.assertEqual(queue.purge(), 0)

    def test_prefetch_follows_rabbitmqs_rules(self):
        """kombu asks for a prefetch of each consumer only if the broker says that it is a RabbitMQ."""
        self.assertFalse(self.connection.transport.qos_semantics_matches_spec(self.connection.connection))
        queue, seen = self.queue("kombu-prefetch"), []
        for number in range(3):
            self.publish(number, routing_key=queue.name)
        consumer = kombu.Consumer(self.connection, [queue], on_message=seen.append)
        consumer.qos(prefetch_count=1)
        with consumer:
            for received in (1, 2, 3):
                while len(seen) < received:
                    self.connection.drain_events(timeout=TIMEOUT)
                with self.assertRaises(socket.timeout):
                    self.connection.drain_events(timeout=0.05)
                seen[-1].ack()
        self.assertEqual([message.decode() for message in seen], [0, 1, 2])

    def test_messages_expire_into_another_queue(self):
        dead = self.queue("kombu-dead")
        expiring = self.queue("kombu-expiring", message_ttl=0.001, queue_arguments={
            "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead.name})
        self.publish("late", routing_key=expiring.name)
        self.assertEqual(self.receive(dead, 1), ["late"])

    def test_a_queue_of_bounded_length_with_priorities(self):
        queue = self.queue("kombu-bounded", max_length=2, max_priority=9)
        for priority in (3, 5, 7):
            self.publish(priority, routing_key=queue.name, priority=priority)
        self.assertEqual(self.receive(queue, 2), [5, 3])  # the head, which is dropped, is the most urgent

    def test_an_unroutable_message_is_returned(self):
        returned = []
        producer = self.connection.Producer(on_return=lambda *arguments: returned.append(arguments))
        producer.publish("lost", routing_key="kombu-nowhere", mandatory=True)
        (error, _, routing_key, message), = returned
        self.assertEqual((error.reply_code, routing_key, message.body), (312, "kombu-nowhere", "lost"))

    def test_a_lost_connection_is_made_again(self):
        queue = self.queue("kombu-revived")
        self.connection.connection.sock.shutdown(socket.SHUT_RDWR)
        producer = self.connection.Producer()
        publish = self.connection.ensure(producer, producer.publish, max_retries=3, interval_start=0)
        publish("after all", routing_key=queue.name)
        self.assertEqual(self.receive(queue, 1), ["after all"])


if __name__ == "__main__":
    unittest.main()
