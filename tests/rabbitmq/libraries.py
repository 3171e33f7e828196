"""The tests of the libraries and of the programs, against a RabbitMQ: those that need no look inside the broker."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rabbitmq import DEFINITIONS, RabbitMQ

TESTS = Path(__file__).resolve().parent.parent
BIN = Path(os.environ["POCKETMQ_BIN"]).resolve()

# Each broker of a C++ test is a virtual host of its own, of which there are that many for each program.
PROGRAMS = {"client": 100, "server": 80}
SCRIPTS = ["pairing", "command_line", "kombu", "celery"]


def virtual_hosts():
    return ["/", *(f"{program}-{number}" for program, count in PROGRAMS.items() for number in range(1, count + 1))]


def definitions(folder):
    """The oracle's, with these virtual hosts, and all of them guest's."""
    text = json.loads(DEFINITIONS.read_text()) | {
        "vhosts": [{"name": name} for name in virtual_hosts()],
        "permissions": [{"user": "guest", "vhost": name, "configure": ".*", "write": ".*", "read": ".*"}
                        for name in virtual_hosts()],
    }
    file = Path(folder) / "definitions.json"
    file.write_text(json.dumps(text))
    return file


def commands():
    """Name, command, and the virtual host that the URL ends with."""
    for name in PROGRAMS:
        yield name, [BIN / f"{name}_tests", "~[own broker]"], f"{name}-"
    for name in SCRIPTS:
        yield name, ["/usr/bin/python3", TESTS / f"integration/{name}_test.py"], "%2F"


def main():
    wanted = set(sys.argv[1:])
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        rabbitmq = RabbitMQ(definitions(folder))
    try:
        for name, command, virtual_host in commands():
            if wanted and name not in wanted:
                continue
            print(f"--- {name}, on RabbitMQ {rabbitmq.version}", flush=True)
            environment = os.environ | {"POCKETMQ_BIN": str(BIN), "POCKETMQ_URL": rabbitmq.url(virtual_host)}
            if subprocess.run(command, env=environment).returncode != 0:
                failed.append(name)
    finally:
        rabbitmq.end()
    if failed:
        sys.exit(f"failed on RabbitMQ: {', '.join(failed)}")


if __name__ == "__main__":
    main()
