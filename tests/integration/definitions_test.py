"""pocketmq-broker loads data/definitions.json, as rabbitmqctl export_definitions of a RabbitMQ 3.10.8 wrote it but for
its cluster's name, and pika clients meet what it describes. Passwords are the user's name and "-secret"."""

import tempfile
import unittest
from pathlib import Path

import pika
from pika.exceptions import ChannelClosedByBroker, NackError, ProbableAccessDeniedError, ProbableAuthenticationError

from programs import BIN, HERE, TIMEOUT, Broker, Program

DEFINITIONS = HERE / "data/definitions.json"
PERSISTENT = pika.BasicProperties(delivery_mode=2)


def connect(cleanup, broker, user, virtual_host="shop", password=None):
    credentials = pika.PlainCredentials(user, password or f"{user}-secret")
    connection = pika.BlockingConnection(
        pika.ConnectionParameters(broker.host, broker.port, virtual_host, credentials))
    cleanup(lambda: connection.is_open and connection.close())
    return connection


def take(channel, queue):
    """The body of the queue's next message, which may be on its way."""
    for method, _, body in channel.consume(queue, inactivity_timeout=TIMEOUT):
        if method:
            channel.basic_ack(method.delivery_tag)
        channel.cancel()
        return body


class DefinitionsTest(unittest.TestCase):

    def setUp(self):
        self.broker = Broker(self.addCleanup, "--definitions", DEFINITIONS, warns=True)
        self.orders = self.channel("orders")

    def channel(self, user, *arguments):
        return connect(self.addCleanup, self.broker, user, *arguments).channel()

    def assert_closed(self, code, text, method, **arguments):
        with self.assertRaises(ChannelClosedByBroker) as closed:
            method(**arguments)
        self.assertEqual(closed.exception.reply_code, code)
        self.assertIn(text, closed.exception.reply_text)

    def test_users_log_in_with_their_passwords_where_they_have_permissions(self):
        self.channel("watcher")
        self.channel("guest", "/", "guest")
        with self.assertRaises(ProbableAuthenticationError):
            self.channel("orders", "shop", "guest")
        with self.assertRaises(ProbableAccessDeniedError):
            self.channel("orders", "/")

    def test_permissions_hold(self):
        self.orders.queue_declare("orders.mine")
        self.assert_closed(403, "access to queue 'mine' in vhost 'shop' refused for user 'orders'",
                           self.orders.queue_declare, queue="mine")
        watcher = self.channel("watcher")
        watcher.basic_get("audit")
        self.assert_closed(403, "access to queue 'audit'", watcher.queue_delete, queue="audit")
        watcher = self.channel("watcher")
        watcher.basic_publish("", "audit", b"", PERSISTENT)
        self.assert_closed(403, "access to exchange 'amq.default'", watcher.basic_get, queue="audit")

    def test_an_impersonator_publishes_for_others(self):
        relay = self.channel("relay")
        relay.basic_publish("", "audit", b"for orders", pika.BasicProperties(user_id="orders"))
        self.assertEqual(take(relay, "audit"), b"for orders")

    def test_queues_are_there_as_they_were(self):
        guest = self.channel("guest", "shop", "guest")
        guest.queue_declare("audit", durable=True, arguments={"x-queue-mode": "lazy"})
        guest.queue_declare("amq.gen-eD2Yz2D9kMH3VtNx6dtMog", passive=True)
        self.orders.queue_declare("orders.quorum", durable=True,
                                  arguments={"x-queue-type": "quorum", "x-delivery-limit": 3})
        self.orders.queue_declare("orders.urgent", durable=True, arguments={"x-max-priority": 5})
        self.assert_closed(406, "x-max-priority", self.orders.queue_declare, queue="orders.urgent", durable=True)

    def test_exchanges_are_there_as_they_were(self):
        self.orders.exchange_declare("orders.passing", "direct", auto_delete=True)
        self.orders.exchange_declare("orders.headers", "headers", durable=True)
        self.assert_closed(406, "type", self.orders.exchange_declare, exchange="orders.direct", exchange_type="topic",
                           durable=True)

    def test_bindings_lead_where_they_led(self):
        self.orders.basic_publish("orders.direct", "new", b"direct")
        self.assertEqual(take(self.orders, "orders.new"), b"direct")
        self.orders.basic_publish("orders.events", "eu.books.new", b"topic")
        self.assertEqual(take(self.orders, "orders.new"), b"topic")
        self.assertEqual(take(self.channel("watcher"), "audit"), b"topic", "through a second exchange")
        headers = {"priority": "high", "level": 7, "flag": True}
        for level, body in ((6, b"not this"), (7, b"this")):
            self.orders.basic_publish("orders.headers", "", body,
                                      pika.BasicProperties(headers={**headers, "level": level}))
        self.assertEqual(take(self.orders, "orders.urgent"), b"this")

    def test_arguments_act(self):
        self.orders.basic_publish("orders.strict", "nowhere", b"stray")
        self.assertEqual(take(self.orders, "orders.lost"), b"stray")
        self.orders.basic_publish("", "orders.retry", b"again, in a moment")
        self.assertEqual(take(self.orders, "orders.new"), b"again, in a moment")

    def test_policies_act(self):
        self.orders.basic_publish("", "orders.new", b"refused")
        method, _, _ = self.orders.basic_get("orders.new")
        self.orders.basic_reject(method.delivery_tag, requeue=False)
        self.assertEqual(take(self.orders, "orders.graveyard"), b"refused", "dead-letter-exchange")

        self.orders.confirm_delivery()
        for body in (b"1", b"2"):
            self.orders.basic_publish("", "orders.bounded", body)
        with self.assertRaises(NackError):
            self.orders.basic_publish("", "orders.bounded", b"3")

    def test_a_policy_gives_an_exchange_its_alternate(self):
        self.channel("guest", "shop", "guest").basic_publish("orders.events", "us.books", b"stray")
        self.assertEqual(take(self.orders, "orders.lost"), b"stray")

    def test_what_there_is_not_is_named(self):
        self.orders.connection.close()
        self.assertEqual(self.broker.stop(), 0)
        warnings = self.broker.err.all()
        for wants in (
                r"users\[3\]\.limits: ",
                r"vhosts\[0\]\.limits: ",
                r"topic_permissions\[0\]: .*'orders'.*'orders\.events'",
                r"parameters\[0\]: .*'cap'.*'operator_policy'",
                r"parameters\[1\]: .*'limits'.*'vhost-limits'",
                r"policies\[2\]: .*'ha-mode'.*'mirrored'",
                r"queues\[7\]: .*'orders\.log'.*streams",
                r"bindings\[4\]: .*'orders\.excl'",
                r"bindings\[7\]: .*'orders\.internal'",
                r"bindings\[10\]: .*'orders\.internal'",
        ):
            self.assertRegex(warnings.pop(0), rf"^\S+Z warning broker  .*definitions\.json: {wants}")
        self.assertEqual(warnings, [])


