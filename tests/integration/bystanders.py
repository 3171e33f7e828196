"""What a test may do to a broker only if nobody else on it notices."""

import unittest

import peers
from programs import Broker


class BystandersTest(unittest.TestCase):
    """One broker for all tests of a class, and on it a bystander on each encoding, who must notice nothing of them."""

    options = ()  # the broker's

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(cls.addClassCleanup, *cls.options)
        cls.bystanders = []
        for encoding in peers.ENCODINGS:
            bystander = peers.connect(cls.addClassCleanup, cls.broker, encoding)
            bystander.queue = bystander.call("queue.declare", exclusive=True)["queue"]
            bystander.call("basic.consume", queue=bystander.queue, no_ack=True)
            cls.bystanders.append(bystander)

    def tearDown(self):
        self.everybody_else_goes_on()

    def everybody_else_goes_on(self):
        self.connect("amqp").close()
        for bystander in self.bystanders:
            bystander.send("basic.publish", b"still there", routing_key=bystander.queue)
            self.assertEqual(bystander.expect("basic.deliver").body, b"still there")

    def connect(self, encoding):
        return peers.connect(self.addCleanup, self.broker, encoding)
