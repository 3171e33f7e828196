"""A coroutine that waits for the broker must not stop the event loop in which the application runs."""

import asyncio

from .errors import PocketMQError


def refuse_to_block_a_loop() -> None:
    """Raises if an event loop runs in this thread: it would stand still until the answer comes."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise PocketMQError(
        "this would stop the event loop that runs in this thread, and with it an application in it; "
        "in a coroutine write: await scope.aside.await_message(...), and so on"
    )
