"""Debian's amqp-tools: the command line programs of librabbitmq, the C client."""

import time
import unittest

import pika

from programs import TIMEOUT, Program, broker_for_clients


class AmqpToolsTest(unittest.TestCase):

    def setUp(self):
        self.url = broker_for_clients(self.addCleanup).amqp_url

    def tool(self, name, *arguments, body=None):
        """Runs one to its end: exit code, output, errors."""
        program = Program(self.addCleanup, f"amqp-{name}", f"--url={self.url}", *arguments)
        if body is not None:
            program.process.stdin.write(body)
            program.process.stdin.close()
        return program.wait(), "\n".join(program.out.all()), "\n".join(program.err.all())

    def declare(self, queue, *options):
        self.assertEqual(self.tool("declare-queue", "-q", queue, *options), (0, queue, ""))
        self.addCleanup(self.tool, "delete-queue", "-q", queue)

    def publish(self, *arguments, body=None):
        self.assertEqual(self.tool("publish", *arguments, body=body), (0, "", ""))

    def consumer(self, queue, *arguments):
        """Started, and known to the broker."""
        program = Program(self.addCleanup, "amqp-consume", f"--url={self.url}", "-q", queue, *arguments)
        deadline = time.monotonic() + TIMEOUT
        with pika.BlockingConnection(pika.URLParameters(self.url)) as connection:
            channel = connection.channel()
            while channel.queue_declare(queue, passive=True).method.consumer_count == 0:
                self.assertLess(time.monotonic(), deadline, "it does not consume")
        return program

    def test_a_message_is_published_and_got(self):
        self.declare("tools-get", "-d")
        self.publish("-r", "tools-get", "-b", "hello")
        self.publish("-r", "tools-get", "-p", "-C", "text/plain", "-t", "back", body="from standard input")
        self.assertEqual(self.tool("get", "-q", "tools-get"), (0, "hello", ""))
        self.assertEqual(self.tool("get", "-q", "tools-get"), (0, "from standard input", ""))
        self.assertEqual(self.tool("get", "-q", "tools-get"), (2, "", ""), "the queue is empty")

    def test_a_body_of_several_frames_arrives_whole(self):
        self.declare("tools-large")
        body = "0123456789abcdef" * 65536
        self.publish("-r", "tools-large", body=body)
        self.assertEqual(self.tool("get", "-q", "tools-large"), (0, body, ""))

    def test_a_consumer_runs_a_command_for_each_message(self):
        self.declare("tools-consume")
        for prefetch in ((), ("-p", "1"), ("-A",)):
            with self.subTest(prefetch):
                consumer = self.consumer("tools-consume", *prefetch, "-c", "3", "cat")
                for word in ("one\n", "two\n", "three\n"):
                    self.publish("-r", "tools-consume", "-b", word)
                self.assertEqual(consumer.wait(), 0, consumer.err.all())
                self.assertEqual(consumer.out.all(), ["one", "two", "three"])

    def test_a_command_that_fails_leaves_its_message_in_the_queue(self):
        self.declare("tools-fail")
        consumer = self.consumer("tools-fail", "-c", "1", "grep", "other")  # it reads all of the body, and fails
        self.publish("-r", "tools-fail", "-b", "again")
        self.assertEqual(consumer.wait(), 0)
        self.assertEqual(self.tool("get", "-q", "tools-fail"), (0, "again", ""))

    def test_a_consumer_binds_its_queue_to_an_exchange(self):
        with pika.BlockingConnection(pika.URLParameters(self.url)) as connection:
            connection.channel().queue_declare("tools-topic", auto_delete=True)  # as it does itself
        consumer = self.consumer("tools-topic", "-e", "amq.topic", "-r", "tools.#", "-c", "1", "cat")
        self.publish("-e", "amq.topic", "-r", "other.news", "-b", "not for it\n")
        self.publish("-e", "amq.topic", "-r", "tools.news.today", "-H", "key: value", "-b", "news\n")
        self.assertEqual(consumer.wait(), 0, consumer.err.all())
        self.assertEqual(consumer.out.all(), ["news"])

    def test_errors_are_the_brokers_texts(self):
        code, _, errors = self.tool("publish", "-e", "tools-nowhere", "-b", "x")
        self.assertEqual(code, 1)
        self.assertIn("404, message: NOT_FOUND - no exchange 'tools-nowhere' in vhost", errors)
        code, _, errors = self.tool("get", "-q", "tools-nowhere")
        self.assertEqual(code, 1)
        self.assertIn("404, message: NOT_FOUND - no queue 'tools-nowhere' in vhost", errors)

        self.declare("tools-kept")
        self.publish("-r", "tools-kept", "-b", "x")
        code, _, errors = self.tool("delete-queue", "-e", "-q", "tools-kept")
        self.assertEqual(code, 1)
        self.assertIn("406, message: PRECONDITION_FAILED - queue 'tools-kept' in vhost", errors)
        self.assertEqual(self.tool("delete-queue", "-q", "tools-kept"), (0, "1", ""))


if __name__ == "__main__":
    unittest.main()
