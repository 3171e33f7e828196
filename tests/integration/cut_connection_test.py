"""Connections that end, or turn into nonsense, in the middle of something."""

import random
import socket
import unittest

import peers
from bystanders import BystandersTest
from peers import AMQP_HEADER, FRAME_MAX


class CutConnectionTest(BystandersTest):

    def conversation(self, encoding, queue):
        """A handshake, a queue of its own, a message to it and another's half: all that one client sends."""
        encode = peers.PEERS[encoding].encode
        commands = [encode("queue.declare", queue=queue, exclusive=True), encode("basic.consume", queue=queue),
                    encode("basic.publish", b"whole", {"reply_to": queue}, routing_key=queue),
                    encode("basic.publish", 100 * b"half ", {"correlation_id": "1"}, routing_key=queue)]
        if encoding == "json":
            return b"".join([encode("connection.open"), *commands])
        handshake = [AMQP_HEADER,
                     encode("connection.start-ok", client_properties={}, response="\0guest\0guest"),
                     encode("connection.tune-ok", channel_max=0, frame_max=FRAME_MAX, heartbeat=0),
                     encode("connection.open"), encode("channel.open")]
        return b"".join(handshake + commands)

    def open_files(self):
        self.everybody_else_goes_on()  # so that the broker has seen what came before
        return self.broker.open_files()

    def test_a_client_may_vanish_anywhere(self):
        before = self.open_files()
        for encoding in peers.ENCODINGS:
            octets = self.conversation(encoding, "cut")
            for end in range(len(octets)):
                peer = peers.PEERS[encoding](self.addCleanup, self.broker)
                peer.send_bytes(octets[:end])
                self.end_after_reading(peer)
        self.assertEqual(self.open_files(), before)

        witness = self.connect("json")
        witness.send("queue.declare", queue="cut", passive=True)
        witness.expect("channel.close", reply_code=404)

    def test_a_client_may_send_anything(self):
        before = self.open_files()
        seed = random.randrange(2**32)
        chance = random.Random(seed)
        with self.subTest(seed=seed):
            for _ in range(1000):
                encoding = chance.choice(peers.ENCODINGS)
                octets = bytearray(self.conversation(encoding, "garbled"))  # its queue may end up as anybody's
                for _ in range(chance.randint(1, 5)):
                    at = chance.randrange(8 if encoding == "amqp" else 4, len(octets))
                    octets[at:at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
                garbage = chance.choice([octets, octets, octets[:8] + chance.randbytes(200), chance.randbytes(200)])
                peer = peers.PEERS[encoding](self.addCleanup, self.broker)
                peer.send_bytes(garbage)
                self.end_after_reading(peer)
            self.assertEqual(self.open_files(), before)

    def end_after_reading(self, peer):
        """Sends no more, and waits until the broker has ended the connection as well."""
        try:
            peer.socket.shutdown(socket.SHUT_WR)
            while peer.stream.read1():
                pass
        except OSError:
            pass  # a reset, since not all of it was read
        peer.vanish()


del BystandersTest  # a base only

if __name__ == "__main__":
    unittest.main()
