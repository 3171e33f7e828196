"""The npm tarball: npm installs it into an empty project without a network, and node's test runner uses it."""

import json
import os
import shutil
import subprocess
import unittest

from packages import BIN, NO_NETWORK, PackageCase, package, publish_and_get, readmes_block, run

import amqplib_test  # its folder is known from here on

AT_ONCE = 25  # seconds; less than the 30 after which a broker that is not ready is killed

KEEPS_RUNNING = """
const { startBroker } = require('pocketmq');
startBroker().then(({ port }) => {
  console.log(`ready on 127.0.0.1:${port}`);
  setInterval(() => {}, 1000);
});
"""

IN_A_WORKER = """
const { Worker, isMainThread, parentPort } = require('node:worker_threads');
const { startBroker } = require('pocketmq');
if (isMainThread) {
  new Worker(__filename).on('message', (port) => console.log(`ready on 127.0.0.1:${port}`));
} else {
  startBroker().then(({ port }) => parentPort.postMessage(port));
  setInterval(() => {}, 1000);
}
"""

FORGETS_TO_STOP = "require('pocketmq').startBroker().then(({ url }) => console.log(url));"

MODULE = """
import { startBroker } from 'pocketmq';
const broker = await startBroker({ args: ['--vhost', 'shop'] });
const answer = await fetch(`${broker.httpUrl}/state`, { headers: { authorization: `Basic ${btoa('guest:guest')}` } });
console.log(answer.status, (await answer.text()).includes('"shop"'), broker.log().includes('listens on'));
await broker.stop();
await broker.stop();
"""

TEST_KIT = """
const { startBroker } = require('pocketmq');
(async () => {
  const broker = await startBroker({ test: true });
  const scope = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"name": "retry"}' };
  const answer = await fetch(`${broker.httpUrl}/test/scopes`, scope);
  console.log(answer.status, (await answer.json()).amqp.startsWith('amqp://'));
  await broker.stop();
})();
"""


class NpmTest(PackageCase):

    @classmethod
    def setUpClass(cls):
        amqplib_test.install()
        cls.project = BIN.parent / "packages/project"
        cls.addClassCleanup(shutil.rmtree, cls.project)
        shutil.rmtree(cls.project, ignore_errors=True)
        cls.project.mkdir(parents=True)
        (cls.project / "package.json").write_text('{"private": true}')
        cls.environment = {**{name: value for name, value in os.environ.items() if not name.startswith("POCKETMQ")},
                           **NO_NETWORK, "npm_config_cache": str(cls.project / "cache"),
                           "NODE_PATH": str(amqplib_test.INSTALLED / "node_modules")}
        run("npm", "install", "--offline", "--no-audit", "--no-fund", package("*.tgz"), cwd=cls.project,
            env=cls.environment)

    def script(self, name, text):
        (self.project / name).write_text(text)
        return self.project / name

    def node(self, *words, **environment):
        return subprocess.run(["node", *words], text=True, capture_output=True, timeout=AT_ONCE, cwd=self.project,
                              env={**self.environment, **environment})

    def test_readmes_test_passes(self):
        script = self.script("orders.test.js", readmes_block("tests/kit/node/README.md", "js"))
        done = self.node("--test", script)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"(?m)^. pass 1$")

    def test_it_is_a_module_too_and_stops_twice(self):
        done = self.node(self.script("module.mjs", MODULE))
        self.assertEqual((done.returncode, done.stdout), (0, "200 true true\n"), done.stderr)

    def test_tests_may_control_the_broker(self):
        done = self.node(self.script("kit.js", TEST_KIT))
        self.assertEqual((done.returncode, done.stdout), (0, "201 true\n"), done.stderr)

    def test_npx_finds_the_broker_with_the_packages_version(self):
        version = json.loads((self.project / "node_modules/pocketmq/package.json").read_text())["version"]
        self.assertEqual(run(self.project / "node_modules/.bin/pocketmq-broker", "--version").strip(), version)

    def test_a_process_that_forgets_to_stop_its_broker_ends(self):
        done = self.node(self.script("forgets.js", FORGETS_TO_STOP))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"^amqp://guest:guest@127\.0\.0\.1:\d+/%2F\n$")

    def test_a_broker_ends_with_the_process_that_started_it(self):
        for name, text in {"main.js": KEEPS_RUNNING, "worker.js": IN_A_WORKER}.items():
            with self.subTest(name):
                parent, port = self.start("node", self.script(name, text), cwd=self.project, env=self.environment)
                self.assertEqual(publish_and_get(f"amqp://guest:guest@127.0.0.1:{port}/%2F"), b"one")
                self.assert_killed_with_it(parent, port)

    def test_a_start_that_fails_says_what_the_broker_wrote(self):
        start = "require('pocketmq').startBroker({ args: ['--vhots', 'x'] }).catch((error) => console.log(error.message))"
        done = self.node("-e", start)
        self.assertRegex(done.stdout, r"pocketmq-broker has ended with exit code \d+\. It has written:\n(.|\n)*--vhots")
        done = self.node("-e", start, POCKETMQ_BROKER="/no/such/broker")
        self.assertRegex(done.stdout, "/no/such/broker cannot be started: .*ENOENT")


if __name__ == "__main__":
    unittest.main()
