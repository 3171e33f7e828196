"""The pytest plugin: test sessions of their own, in folders of their own, against a real broker."""

import re

import textwrap

import pytest

CONNECT = """
import pika
import pytest

def connect(scope):
    return pika.BlockingConnection(pika.URLParameters(scope.url))
"""


@pytest.fixture
def session(pytester):
    """Runs the tests in a pytest of its own, in this process."""

    def run(tests, *options):
        pytester.makepyfile(**{"test_it": CONNECT + textwrap.dedent(tests)})
        return pytester.runpytest_inprocess("-p", "pocketmq.pytest_plugin", "-p", "no:cacheprovider", *options)

    return run


def test_a_test_has_a_virtual_host_of_its_own_and_all_share_a_broker(session):
    run = session(
        """
        seen = []

        @pytest.mark.parametrize("n", [1, 2])
        def test_it(pocketmq, pocketmq_scope, n):
            assert pocketmq_scope.broker is pocketmq
            assert pocketmq_scope.vhost not in [scope.vhost for scope in seen]
            assert pocketmq_scope.id.startswith(f"it-{n}-")
            seen.append(pocketmq_scope)
            connect(pocketmq_scope).close()

        def test_they_are_closed():
            assert all(scope.is_closed for scope in seen)
        """
    )
    run.assert_outcomes(passed=3)


def test_what_is_left_behind_fails_the_test_with_the_brokers_report(session):
    run = session(
        """
        def test_it(pocketmq_scope):
            pocketmq_scope.publish("orders")
            connection = connect(pocketmq_scope)
            connection.channel().queue_declare("orders")
            pocketmq_scope.publish("orders", "one")
            connection.close()
        """
    )
    run.assert_outcomes(passed=1, errors=1)
    text = run.stdout.str()
    assert "ERROR at teardown of test_it" in text
    assert "orders" in text
    assert "pytest_plugin.py" not in text, "the traceback is not the test's"


def test_a_marker_allows_what_is_meant_to_be_left(session):
    run = session(
        """
        pytestmark = pytest.mark.pocketmq(allow={"unroutable": True})

        @pytest.mark.pocketmq(allow={"ready": ["orders"]})
        def test_it(pocketmq_scope):
            pocketmq_scope.publish("nobody")
            connection = connect(pocketmq_scope)
            connection.channel().queue_declare("orders")
            connection.close()
            pocketmq_scope.publish("orders", "one")
        """
    )
    run.assert_outcomes(passed=1)


def test_a_marker_that_is_misspelt_is_an_error_that_says_what_to_write(session):
    run = session(
        """
        @pytest.mark.pocketmq(alow={"ready": True})
        def test_it(pocketmq_scope): pass
        """
    )
    run.assert_outcomes(errors=1)
    run.stdout.fnmatch_lines(["*takes allow={...} and nothing else; write: @pytest.mark.pocketmq(allow=*"])


def test_a_failed_test_shows_what_is_in_the_scope_the_seed_and_the_log_and_no_second_error(session):
    run = session(
        """
        def test_it(pocketmq_scope):
            connect(pocketmq_scope).channel().queue_declare("orders")
            pocketmq_scope.publish("orders", "one")
            assert False, "for a reason"
        """
    )
    run.assert_outcomes(failed=1)
    text = run.stdout.str()
    assert re.search(r"-+ PocketMQ scope it-\d+ -+", text)
    assert "orders" in text.split("PocketMQ scope")[1]
    assert re.search(r"to run it again: pytest --pocketmq-seed \d+", text)
    assert re.search(r"-+ PocketMQ log, last 20 lines -+", text)


def test_a_timeout_is_a_failure_at_the_tests_own_line(session):
    run = session(
        """
        def test_it(pocketmq_scope):
            pocketmq_scope.await_message(routing_key="orders", within="10ms")
        """
    )
    run.assert_outcomes(failed=1)
    text = run.stdout.str()
    assert "no message" in text
    assert "scope.py" not in text and "http.py" not in text, text


def test_a_broker_that_is_not_there_is_one_clear_error(session, monkeypatch):
    run = session("def test_it(pocketmq_scope): pass", "--pocketmq-broker", "/nowhere/pocketmq-broker")
    run.assert_outcomes(errors=1)
    run.stdout.fnmatch_lines(["*names /nowhere/pocketmq-broker, which is not there; name an executable *"])


def test_the_same_seed_is_used_again(session):
    run = session("def test_it(pocketmq): assert pocketmq.seed == 4711", "--pocketmq-seed", "4711")
    run.assert_outcomes(passed=1)


def test_a_recording_is_written_with_the_option_and_compared_without_it(session, pytester):
    tests = """
        import pathlib

        def test_it(pocketmq_scope):
            connection = connect(pocketmq_scope)
            connection.channel().queue_declare("%s")
            connection.close()
            pocketmq_scope.compare(pathlib.Path("golden/it.ndjson"))
        """
    session(tests % "orders").assert_outcomes(failed=1)
    session(tests % "orders", "--pocketmq-update").assert_outcomes(passed=1)
    assert "orders" in (pytester.path / "golden/it.ndjson").read_text()
    session(tests % "orders").assert_outcomes(passed=1)
    run = session(tests % "payments")
    run.assert_outcomes(failed=1)
    run.stdout.fnmatch_lines(["*payments*", "*pytest --pocketmq-update*"])


def test_with_xdist_each_worker_has_a_broker(pytester):
    pytester.makepyfile(
        """
        import os
        import pathlib
        import pytest

        @pytest.mark.parametrize("n", range(8))
        def test_it(pocketmq_scope, n):
            worker = os.environ["PYTEST_XDIST_WORKER"]
            with open(f"{worker}.ports", "a") as ports:
                print(pocketmq_scope.broker.port, file=ports)
        """
    )
    options = ["-p", "pocketmq.pytest_plugin", "-p", "no:cacheprovider", "-p", "xdist", "-n", "2"]
    pytester.runpytest_subprocess(*options).assert_outcomes(passed=8)
    ports = [set(path.read_text().split()) for path in pytester.path.glob("*.ports")]
    assert len(ports) == 2 and all(len(of_worker) == 1 for of_worker in ports) and ports[0] != ports[1]
