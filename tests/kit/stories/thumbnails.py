"""Makes thumbnails of pictures. One that crashes it again and again is put aside by the queue's delivery limit."""

from worker import Worker


class Thumbnails(Worker):
    name = "thumbnails"
    queue = "pictures"

    def __init__(self, url):
        super().__init__(url)
        self.made = []
        self.crashes = 0

    def declare(self, channel):
        channel.queue_declare("pictures.poison", durable=True)
        channel.queue_declare("pictures", durable=True, arguments=self.arguments())

    def arguments(self):
        return {
            "x-queue-type": "quorum",
            "x-delivery-limit": 3,
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": "pictures.poison",
        }

    def on_message(self, channel, method, properties, body):
        if body == b"bad":
            self.crashes += 1
            channel.basic_nack(method.delivery_tag, requeue=True)
            return
        self.made.append(body.decode())
        channel.basic_ack(method.delivery_tag)
