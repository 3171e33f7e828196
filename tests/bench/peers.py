"""Our broker beside RabbitMQ and NATS: the same load on each of them in turn, round after round, and a table in Markdown
of medians and ratios. All of it on loopback, in processes that this one starts and ends.

    ./run bench peers [--rounds N] [--seconds S] [--only NAME...]
"""

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "rabbitmq"))
from rabbitmq import RabbitMQ

BIN = Path(os.environ["POCKETMQ_BIN"]).resolve()
LOAD_GENERATOR = BIN / "load_generator"
PATIENCE = 300  # seconds; only what is broken takes as long
STARTS = 11
CALLERS = 1_000


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def resident_bytes(process_group):
    """Of all processes of the group."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(folder.name)) == process_group:
                status = (folder / "status").read_text()
                total += 1024 * int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
        except (OSError, StopIteration):  # it has just ended
            pass
    return total


# ---- peers: each a context manager's worth of a running server


class Server:
    """One that is a single process, started with a command that is given the port."""

    def __init__(self, name, protocol, command, backlog=None):
        self.name, self.protocol, self.backlog = name, protocol, backlog
        self._command = command

    @contextmanager
    def running(self):
        self.port = free_port()
        with subprocess.Popen(self._command(self.port), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, start_new_session=True) as process:
            self.process_group = process.pid
            try:
                _wait_for(self.port)
                yield
            finally:
                process.terminate()

    def start_ms(self):
        """The least of some: the rest is what others did to it."""
        starts = []
        for _ in range(STARTS):
            port = free_port()
            starts.append(_generate(self.protocol, port, "start", *self._command(port))["ms"])
        return min(starts)


class RabbitMQServer:
    name, protocol, backlog = "RabbitMQ", "amqp", 200_000

    @contextmanager
    def running(self):
        rabbitmq = RabbitMQ()
        self.port, self.process_group = rabbitmq.port, rabbitmq.nodes[0].process_group
        try:
            yield
        finally:
            rabbitmq.end()

    def start_ms(self):
        begin = time.monotonic()
        with self.running():
            return 1000 * (time.monotonic() - begin)


PEERS = [
    Server("ours", "amqp", lambda port: [BIN / "pocketmq-broker", "--port", str(port)], backlog=1_000_000),
    RabbitMQServer(),
    Server("NATS", "nats", lambda port: ["nats-server", "-a", "127.0.0.1", "-p", str(port)]),
]


def _wait_for(port):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise RuntimeError(f"nobody listens on port {port}")


# ---- loads


def _generate(protocol, port, *words):
    command = [LOAD_GENERATOR, protocol, str(port), *map(str, words)]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=PATIENCE)
    if ended.returncode != 0:
        sys.exit(f"peers: {' '.join(map(str, command))} failed")
    return json.loads(ended.stdout)


@contextmanager
def _generating(peer, *words, through=()):
    """While it goes on; it has begun when the body does. `through` is a command that starts it."""
    command = [*through, LOAD_GENERATOR, peer.protocol, str(peer.port), *map(str, words)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if not process.stdout.readline():
            sys.exit(f"peers: {' '.join(map(str, command))} does not begin")
        yield
        process.stdin.close()


class Load:
    """What is measured in each round. `figures` says what of the generator's answer is which row of the table."""

    def __init__(self, figures, words, only_amqp=False, beside=None, beside_through=()):
        self.figures, self._words, self._only_amqp = figures, words, only_amqp
        self._beside, self._beside_through = beside, beside_through

    def measure(self, peer, seconds):
        if (self._only_amqp or self._beside) and peer.protocol != "amqp":
            return {}
        with ExitStack() as stack:
            if self._beside:
                stack.enter_context(_generating(peer, *self._beside, through=self._beside_through))
            answer = _generate(peer.protocol, peer.port, *self._words, seconds)
        return {row: answer[key] for row, key in self.figures.items()}


AT_IDLE_PRIORITY = ["chrt", "--idle", "0"]
QUIET_P99 = "RPC, one at a time, 16 B, p99, µs"

