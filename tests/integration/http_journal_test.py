"""A broker's journal and its state over HTTP, as programs in other languages read them."""

import base64
import http.client
import json
import socket
import time
import unittest

from bystanders import BystandersTest
from programs import SANITIZED, TIMEOUT, Broker

AS_GUEST = {"Authorization": "Basic " + base64.b64encode(b"guest:guest").decode()}
FOLLOW = {**AS_GUEST, "Accept": "text/event-stream"}


def ask(broker, path, headers=AS_GUEST, method="GET"):
    """The status, the headers, and the body."""
    client = http.client.HTTPConnection("127.0.0.1", broker.port, timeout=TIMEOUT)
    try:
        client.request(method, path, headers=headers)
        response = client.getresponse()
        return response.status, response.headers, response.read().decode()
    finally:
        client.close()


def state_of(broker, query=""):
    status, _, body = ask(broker, "/state" + query)
    assert status == 200, body
    return json.loads(body)


def journal_of(broker, query=""):
    """The header line, and the events."""
    status, _, body = ask(broker, "/journal" + query)
    assert status == 200, body
    header, *events = [json.loads(line) for line in body.splitlines()]
    return header, events


def events_from(response):
    """Server-sent events as they come: their ids, names and data."""
    event = {}
    while True:
        line = response.readline().decode().rstrip("\n")
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            event[name] = value
        elif event:
            yield event
            event = {}


