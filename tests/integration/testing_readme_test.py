"""The example in the README's chapter "Testing your application" passes in an empty folder, with pika and pytest."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import readme
from programs import BIN, ROOT, TIMEOUT


class TestingYourApplication(unittest.TestCase):
    def test_its_example_passes(self):
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests/kit/python"),
                       "POCKETMQ_BROKER": str(Path(BIN).resolve() / "pocketmq-broker")}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "pocketmq.pytest_plugin", "-p", "no:cacheprovider"]
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "test_orders.py").write_text(readme.block("testing-example"), "utf-8")
            done = subprocess.run(command, cwd=folder, env=environment, timeout=TIMEOUT, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("2 passed", done.stdout)


if __name__ == "__main__":
    unittest.main()
