"""A throw-away RabbitMQ from Debian's rabbitmq-server. It shares nothing with another one on the machine: its own node
name, epmd, ports on loopback, cookie and files. What it starts, it ends, by pid."""

import glob
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

STARTS_WITHIN = ENDS_WITHIN = 60  # seconds

_CONFIGURATION = """
listeners.tcp.1 = 127.0.0.1:{port}
load_definitions = {definitions}
log.file.level = warning
vm_memory_high_watermark.absolute = 4GB
disk_free_limit.absolute = 50MB
"""


class RabbitMQ:
    """Runs from its making to `end()`. `definitions` is a file of users, virtual hosts and permissions."""

    host = "127.0.0.1"

    def __init__(self, definitions):
        homes = sorted(glob.glob("/usr/lib/rabbitmq/lib/rabbitmq_server-*"))
        if not homes:
            raise FileNotFoundError("Debian's rabbitmq-server is not installed")
        self.version = homes[-1].rpartition("-")[2]
        self.directory = Path(tempfile.mkdtemp(prefix="oracle-rabbitmq-"))
        self.port, epmd_port, node_port = _free_ports(3)
        self._children = []
        environment = self._prepare(definitions, homes[-1], epmd_port, node_port)
        try:
            # epmd stays in the foreground, so that it can be ended by its pid as well.
            self._start(["epmd", "-port", str(epmd_port), "-address", self.host], environment)
            _wait(lambda: _listens(epmd_port), self._children[0])
            self._start([f"{homes[-1]}/sbin/rabbitmq-server"], environment)
            _wait(lambda: _listens(self.port), self._children[1])  # its last step, definitions are loaded
        except BaseException:
            self.end()
            raise

    def _prepare(self, definitions, home, epmd_port, node_port):
        cookie = self.directory / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(16))
        cookie.chmod(0o400)
        (self.directory / "rabbitmq.conf").write_text(
            _CONFIGURATION.format(port=self.port, definitions=definitions.resolve()))
        (self.directory / "enabled_plugins").write_text("[].")
        (self.directory / "env.conf").touch()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("RABBITMQ_")}
        return inherited | {
            "HOME": str(self.directory),
            "ERL_EPMD_PORT": str(epmd_port),
            "ERL_EPMD_ADDRESS": self.host,
            "RABBITMQ_HOME": home,
            "RABBITMQ_NODENAME": f"oracle{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(node_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_CONFIG_FILE": str(self.directory / "rabbitmq"),
            "RABBITMQ_CONF_ENV_FILE": str(self.directory / "env.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.directory / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.directory / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.directory / "log"),
        }

    def _start(self, command, environment):
        with open(self.directory / "output", "ab") as output:
            self._children.append(subprocess.Popen(
                command, env=environment, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True))

    def end(self):
        """Ends the server with all that it started, and then epmd. Nothing of it is worth keeping."""
        for child in reversed(self._children):
            for number in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(child.pid, number)
                    child.wait(ENDS_WITHIN)
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    pass
        shutil.rmtree(self.directory, ignore_errors=True)


def _free_ports(count):
    """Below those that the system gives to outgoing connections, so that none is taken meanwhile."""
    candidates = random.SystemRandom().sample(range(20000, 32000), 200)
    return [port for port in candidates if not _listens(port)][:count]


def _listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait(condition, child):
    deadline = time.monotonic() + STARTS_WITHIN
    while not condition():
        if child.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{child.args[0]} does not start")
        time.sleep(0.1)
