"""The client of RabbitMQ's tutorial six, with pika.

usage: pika_rpc_client.py PORT N [--quorum]

--quorum    declares the request queue first, a durable quorum queue
"""

import argparse
import uuid

import pika


class FibonacciRpcClient:

    def __init__(self, port, quorum):
        self.connection = pika.BlockingConnection(pika.ConnectionParameters(host="127.0.0.1", port=port))

        self.channel = self.connection.channel()

        if quorum:
            self.channel.queue_declare("rpc_queue", durable=True, arguments={"x-queue-type": "quorum"})
        result = self.channel.queue_declare("", exclusive=True)
        self.callback_queue = result.method.queue

        self.channel.basic_consume(queue=self.callback_queue, on_message_callback=self.on_response, auto_ack=True)

        self.response = None
        self.corr_id = None

    def on_response(self, ch, method, props, body):
        if self.corr_id == props.correlation_id:
            self.response = body

    def call(self, n):
        self.response = None
        self.corr_id = str(uuid.uuid4())
        self.channel.basic_publish(exchange="",
                                   routing_key="rpc_queue",
                                   properties=pika.BasicProperties(reply_to=self.callback_queue,
                                                                   correlation_id=self.corr_id),
                                   body=str(n))
        while self.response is None:
            self.connection.process_data_events(time_limit=None)
        return int(self.response)


arguments = argparse.ArgumentParser()
arguments.add_argument("port", type=int)
arguments.add_argument("n", type=int)
arguments.add_argument("--quorum", action="store_true")
arguments = arguments.parse_args()

fibonacci_rpc = FibonacciRpcClient(arguments.port, arguments.quorum)

print(f" [x] Requesting fib({arguments.n})", flush=True)
print(f" [.] Got {fibonacci_rpc.call(arguments.n)}", flush=True)
fibonacci_rpc.connection.close()
