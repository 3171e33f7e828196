"""The Python wheel: pip installs it into an environment of its own without a network, and tests run with it."""

import base64
import csv
import hashlib
import os
import shutil
import subprocess
import unittest
from pathlib import Path

from packages import BIN, NO_NETWORK, PackageCase, package, publish_and_get, run

import readme  # packages has added its folder to the path

PARENT = """
import sys
import pocketmq
broker = pocketmq.Broker()
print(f"ready on {broker.host}:{broker.port}", flush=True)
sys.stdin.read()
"""

USERS_TEST = '''
import pika


def publish(url):
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.queue_declare("orders")
    channel.basic_publish("", "orders", b"one")
    return connection, channel


def test_what_is_published_is_got(pocketmq):
    connection, channel = publish(pocketmq.url)
    assert channel.basic_get("orders", auto_ack=True)[2] == b"one"
    connection.close()


def test_that_forgets_a_message(pocketmq_scope):
    publish(pocketmq_scope.url)[0].close()
'''


class WheelTest(PackageCase):

    @classmethod
    def setUpClass(cls):
        cls.environment = BIN.parent / "packages/environment"
        shutil.rmtree(cls.environment, ignore_errors=True)
        # Debian's pika and pytest are seen, so that no network is needed for them.
        run("/usr/bin/python3", "-m", "venv", "--system-site-packages", cls.environment)
        cls.python = cls.environment / "bin/python"
        run(cls.python, "-m", "pip", "--disable-pip-version-check", "install", "--no-index", package("*.whl"),
            env={**os.environ, **NO_NETWORK})
        cls.installed = Path(run(cls.python, "-c", "import pocketmq; print(pocketmq.__path__[0])", cwd="/").strip())
        cls.addClassCleanup(shutil.rmtree, cls.environment)

    def pip(self, *words):
        return run(self.python, "-m", "pip", *words)

    def users_environment(self):
        """No broker but the wheel's can be found."""
        return {**{name: value for name, value in os.environ.items() if not name.startswith("POCKETMQ")},
                "PATH": "/usr/bin:/bin"}

    def test_it_is_in_the_environment_with_its_broker(self):
        self.assertTrue(self.installed.is_relative_to(self.environment), self.installed)
        broker = self.installed / "bin/pocketmq-broker"
        self.assertEqual(broker.stat().st_mode & 0o111, 0o111)
        code = "import pocketmq; print(pocketmq.find_binary())"
        self.assertEqual(run(self.python, "-c", code, cwd="/", env=self.users_environment()).strip(), str(broker))

    def test_pip_shows_the_brokers_version(self):
        version = run(self.installed / "bin/pocketmq-broker", "--version").strip()
        self.assertIn(f"\nVersion: {version}\n", self.pip("show", "pocketmq"))

    def test_its_record_lists_every_file_with_its_hash(self):
        information, = self.installed.parent.glob("pocketmq-*.dist-info")
        with (information / "RECORD").open(newline="") as record:
            rows = {name: (digest, size) for name, digest, size in csv.reader(record)}
        listed = {name for name in rows if "__pycache__" not in name}
        files = {str(path.relative_to(self.installed.parent)) for folder in (self.installed, information)
                 for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
        self.assertEqual(listed, files)
        for name in listed - {f"{information.name}/RECORD"}:
            content = (self.installed.parent / name).read_bytes()
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            self.assertEqual(rows[name], (f"sha256={digest}", str(len(content))), name)

    def test_pip_takes_it_for_the_machines_that_it_runs_on_and_for_no_others(self):
        for platform, is_taken in {"manylinux_2_17_x86_64": True, "manylinux2014_x86_64": True,
                                   "musllinux_1_1_x86_64": True, "manylinux_2_17_aarch64": False,
                                   "win_amd64": False}.items():
            with self.subTest(platform):
                done = subprocess.run([self.python, "-m", "pip", "download", "--no-index", "--no-deps", "--platform",
                                       platform, "--only-binary=:all:", "--dest", self.folder, package("*.whl")],
                                      text=True, capture_output=True, timeout=60)
                self.assertEqual(done.returncode == 0, is_taken, done.stderr)

    def pytest(self, *selection):
        (self.folder / "orders_test.py").write_text(USERS_TEST)
        return subprocess.run([self.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", self.folder, *selection],
                              text=True, capture_output=True, timeout=60, env=self.users_environment(), cwd=self.folder)

    def test_pytest_finds_the_plugin_and_its_broker(self):
        done = self.pytest("-k", "published")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("1 passed", done.stdout)

    def test_a_test_that_leaves_something_in_its_scope_fails(self):
        done = self.pytest("-k", "forgets")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"1 passed, .*1 error")  # the error is the scope's
        self.assertIn("orders", done.stdout)

    def test_the_readmes_commands_install_this_wheel(self):
        commands = readme.block("testing-packages").splitlines()
        pattern = commands[-1].split()[-1]
        self.assertTrue(commands[0].startswith("./run package "))
        self.assertEqual(pattern.split("/")[:2], ["build", "package"])
        self.assertTrue(package("*.whl").match(pattern), f"{package('*.whl')} is not {pattern}")

    def test_a_broker_ends_with_the_process_that_started_it(self):
        parent, port = self.start(self.python, "-c", PARENT, env=self.users_environment(), cwd="/")
        self.assertEqual(publish_and_get(f"amqp://guest:guest@127.0.0.1:{port}/%2F"), b"one")
        self.assert_killed_with_it(parent, port)


if __name__ == "__main__":
    unittest.main()
