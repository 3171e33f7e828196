"""The server of RabbitMQ's tutorial six, with pika.

usage: pika_rpc_server.py PORT [--quorum] [--prefetch N] [--step]

--quorum    a durable quorum queue
--step      each request is answered once a line came on standard input
"""

import argparse
import sys

import pika

arguments = argparse.ArgumentParser()
arguments.add_argument("port", type=int)
arguments.add_argument("--quorum", action="store_true")
arguments.add_argument("--prefetch", type=int, default=1)
arguments.add_argument("--step", action="store_true")
arguments = arguments.parse_args()

connection = pika.BlockingConnection(pika.ConnectionParameters(host="127.0.0.1", port=arguments.port))
channel = connection.channel()

if arguments.quorum:
    channel.queue_declare(queue="rpc_queue", durable=True, arguments={"x-queue-type": "quorum"})
else:
    channel.queue_declare(queue="rpc_queue")


def fib(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def on_request(ch, method, props, body):
    n = int(body)

    print(f" [.] fib({n})", flush=True)
    if arguments.step:
        sys.stdin.readline()
    response = fib(n)

    ch.basic_publish(exchange="",
                     routing_key=props.reply_to,
                     properties=pika.BasicProperties(correlation_id=props.correlation_id),
                     body=str(response))
    ch.basic_ack(delivery_tag=method.delivery_tag)


channel.basic_qos(prefetch_count=arguments.prefetch)
channel.basic_consume(queue="rpc_queue", on_message_callback=on_request)

print(" [x] Awaiting RPC requests", flush=True)
channel.start_consuming()
