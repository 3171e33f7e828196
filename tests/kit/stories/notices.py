"""Shows notices of two kinds, over a connection of aio-pika that connects again by itself: those of a durable queue,
which wait for it, and live ones, whose queue lives as long as the connection."""

import aio_pika


class Notices:
    reconnect_seconds = 0.02

    def __init__(self, url):
        self._url = url
        self.shown = []

    async def __aenter__(self):
        self._connection = await self.connect()
        # Kept: aio-pika restores only channels that somebody still refers to.
        self._channel = channel = await self._connection.channel()
        await channel.set_qos(prefetch_count=10)
        kept = await channel.declare_queue("notices", durable=True)
        live = await channel.declare_queue("notices.live", auto_delete=True)
        await kept.consume(self._on_message)
        await live.consume(self._on_message)
        return self

    async def connect(self):
        # aio-pika reads it from the URL only; it waits 5 s without it
        return await aio_pika.connect_robust(f"{self._url}?reconnect_interval={self.reconnect_seconds}")

    async def _on_message(self, message):
        async with message.process():
            self.shown.append(message.body.decode())

    async def __aexit__(self, *error):
        await self._connection.close()
