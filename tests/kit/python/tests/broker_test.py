"""The process of a real broker: it starts fast, and ends with whoever started it."""

import os
import signal
import subprocess
import sys
import time

import pytest

import pocketmq

STARTER = """
import os, sys, pocketmq
broker = pocketmq.Broker()
{more}
print(broker.process.pid, flush=True)
sys.stdin.read()
"""


def test_it_ends_with_stop_and_leaves_nothing():
    broker = pocketmq.Broker()
    assert broker.is_running and broker.state()["vhosts"]
    broker.stop()
    assert not broker.is_running and broker.process.returncode == 0
    broker.stop()  # a second one does nothing


def test_it_ends_when_nobody_has_it_any_more():
    broker = pocketmq.Broker()
    process = broker.process
    del broker
    assert process.poll() == 0


def test_a_broker_that_was_killed_is_told_at_the_end():
    broker = pocketmq.Broker()
    broker.process.kill()
    broker.process.wait()
    with pytest.raises(pocketmq.BrokerFailed, match="exit code -9"):
        broker.stop()


def wait_for_end(pid):
    """The processes are no children of this one, so there is nothing to wait for but their absence."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return
        except OSError:
            return
        time.sleep(0.005)
    raise AssertionError(f"the broker {pid} outlives the process that started it")


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_its_parent_however_that_ends(way):
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER.format(more="")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with starter:
        pid = int(starter.stdout.readline())
        starter.send_signal(way)
        starter.wait()
        wait_for_end(pid)


def test_it_ends_with_its_parent_although_a_fork_of_that_has_its_pipes():
    more = "if os.fork() == 0: sys.stdin.read(); os._exit(0)"
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER.format(more=more)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with starter:
        pid = int(starter.stdout.readline())
        os.kill(starter.pid, signal.SIGKILL)
        wait_for_end(pid)


def test_a_fork_that_ends_does_not_end_the_broker_of_its_parent(pocketmq):
    child = os.fork()
    if child == 0:
        try:
            pocketmq.state()  # over a connection of its own
            pocketmq.stop()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert pocketmq.is_running and pocketmq.state()["vhosts"]
