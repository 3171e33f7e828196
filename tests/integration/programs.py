"""Runs the programs under test, and the pika programs beside this file, as processes that a test talks to."""

import contextlib
import io
import os
import queue
import re
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BIN = Path(os.environ.get("POCKETMQ_BIN", ROOT / "build/release/bin"))

# Built with AddressSanitizer, which keeps what is freed for a while, and with UBSan.
SANITIZED = b"__asan_init" in (BIN / "pocketmq-broker").read_bytes()

TIMEOUT = 30  # seconds; only what is broken takes as long

# A shell that runs the tests in the background has them ignore it, and with them all programs that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


class Lines:
    """What a program writes to a pipe. A thread reads it, so that the program never waits for the test."""

    def __init__(self, pipe):
        self.seen = []
        self._unseen = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, args=[pipe])
        self._reader.start()

    def _read(self, pipe):
        with pipe:
            for line in pipe:
                self._unseen.put(line.rstrip("\n"))
        self._unseen.put(None)

    def expect(self, pattern):
        """Waits for the next line that matches somewhere, and returns the match."""
        deadline = time.monotonic() + TIMEOUT
        while True:
            try:
                line = self._unseen.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                raise AssertionError(f"no line matches {pattern!r} after:\n  " + "\n  ".join(self.seen[-50:]))
            self.seen.append(line)
            if match := re.search(pattern, line):
                return match

    def all(self):
        """All lines of a program that has ended."""
        self._reader.join(TIMEOUT)
        while not self._unseen.empty():
            if (line := self._unseen.get()) is not None:
                self.seen.append(line)
        return self.seen


class Program:
    """A running program. `cleanup` is a test's `addCleanup`, or its class's."""

    def __init__(self, cleanup, *command, **popen):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen([str(word) for word in command], text=True, **{**pipes, **popen})
        cleanup(self.end)
        self.out, self.err = Lines(self.process.stdout or io.StringIO()), Lines(self.process.stderr or io.StringIO())

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait(self):
        """Waits for its end, and returns its exit code; -N for signal N."""
        return self.process.wait(TIMEOUT)

    def stop(self, with_signal=signal.SIGTERM):
        self.process.send_signal(with_signal)
        return self.wait()

    def kill(self):
        return self.stop(signal.SIGKILL)

    def freeze(self):
        """Returns once it stands still; its connections stay open."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        if self.process.poll() is None:
            self.kill()
        if self.process.stdin:
            self.process.stdin.close()
        self.out.all()
        self.err.all()


def run(*command, timeout=600, **options):
    """What it prints, of a command that must succeed. Compilers take their time."""
    done = subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=timeout, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


def unread_pipe(cleanup):
    """The end to write to of a pipe that is full, and that nobody reads."""
    read, write = os.pipe()
    cleanup(os.close, read)
    cleanup(os.close, write)
    os.set_blocking(write, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(write, b"x")
    os.set_blocking(write, True)
    return write


class Held:
    """A FIFO that tells whether processes hold it open: those that write to it, and those that these started."""

    def __init__(self, cleanup):
        folder = tempfile.TemporaryDirectory()
        cleanup(folder.cleanup)
        self.path = Path(folder.name, "held")
        os.mkfifo(self.path)
        self._reader = os.fdopen(os.open(self.path, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0)
        cleanup(self._reader.close)

    def _read(self):
        if not select.select([self._reader], [], [], TIMEOUT)[0]:
            raise AssertionError(f"somebody holds {self.path}, and writes nothing")
        return self._reader.read(4096)

    def expect(self, text):
        """Waits until this was written."""
        seen = b""
        while seen != text.encode():
            if not (piece := self._read()):
                raise AssertionError(f"nobody holds {self.path} any more, and only {seen} was written")
            seen += piece

    def expect_gone(self):
        """Waits until nobody holds it any more. Nothing may be written any more."""
        if rest := self._read():
            raise AssertionError(f"somebody wrote {rest}")


class Broker(Program):
    """pocketmq-broker, on a free port unless one is given. That it ends well is a part of each test, and that it has no
    error to tell on standard error. A test that asks for more (`--log-level`, `--trace`, or `warns` for warnings) looks
    at it itself."""

    encodings = ("amqp", "json")

    def __init__(self, cleanup, *options, port=0, warns=False, **popen):
        self.is_killed = False
        self.speaks = warns or any(str(option).startswith(("--trace", "--log-level")) for option in options)
        if not any(str(option).startswith("--log-level") for option in options):
            options += ("--log-level", "warning" if warns else "error")
        super().__init__(cleanup, BIN / "pocketmq-broker", "--port", port, *options, **popen)
        try:
            self.host, port = self.out.expect(r"^ready on (.+):(\d+)$").groups()
        except AssertionError as error:
            raise AssertionError(f"{error}\nstandard error: {self.err.all()}") from None
        self.port = int(port)

    def url(self, encoding):
        scheme = {"amqp": "amqp", "json": "amqp+json"}[encoding]
        return f"{scheme}://guest:guest@{self.host}:{self.port}/"

    @property
    def amqp_url(self):
        return self.url("amqp") + "%2F"  # without a virtual host's name some clients take "", others "/"

    @property
    def trace(self):
        return self.err

    def kill(self):
        self.is_killed = True
        return super().kill()

    def resident_bytes(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)[1]) * 1024

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def end(self):
        code = self.process.poll()
        if code is None:
            try:
                code = self.stop()
            except subprocess.TimeoutExpired:
                code = "none: it does not end"
        super().end()
        errors = [] if self.speaks else self.err.all()
        if code not in (0, -signal.SIGKILL if self.is_killed else 0) or errors:
            raise AssertionError("\n".join([f"the broker's exit code is {code}", *self.err.all()[-200:]]))


class RunningBroker:
    """A broker that others have started, say a RabbitMQ."""

    encodings = ("amqp",)

    def __init__(self, url):
        self.amqp_url = url
        parts = urllib.parse.urlsplit(url)
        self.host, self.port = parts.hostname, parts.port

    def url(self, encoding):
        assert encoding in self.encodings
        return self.amqp_url


# Some tests hold on RabbitMQ as well: this names one on which to see that.
URL = os.environ.get("POCKETMQ_URL")
looks_inside = unittest.skipIf(URL, "it looks inside the broker, or ends it")


def broker_for_clients(cleanup, *options):
    """What such tests talk to. The options are those of ours."""
    return RunningBroker(URL) if URL else Broker(cleanup, *options)


def pika_server(cleanup, broker, *options):
    return Program(cleanup, sys.executable, HERE / "pika_rpc_server.py", broker.port, *options)


def pika_client(cleanup, broker, n, *options):
    return Program(cleanup, sys.executable, HERE / "pika_rpc_client.py", broker.port, n, *options)


def our_server(cleanup, broker, encoding, *options, **popen):
    return Program(cleanup, BIN / "fib_server", broker.url(encoding), "--name", "fib_server", *options, **popen)


def our_client(cleanup, broker, encoding, n, *options, **popen):
    return Program(cleanup, BIN / "fib_client", broker.url(encoding), n, "--name", "fib_client", *options, **popen)


def fib(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a