class HttpJournalTest(BystandersTest):

    options = ("--http", "--journal-bytes", "1MB", "--login-failures-max", "5")

    def follow(self, path, headers=()):
        client = http.client.HTTPConnection("127.0.0.1", self.broker.port, timeout=TIMEOUT)
        self.addCleanup(client.close)
        client.request("GET", path, headers={**FOLLOW, **dict(headers)})
        response = client.getresponse()
        self.assertEqual(response.status, 200)
        self.assertEqual(response.headers["Content-Type"], "text/event-stream")
        events = events_from(response)
        self.assertEqual(next(events)["event"], "journal")
        return events

    def test_what_a_client_does_can_be_read_afterwards_from_a_number_on(self):
        next_number = state_of(self.broker)["number"] + 1
        peer = self.connect("amqp")
        peer.call("queue.declare", queue="orders")
        peer.send("basic.publish", b"an order", routing_key="orders")
        peer.call("queue.delete", queue="orders")
        header, events = journal_of(self.broker, f"?from={next_number}")
        self.assertEqual((header["journal"], header["next"]), (1, next_number))
        self.assertEqual([event["number"] for event in events], list(range(next_number, next_number + len(events))))
        kinds = [event["kind"] for event in events]
        story = ["connection.opened", "connection.authenticated", "channel.opened", "queue.declared",
                 "message.published", "message.routed", "message.enqueued", "queue.deleted", "message.dropped"]
        self.assertEqual([kind for kind in kinds if kind in story], story)
        _, topology = journal_of(self.broker, f"?from={next_number}&categories=topology")
        self.assertEqual([event["kind"] for event in topology], ["queue.declared", "queue.deleted"])

    def test_every_line_is_of_a_kind_that_the_schema_has(self):
        schema = json.loads(ask(self.broker, "/journal/schema")[2])
        kinds = {kind["kind"] for kind in schema["kinds"]}
        _, events = journal_of(self.broker)
        self.assertTrue(events)
        self.assertLessEqual({event["kind"] for event in events}, kinds)

    def test_the_state_shows_what_is_there(self):
        peer = self.connect("json")
        peer.call("queue.declare", queue="shown", exclusive=True)
        for _ in range(5):
            peer.send("basic.publish", b"x", routing_key="shown")
        self.assertEqual(peer.call("queue.declare", queue="shown", passive=True)["message_count"], 5)
        state = state_of(self.broker, "?messages=3")
        queue = next(queue for queue in state["vhosts"][0]["queues"] if queue["name"] == "shown")
        self.assertEqual((queue["ready_count"], len(queue["ready"])), (5, 3))
        self.assertIn(queue["exclusive_to"], [connection["connection"] for connection in state["connections"]])
        bystanders = [queue["consumers"] for queue in state["vhosts"][0]["queues"] if queue["consumers"]]
        self.assertEqual(len(bystanders), 2)

    def test_a_follower_hears_what_happens_and_goes_on_where_it_left_off(self):
        events = self.follow(f"/journal?from={state_of(self.broker)['number'] + 1}&categories=topology")
        peer = self.connect("amqp")
        peer.call("queue.declare", queue="first", exclusive=True)
        first = next(events)
        self.assertEqual(json.loads(first["data"])["queue"], "first")
        self.assertEqual(json.loads(first["data"])["number"], int(first["id"]))
        peer.call("queue.declare", queue="second", exclusive=True)
        second = next(events)
        again = self.follow("/journal?from=1&categories=topology", {"Last-Event-ID": first["id"]})
        self.assertEqual(next(again), second)
        peer.call("queue.declare", queue="third", exclusive=True)
        self.assertEqual(next(again), next(events))

    def test_a_follower_that_never_reads_takes_bounded_memory_and_hears_of_its_gap(self):
        deaf = socket.create_connection(("127.0.0.1", self.broker.port), TIMEOUT)
        self.addCleanup(deaf.close)
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        lines = "".join(f"{name}: {value}\r\n" for name, value in FOLLOW.items())
        deaf.sendall(f"GET /journal?categories=messages HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode())
        peer = self.connect("amqp")
        peer.call("queue.declare", queue="many", exclusive=True)
        before = self.broker.resident_bytes()
        for _ in range(20):
            for _ in range(1000):
                peer.send("basic.publish", b"x" * 500, routing_key="many")
            peer.call("queue.purge", queue="many")
        if not SANITIZED:
            self.assertLess(self.broker.resident_bytes() - before, 20_000_000)
        with deaf.makefile("rb") as stream:
            deadline = time.monotonic() + TIMEOUT
            while b'"kind":"gap"' not in (line := stream.readline()):
                self.assertTrue(line, "the broker has ended the connection")
                self.assertLess(time.monotonic(), deadline)
        _, events = journal_of(self.broker, "?from=1")
        self.assertEqual((events[0]["kind"], events[0]["from"]), ("gap", 1))
        self.assertEqual(events[1]["number"], events[0]["to"] + 1)

    def test_bad_queries_are_refused_with_a_sentence(self):
        for path in ("/journal?from=0", "/journal?from=x", "/journal?follow=1", "/journal?categories=queues",
                     "/journal?unknown=1", "/journal/schema?x=1", "/state?messages=-1", "/state?messages=20001",
                     "/state?vhost=a"):
            with self.subTest(path):
                status, _, body = ask(self.broker, path)
                self.assertEqual(status, 400)
                self.assertTrue(json.loads(body)["reason"])
        self.assertEqual(ask(self.broker, "/journal", {**FOLLOW, "Last-Event-ID": "x"})[0], 400)
        self.assertEqual(ask(self.broker, "/state", method="DELETE")[0], 405)

    def test_who_may_ask(self):
        for path in ("/journal", "/journal/schema", "/state", "/journal?follow=true"):
            with self.subTest(path):
                status, headers, _ = ask(self.broker, path, {})
                self.assertEqual((status, headers["WWW-Authenticate"]), (401, 'Basic realm="PocketMQ"'))
                for other_site in ({"Host": "evil.example"}, {"Origin": "http://evil.example"},
                                   {"Sec-Fetch-Site": "cross-site"}):
                    self.assertEqual(ask(self.broker, path, {**AS_GUEST, **other_site})[0], 403)
        for path in ("/journal", "/journal/schema", "/state"):
            status, _, body = ask(self.broker, path, method="HEAD")
            self.assertEqual((status, body), (200, ""))


class SettingsTest(unittest.TestCase):

    def test_the_journal_can_be_turned_off(self):
        broker = Broker(self.addCleanup, "--http", "--journal-bytes", "0")
        status, _, body = ask(broker, "/journal")
        self.assertEqual(status, 404)
        self.assertIn("--journal-bytes", json.loads(body)["reason"])
        self.assertEqual(len(state_of(broker)["vhosts"][0]["exchanges"]), 7)

    def test_who_guesses_passwords_is_slowed_down(self):
        broker = Broker(self.addCleanup, "--http", "--login-failures-max", "3")
        wrong = {"Authorization": "Basic " + base64.b64encode(b"guest:wrong").decode()}
        self.assertEqual([ask(broker, "/state", wrong)[0] for _ in range(4)], [401, 401, 401, 429])
        status, headers, _ = ask(broker, "/state")
        self.assertEqual((status, headers["Retry-After"]), (429, "10"))


if __name__ == "__main__":
    unittest.main()
