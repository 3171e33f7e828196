"""Publishes measurements. While the broker blocks its publishers, only the newest measurement is kept."""

import pika


class Sensor:
    def __init__(self, url):
        parameters = pika.URLParameters(url)
        parameters.client_properties = {"connection_name": "sensor"}
        self._connection = pika.BlockingConnection(parameters)
        self._channel = self._connection.channel()
        self._channel.queue_declare("measurements")
        self._unsent = None
        self.is_blocked = False
        self.listen()

    def listen(self):
        self._connection.add_on_connection_blocked_callback(lambda *_: self._set_blocked(True))
        self._connection.add_on_connection_unblocked_callback(lambda *_: self._set_blocked(False))

    def measured(self, value):
        self._unsent = value
        self.serve()

    def serve(self, seconds=0):
        """Reads what the broker says, for so long, and sends what may be sent."""
        self._connection.process_data_events(seconds)
        if self._unsent is not None and not self.is_blocked:
            self._channel.basic_publish("", "measurements", str(self._unsent).encode())
            self._unsent = None

    def _set_blocked(self, is_blocked):
        self.is_blocked = is_blocked

    def close(self):
        self._connection.close()
