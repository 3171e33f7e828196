"""Charges a customer once for each invoice, however often the invoice is delivered."""

from worker import Worker


class Billing(Worker):
    name = "billing"
    queue = "invoices"

    def __init__(self, url):
        super().__init__(url)
        self._done = set()
        self.charged = []

    def on_message(self, channel, method, properties, body):
        if not self.is_done(properties.message_id):
            self.charged.append(body.decode())
        channel.basic_ack(method.delivery_tag)

    def is_done(self, invoice):
        if invoice in self._done:
            return True
        self._done.add(invoice)
        return False
