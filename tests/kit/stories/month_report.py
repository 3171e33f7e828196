"""Makes reports that take long. A broker takes a delivery back that is not acked within 30 minutes: then the report is
made when it is delivered again, or was made already."""

from worker import Worker


class ReportMaker(Worker):
    name = "reports"
    queue = "reports"

    def __init__(self, url, make):
        super().__init__(url)
        self._make = make
        self.made = []

    def on_message(self, channel, method, properties, body):
        month = body.decode()
        if month not in self.made:
            self._make(month)
            self.made.append(month)
        channel.basic_ack(method.delivery_tag)
