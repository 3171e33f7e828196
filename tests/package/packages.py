"""What the tests of the packages share: where the packages are, empty environments, and a first message."""

import functools
import os
import shutil
import socket
import sys
import unittest
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "integration"))

import pika

import programs
from programs import BIN, ROOT, TIMEOUT, Program

PACKAGES = ROOT / "build/package"  # of ./run package
AS_ROOT = [] if os.geteuid() == 0 else ["unshare", "--map-root-user"]
CHROOT = [*AS_ROOT, shutil.which("chroot", path="/usr/sbin:/usr/bin:/sbin:/bin")]
run = functools.partial(programs.run, timeout=120)  # nothing is compiled here
NO_NETWORK = {"PIP_NO_INDEX": "1", "npm_config_offline": "true"}


def package(pattern):
    """The one package that matches."""
    found = list(PACKAGES.glob(pattern))
    if len(found) != 1:
        raise AssertionError(f"{PACKAGES} has {len(found)} files {pattern}; ./run package makes one")
    return found[0]


def readmes_block(page, language):
    """The first code block in that language of a README."""
    text = (ROOT / page).read_text()
    return text.split(f"```{language}\n", 1)[1].split("\n```", 1)[0] + "\n"


def publish_and_get(url):
    """Sends a message with pika and gets it back."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.confirm_delivery()
    channel.queue_declare("orders", exclusive=True)
    channel.basic_publish("", "orders", b"one")
    body = channel.basic_get("orders", auto_ack=True)[2]
    connection.close()
    return body


class PackageCase(unittest.TestCase):
    """A test with an empty folder of its own, `self.folder`."""

    def setUp(self):
        self.folder = BIN.parent / "packages" / self.id().rsplit(".", 1)[-1]
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def start(self, *command, **popen):
        """Starts a broker in some way; returns the program and the port that it listens on."""
        program = Program(self.addCleanup, *command, **popen)
        try:
            return program, int(program.out.expect(r"^ready on .+:(\d+)$")[1])
        except AssertionError as error:
            raise AssertionError(f"{error}\nstandard error: {program.err.all()}") from None

    def assert_killed_with_it(self, parent, port):
        """Kills `parent`, after which its broker ends."""
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as held:
            parent.kill()
            self.assertEqual(held.recv(1), b"", "the broker closes what is open")
        with self.assertRaises(ConnectionRefusedError):  # it has stopped listening before
            socket.create_connection(("127.0.0.1", port), TIMEOUT).close()
