"""Who does not read costs the broker little and nobody else anything; who writes before he reads is not dead-locked."""

import concurrent.futures
import sys
import threading
import unittest

import peers
from programs import SANITIZED, TIMEOUT, Broker

KIB, MIB = 1024, 1024 * 1024
DEAF = 64 * KIB  # receive buffer of who does not read, so that the kernel takes little of it

MEMORY_MAX = 64 * MIB


class BackPressureTest(unittest.TestCase):

    def in_both_encodings(self, story):
        """story(broker, connect) on a broker of its own."""
        for encoding in peers.ENCODINGS:
            with self.subTest(encoding=encoding):
                broker = Broker(self.addCleanup)
                story(broker, lambda **options: peers.connect(self.addCleanup, broker, encoding, **options))
            self.doCleanups()

    def assert_grown_little(self, broker, before):
        if SANITIZED:
            print("memory is NOT checked: this broker is built with AddressSanitizer", file=sys.stderr)
            return
        self.assertLess(broker.resident_bytes() - before, MEMORY_MAX)

    # ---- deliveries

    def test_a_consumer_that_never_reads_gets_little_and_the_queue_keeps_the_rest(self):
        message, consumer_count, rounds = bytes(64 * KIB), 4, 16
        per_round = 16 * MIB // len(message)
        # Its output up to the mark, one message above it, and what the kernel takes for it.
        taken_max = consumer_count * (1 * MIB + 8 * MIB)

        def story(broker, connect):
            consumers = [connect(receive_buffer=DEAF) for _ in range(consumer_count)]
            consumers[0].call("queue.declare", queue="q")
            for consumer in consumers:
                consumer.call("basic.consume", queue="q", no_ack=True)
            publisher = connect()
            before = broker.resident_bytes()
            kept = 0
            for _ in range(rounds):
                for _ in range(per_round):
                    publisher.send("basic.publish", message, routing_key="q")
                kept += publisher.call("queue.purge", queue="q")["message_count"]
            self.assertGreater(kept * len(message), rounds * 16 * MIB - taken_max)
            self.assert_grown_little(broker, before)

            reader, *others = consumers
            for other in others:
                other.vanish()
            publisher.send("basic.publish", b"the last", routing_key="q")
            for _ in range(rounds * per_round):
                if reader.expect("basic.deliver").body == b"the last":
                    return
            self.fail("it reads again, but is not delivered to")

        self.in_both_encodings(story)

    # ---- answers

    def flood(self, peer, request, bystander):
        """Sends requests until the broker does not read them any more. Returns how many are under way in whole, and
        the rest of the one that is not."""
        chunk = memoryview(request * (256 * KIB // len(request) + 1))
        most = 256 * MIB
        sent = turns_without_room = 0
        peer.socket.setblocking(False)
        while turns_without_room < 50:  # the broker has had its turns, and has not read
            try:
                sent += peer.socket.send(chunk[sent % len(chunk):])
                turns_without_room = 0
            except BlockingIOError:
                bystander.call("queue.declare", queue="bystander")
                turns_without_room += 1
            self.assertLess(sent, most, "the broker goes on reading from who does not read")
        peer.socket.settimeout(TIMEOUT)
        whole, begun = divmod(sent, len(request))
        return whole, request[begun:] if begun else b""

    def held_until_it_reads(self, broker, connect, request, answer):
        bystander, deaf = connect(), connect(receive_buffer=DEAF)
        bystander.call("queue.declare", queue="bystander")
        before = broker.resident_bytes()
        whole, rest = self.flood(deaf, request(deaf), bystander)
        self.assert_grown_little(broker, before)

        for _ in range(whole):
            deaf.expect(answer)
        if rest:
            deaf.send_bytes(rest)
            deaf.expect(answer)
        deaf.call("queue.declare")
        deaf.close()

    def test_who_declares_and_never_reads_the_answers_is_not_read_from(self):
        def story(broker, connect):
            self.held_until_it_reads(broker, connect, lambda peer: peer.encode("queue.declare", queue=255 * "q"),
                                     "queue.declare-ok")

        self.in_both_encodings(story)

    def test_who_publishes_unroutable_messages_and_never_reads_the_returns_is_not_read_from(self):
        def story(broker, connect):
            self.held_until_it_reads(broker, connect, lambda peer: peer.encode(
                "basic.publish", bytes(64 * KIB), routing_key="nowhere", mandatory=True), "basic.return")

        self.in_both_encodings(story)

    def test_who_gets_and_never_reads_leaves_the_messages_in_the_queue(self):
        message, count = bytes(64 * KIB), 1000
        taken_max = 32 * MIB // len(message)  # up to the mark, and what the kernel takes

        def story(broker, connect):
            publisher = connect()
            publisher.call("queue.declare", queue="q")
            for _ in range(count):
                publisher.send("basic.publish", message, routing_key="q")
            self.assertEqual(publisher.call("queue.declare", queue="q", passive=True)["message_count"], count)
            deaf = connect(receive_buffer=DEAF)
            deaf.send_bytes(count * deaf.encode("basic.get", queue="q", no_ack=True))
            for _ in range(50):  # turns in which the broker could answer
                left = publisher.call("queue.declare", queue="q", passive=True)["message_count"]
            self.assertGreater(left, count - taken_max)

            for got in range(count):
                left = deaf.expect("basic.get-ok").fields["message_count"]
                self.assertEqual(left, count - 1 - got)
            deaf.close()

        self.in_both_encodings(story)

    # ---- no dead-lock

    def test_a_server_that_writes_large_replies_before_it_reads_finishes(self):
        """Its requests are many more bytes than the broker sends ahead, and than it would let answers wait."""
        request, reply, count = bytes(16 * KIB), bytes(1 * MIB), 1000
        replies_ahead = threading.Semaphore(32)  # so that the broker need not hold all of them

        def receive_replies(client):
            for _ in range(count):
                delivery = client.expect("basic.deliver")
                if len(delivery.body) != len(reply):
                    raise AssertionError(f"{len(delivery.body)} bytes came")
                replies_ahead.release()

        def story(broker, connect):
            client, server = connect(), connect(receive_buffer=DEAF)
            callback_queue = client.call("queue.declare", exclusive=True)["queue"]
            client.call("basic.consume", queue=callback_queue, no_ack=True)
            client.call("queue.declare", queue="work")
            for number in range(count):
                client.send("basic.publish", request, {"reply_to": callback_queue, "correlation_id": str(number)},
                            routing_key="work")
            waiting = client.call("queue.declare", queue="work", passive=True)["message_count"]
            self.assertEqual(waiting, count)

            server.call("basic.consume", queue="work")
            with concurrent.futures.ThreadPoolExecutor() as threads:
                replies = threads.submit(receive_replies, client)
                for number in range(count):
                    delivery = server.expect("basic.deliver")
                    self.assertEqual(delivery.properties["correlation_id"], str(number))
                    self.assertTrue(replies_ahead.acquire(timeout=TIMEOUT), "the replies do not arrive")
                    server.send("basic.publish", reply, {"correlation_id": str(number)},
                                routing_key=delivery.properties["reply_to"])
                    server.send("basic.ack", delivery_tag=delivery.fields["delivery_tag"])
                replies.result()
            server.close()
            left = client.call("queue.declare", queue="work", passive=True)
            self.assertEqual((left["message_count"], left["consumer_count"]), (0, 0))

        self.in_both_encodings(story)


if __name__ == "__main__":
    unittest.main()