class FlagsTest(unittest.TestCase):

    def test_a_user_of_the_flag_may_do_everything_everywhere(self):
        broker = Broker(self.addCleanup, "--definitions", DEFINITIONS, "--vhost", "lab", "--user", "ci:a:b", warns=True)
        for virtual_host in ("/", "shop", "lab"):
            connect(self.addCleanup, broker, "ci", virtual_host, "a:b").channel().queue_declare("q")

    def test_a_user_of_the_definitions_may_be_given_a_password_and_keeps_its_permissions(self):
        broker = Broker(self.addCleanup, "--definitions", DEFINITIONS, "--user", "orders:known", warns=True)
        channel = connect(self.addCleanup, broker, "orders", "shop", "known").channel()
        channel.queue_declare("orders.mine")
        with self.assertRaises(ChannelClosedByBroker):
            channel.queue_declare("mine")

    def test_guest_has_the_virtual_hosts_of_the_flag(self):
        broker = Broker(self.addCleanup, "--vhost", "lab", "--vhost", "shop")
        for virtual_host in ("/", "shop", "lab"):
            connect(self.addCleanup, broker, "guest", virtual_host, "guest").channel().queue_declare("q")


class ErrorsTest(unittest.TestCase):

    def test_definitions_that_cannot_be_loaded_are_a_one_line_error_before_the_port_opens(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "broken.json"
            for text, wants in {
                    '{\n "users": [,]\n}': "parse error at line 2, column 12",
                    '{"users": [{"name": 7}]}': r"users\[0\]\.name: wants a string, got the integer 7",
                    "": r"is empty; name a file that RabbitMQ exported",
                    " \n": r"is empty; ",
                    '{"users": [], "users": []}': "key 'users' appears twice in one object",
                    '{"queues": [{"name": "q", "vhost": "none", "durable": true}]}':
                        r"queues\[0\]\.vhost: there is no virtual host 'none'",
            }.items():
                with self.subTest(text):
                    file.write_text(text)
                    self.refuses(file, f"{file}:? {wants}")

    def test_a_file_that_cannot_be_read_is_a_one_line_error(self):
        self.refuses(HERE / "missing.json", "cannot read .*missing.json")
        self.refuses(HERE, "cannot read")

    def refuses(self, file, wants):
        broker = Program(self.addCleanup, BIN / "pocketmq-broker", "--port", 0, "--definitions", file)
        code, out, errors = broker.wait(), broker.out.all(), broker.err.all()
        self.assertEqual((code, out, len(errors)), (1, [], 1), errors)
        self.assertRegex(errors[0], f"^pocketmq-broker: {wants}")


if __name__ == "__main__":
    unittest.main()