LOADS = [
    Load({"RPC, one at a time, 16 B, p50, µs": "p50_us", QUIET_P99: "p99_us"}, ["rpc", 1, 16]),
    Load({"RPC, one at a time, 1 KiB, p50, µs": "p50_us", "RPC, one at a time, 1 KiB, p99, µs": "p99_us"},
         ["rpc", 1, 1024]),
    Load({"RPC, one at a time, 64 KiB, p50, µs": "p50_us"}, ["rpc", 1, 65536]),
    Load({"RPC, 100 outstanding, 16 B, calls/s": "per_second"}, ["rpc", 100, 16]),
    Load({"RPC, 100 outstanding, 1 KiB, calls/s": "per_second"}, ["rpc", 100, 1024]),
    Load({"RPC, 100 outstanding, 64 KiB, calls/s": "per_second"}, ["rpc", 100, 65536]),
    Load({"one-way, auto-ack, 16 B, messages/s": "per_second"}, ["one_way", "none", 16]),
    Load({"one-way, auto-ack, 64 KiB, messages/s": "per_second"}, ["one_way", "none", 65536]),
    Load({"one-way, acked, prefetch 200, 16 B, messages/s": "per_second"}, ["one_way", "each", 16], only_amqp=True),
    Load({"connect, declare, consume, close, per s": "per_second"}, ["churn"], only_amqp=True),
    Load({"RPC beside a flood of 16 B, p99, µs": "p99_us"}, ["rpc", 1, 16], beside=["flood", 16]),
    Load({"RPC beside a flood of 64 KiB, p99, µs": "p99_us"}, ["rpc", 1, 16], beside=["flood", 65536]),
    Load({"RPC beside a flood of 16 B at idle priority, p99, µs": "p99_us"}, ["rpc", 1, 16], beside=["flood", 16],
         beside_through=AT_IDLE_PRIORITY),
    Load({"RPC beside a flood of 64 KiB at idle priority, p99, µs": "p99_us"}, ["rpc", 1, 16], beside=["flood", 65536],
         beside_through=AT_IDLE_PRIORITY),
]


def measure_memory(peer):
    """On a process of its own."""
    def resident():
        time.sleep(2)
        return resident_bytes(peer.process_group)

    with peer.running():
        idle = resident()
        yield "idle, resident memory, MiB", idle / 2**20
        with _generating(peer, "callers", CALLERS):
            yield f"each of {CALLERS} idle callers, KiB", (resident() - idle) / CALLERS / 2**10
    if not peer.backlog:
        return
    with peer.running():
        before = resident()
        filled = _generate(peer.protocol, peer.port, "fill", peer.backlog, 100)
        yield "a queued message of 100 B, bytes", (resident() - before) / peer.backlog
        yield "a queue is filled with them, messages/s", filled["per_second"]
        _generate(peer.protocol, peer.port, "empty", peer.backlog, 100)
        yield "resident memory after they were consumed, MiB", resident() / 2**20


# ---- the table


def _readable(value):
    """To three digits or so."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


class Table:
    """row -> peer -> values, one a round."""

    def __init__(self, peers):
        self._peers, self._rows = peers, {}

    def add(self, row, peer, value):
        self._rows.setdefault(row, {}).setdefault(peer.name, []).append(value)

    def add_fairness(self, peer):
        """How many times as long a call takes beside a flood."""
        quiet = self._rows[QUIET_P99].get(peer.name)
        for row in [row for row in self._rows if "flood" in row and peer.name in self._rows[row]]:
            for loud, still in zip(self._rows[row][peer.name], quiet):
                self.add(row.replace(", p99, µs", ": its p99 / quiet p99"), peer, loud / still)

    def _ratio(self, row, other):
        first = self._peers[0].name
        if first not in row or other not in row:
            return "-"
        return _readable(statistics.median(a / b for a, b in zip(row[first], row[other])))

    def __str__(self):
        names = [peer.name for peer in self._peers]
        lines = [["figure", *names, *(f"{names[0]} / {other}" for other in names[1:])]]
        lines.append(["---"] * len(lines[0]))
        for title, row in self._rows.items():
            medians = [_readable(statistics.median(row[name])) if name in row else "-" for name in names]
            lines.append([title, *medians, *(self._ratio(row, other) for other in names[1:])])
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1, help="of each measurement")
    parser.add_argument("--only", nargs="+", choices=[peer.name for peer in PEERS], metavar="NAME",
                        help="of ours, RabbitMQ, NATS")
    arguments = parser.parse_args()
    peers = [peer for peer in PEERS if not arguments.only or peer.name in arguments.only]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("peers: terminated"))
    if (load := os.getloadavg()[0]) > 1:
        print(f"peers: the machine is busy (load {load:.1f}); the ratios will be, too", file=sys.stderr)

    table = Table(peers)
    for peer in peers:
        table.add("start to ready, ms", peer, peer.start_ms())
        for row, value in measure_memory(peer):
            table.add(row, peer, value)
    with ExitStack() as stack:
        for peer in peers:
            stack.enter_context(peer.running())
        for _ in range(arguments.rounds):
            for load in LOADS:
                for peer in peers:
                    for row, value in load.measure(peer, arguments.seconds).items():
                        table.add(row, peer, value)
    for peer in peers:
        table.add_fairness(peer)
    print(table)


if __name__ == "__main__":
    main()
