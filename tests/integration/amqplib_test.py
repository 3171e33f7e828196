"""npm's amqplib: amqplib/client_test.js, run by node."""

import shutil
import subprocess
import unittest

from programs import BIN, HERE, Program, broker_for_clients

SOURCE, INSTALLED = HERE / "amqplib", BIN.parent / "amqplib"


def install():
    """What the lock file says, into the build; once it is there, without a network."""
    lock = SOURCE / "package-lock.json"
    if not (INSTALLED / lock.name).exists() or (INSTALLED / lock.name).read_bytes() != lock.read_bytes():
        shutil.rmtree(INSTALLED, ignore_errors=True)
        INSTALLED.mkdir()
        shutil.copy(SOURCE / "package.json", INSTALLED)
        shutil.copy(lock, INSTALLED)
    if not (INSTALLED / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=INSTALLED, check=True, timeout=120)


class AmqplibTest(unittest.TestCase):

    def test_client(self):
        install()
        url = broker_for_clients(self.addCleanup).amqp_url
        node = Program(self.addCleanup, "env", f"AMQP_URL={url}", f"NODE_PATH={INSTALLED / 'node_modules'}",
                       "node", "--test", SOURCE / "client_test.js")
        self.assertEqual(node.wait(), 0, "\n".join(node.out.all()))


if __name__ == "__main__":
    unittest.main()
