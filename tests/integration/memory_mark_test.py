"""A broker at its memory mark: pika's publishers are told that they are blocked and wait, and nothing is lost. What it
took it gives back."""

import threading
import time
import unittest

import pika

import peers
from programs import SANITIZED, TIMEOUT, Broker

BODY = bytes(16 * 1024)
COUNT = 600  # more than the mark has room for


class MemoryMarkTest(unittest.TestCase):

    def setUp(self):
        self.broker = Broker(self.addCleanup, "--memory-max", "4MB")

    def connect(self):
        return pika.BlockingConnection(pika.ConnectionParameters(self.broker.host, self.broker.port))

    def consume(self, received):
        consumer = self.connect()
        channel = consumer.channel()
        channel.basic_qos(prefetch_count=10)
        for delivery, _, body in channel.consume("q", inactivity_timeout=TIMEOUT):
            if delivery is None:
                break
            channel.basic_ack(delivery.delivery_tag)
            received.append(int(body.rstrip(b"\0")))
            if len(received) == COUNT:
                break
        consumer.close()

    def test_pika_is_told_that_it_is_blocked_and_unblocked_and_loses_nothing(self):
        publisher = self.connect()
        told = []
        publisher.add_on_connection_blocked_callback(lambda _, frame: told.append(frame.method.reason))
        publisher.add_on_connection_unblocked_callback(lambda _, __: told.append("unblocked"))
        channel = publisher.channel()
        channel.queue_declare("q")

        def publish(number):
            channel.basic_publish("", "q", str(number).encode() + BODY)
            publisher.process_data_events(0)

        published = 0
        while not told:
            self.assertLess(published, COUNT)
            publish(published)
            published += 1
        self.assertEqual(told, ["low on memory"])
        self.assertGreater(published, 200)

        received = []
        consumer = threading.Thread(target=self.consume, args=[received])
        consumer.start()
        while "unblocked" not in told:
            publisher.process_data_events(TIMEOUT)
        for number in range(published, COUNT):
            publish(number)
        consumer.join(2 * TIMEOUT)
        self.assertEqual(received, list(range(COUNT)))
        publisher.close()


class ReturnOfMemoryTest(unittest.TestCase):

    @unittest.skipIf(SANITIZED, "AddressSanitizer keeps what is freed")
    def test_when_all_connections_have_gone_the_broker_is_nearly_as_small_as_before(self):
        broker = Broker(self.addCleanup)
        peers.connect(self.addCleanup, broker, "json").close()
        before, connections, sent_bytes = broker.resident_bytes(), 800, 100_000

        def wait_until(resident_bytes_are_right):
            deadline = time.monotonic() + TIMEOUT
            while not resident_bytes_are_right(broker.resident_bytes()):
                self.assertLess(time.monotonic(), deadline, f"{before} bytes -> {broker.resident_bytes()}")
                time.sleep(0.01)

        crowd = []
        for _ in range(connections):
            crowd.append(peers.connect(self.addCleanup, broker, "json"))
            crowd[-1].call("connection.open")
            crowd[-1].send_bytes((2_000_000).to_bytes(4, "big") + b" " * sent_bytes)  # not all of a message
        wait_until(lambda now: now > before + connections * sent_bytes)
        for peer in crowd:
            peer.vanish()
        wait_until(lambda now: now < 1.2 * before)


if __name__ == "__main__":
    unittest.main()
