import contextlib
import threading

import pytest


class InThread:
    """Runs an application in a thread: `run` until it returns, `stop` to end it. What `run` raises is raised here."""

    def __init__(self, application):
        self._application = application
        self._error = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            self._application.run()
        except Exception as error:
            self._error = error

    def end(self):
        self._application.stop()
        self._thread.join(5)
        assert not self._thread.is_alive(), f"{self._application} does not stop"
        if self._error:
            raise self._error


class Start:
    """start(application) runs it in a thread."""

    def __init__(self):
        self._running = contextlib.ExitStack()

    def __call__(self, application):
        self._running.callback(InThread(application).end)
        return application

    def end(self):
        self._running.close()


@pytest.fixture
def start():
    """Stops what it has started before the scope is closed, if the test asks for the scope first:
    def test_it(pocketmq_scope, start)."""
    start = Start()
    yield start
    start.end()


@pytest.fixture
def broken(pocketmq, start):
    """with broken("why") as scope: a scope for an application that is wrong on purpose. Whatever it leaves is expected."""

    @contextlib.contextmanager
    def broken(name, **named):
        scope = pocketmq.scope(name, **named)
        try:
            yield scope
        finally:
            start.end()
            scope.end(within=0)

    return broken
