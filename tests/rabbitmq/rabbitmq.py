"""A throw-away RabbitMQ from Debian's rabbitmq-server, of one node or several. It shares nothing with another one on the
machine: its own node names, epmd, ports on loopback, cookie and files. What it starts, it ends, by pid."""

import glob
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
DEFINITIONS = HERE.parent / "oracle/definitions.json"
STARTS_WITHIN, ENDS_WITHIN = 180, 60  # seconds

_CONFIGURATION = """
listeners.tcp.1 = 127.0.0.1:{port}
load_definitions = {definitions}
log.file.level = warning
vm_memory_high_watermark.absolute = 4GB
disk_free_limit.absolute = 50MB
cluster_formation.peer_discovery_backend = classic_config
"""


class RabbitMQ:
    """Runs from its making to `end()`. `definitions` is a file of users, virtual hosts and permissions."""

    host = "127.0.0.1"

    def __init__(self, definitions=DEFINITIONS, nodes=1):
        homes = sorted(glob.glob("/usr/lib/rabbitmq/lib/rabbitmq_server-*"))
        if not homes:
            raise FileNotFoundError("Debian's rabbitmq-server is not installed")
        self.home = homes[-1]
        self.version = self.home.rpartition("-")[2]
        self.directory = Path(tempfile.mkdtemp(prefix="throwaway-rabbitmq-"))
        epmd_port, *ports = _free_ports(1 + 2 * nodes)
        self._write_cookie()
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("RABBITMQ_")} | {
            "HOME": str(self.directory), "ERL_EPMD_PORT": str(epmd_port), "ERL_EPMD_ADDRESS": self.host}
        # epmd stays in the foreground, so that it can be ended by its pid as well.
        self._epmd = _Child(self, ["epmd", "-port", str(epmd_port), "-address", self.host])
        self.nodes = [Node(self, f"node{port}@localhost", port, ports.pop()) for port in ports[:nodes]]
        try:
            self._epmd.start()
            self._epmd.wait_for(epmd_port)
            for node in self.nodes:
                node.prepare(definitions)
            for node in self.nodes:  # the first is there for the others to join
                node.start()
        except BaseException:
            self.end()
            raise

    @property
    def port(self):
        return self.nodes[0].port

    def url(self, virtual_host="%2F"):
        return self.nodes[0].url(virtual_host)

    def _write_cookie(self):
        cookie = self.directory / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(16))
        cookie.chmod(0o400)

    def end(self):
        """Ends the nodes with all that they started, and then epmd. Nothing of it is worth keeping."""
        for child in (*self.nodes, self._epmd):
            child.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


class _Child:
    """A process of a RabbitMQ's, in a process group of its own."""

    def __init__(self, rabbitmq, command):
        self._rabbitmq, self._command = rabbitmq, command
        self._environment = {}
        self._process = None

    def start(self):
        with open(self._rabbitmq.directory / "output", "ab") as output:
            self._process = subprocess.Popen(
                self._command, env=self._rabbitmq.environment | self._environment, cwd=self._rabbitmq.directory,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)

    def wait_for(self, port):
        deadline = time.monotonic() + STARTS_WITHIN
        while not _listens(port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                output = (self._rabbitmq.directory / "output").read_text(errors="replace")
                raise RuntimeError(f"{self._command[0]} does not start:\n{output[-2000:]}")
            time.sleep(0.1)

    @property
    def is_running(self):
        return self._process is not None

    @property
    def process_group(self):
        """While it runs."""
        return self._process.pid

    def stop(self, *signals):
        """Asks it to end, and if it does not, makes it. Harmless if it has ended."""
        if self._process is None:
            return
        for number in signals or (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, number)
                self._process.wait(ENDS_WITHIN)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                pass
        self._process = None


class Node(_Child):
    """May be stopped and started again."""

    def __init__(self, rabbitmq, name, port, distribution_port):
        super().__init__(rabbitmq, [f"{rabbitmq.home}/sbin/rabbitmq-server"])
        self.name, self.port = name, port
        directory = rabbitmq.directory / name
        self._environment = {
            "RABBITMQ_HOME": rabbitmq.home,
            "RABBITMQ_NODENAME": name,
            "RABBITMQ_DIST_PORT": str(distribution_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_CONFIG_FILE": str(directory / "rabbitmq"),
            "RABBITMQ_CONF_ENV_FILE": str(directory / "env.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(directory / "mnesia"),
            "RABBITMQ_LOG_BASE": str(directory / "log"),
        }
        self._directory = directory

    def prepare(self, definitions):
        self._directory.mkdir()
        names = [node.name for node in self._rabbitmq.nodes]
        (self._directory / "rabbitmq.conf").write_text(
            _CONFIGURATION.format(port=self.port, definitions=definitions.resolve())
            + "".join(f"cluster_formation.classic_config.nodes.{i} = {name}\n" for i, name in enumerate(names, 1)))
        (self._directory / "enabled_plugins").write_text("[].")
        (self._directory / "env.conf").touch()

    def start(self):
        super().start()
        self.wait_for(self.port)  # its last step, definitions are loaded

    def kill(self):
        self.stop(signal.SIGKILL)

    def url(self, virtual_host="%2F"):
        return f"amqp://guest:guest@{self._rabbitmq.host}:{self.port}/{virtual_host}"

    def control(self, *command):
        """What rabbitmqctl answers, as JSON tells it."""
        answer = subprocess.run(
            [f"{self._rabbitmq.home}/sbin/rabbitmqctl", "--quiet", "--formatter", "json", *command], check=True,
            env=self._rabbitmq.environment | self._environment, stdout=subprocess.PIPE, text=True)
        return json.loads(answer.stdout)


def _free_ports(count):
    """Below those that the system gives to outgoing connections, so that none is taken meanwhile."""
    candidates = random.SystemRandom().sample(range(20000, 32000), 200)
    return [port for port in candidates if not _listens(port)][:count]


def _listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
