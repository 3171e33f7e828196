"""A scope's methods as coroutines, for applications that run in the test's own event loop."""

import asyncio
import functools
from typing import Any, Awaitable, Callable


class Aside:
    """`await scope.aside.NAME(...)` is `scope.NAME(...)` in another thread."""

    def __init__(self, scope: Any) -> None:
        self._scope = scope

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._scope, name)
        if not callable(method):
            raise AttributeError(f"scope.aside has methods only; write scope.{name}")

        @functools.wraps(method)
        async def in_thread(*arguments: Any, **named: Any) -> Any:
            call = functools.partial(method, *arguments, **named)
            return await asyncio.get_running_loop().run_in_executor(None, call)

        return in_thread
