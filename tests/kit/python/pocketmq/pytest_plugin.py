"""The pytest plugin: the fixtures `pocketmq` and `pocketmq_scope`.

    @pytest.mark.pocketmq(allow={"ready": ["orders"]})
    def test_an_order_is_retried(pocketmq_scope):
        app = start_app(pocketmq_scope.url)
        pocketmq_scope.await_drained()

`pocketmq` is one broker a session (with xdist: a worker), started when the first test wants it. `pocketmq_scope` is one
virtual host a test. When the test is over, its scope is closed, and the test fails if something was left in it.
"""

import re
from typing import Any, Dict, Generator, Iterator, List, Optional

import pytest

from .broker import Broker
from .errors import PocketMQError
from .scope import Scope
from .text import allow_of

_FAILED_ATTRIBUTE = "_pocketmq_failed"
_LOG_LINES = 20


def pytest_addoption(parser: Any) -> None:
    group = parser.getgroup("pocketmq", "PocketMQ, a broker for tests")
    group.addoption(
        "--pocketmq-broker",
        metavar="PATH",
        help="the pocketmq-broker to start (default: $POCKETMQ_BROKER, then that of the package, then that on the PATH)",
    )
    group.addoption(
        "--pocketmq-seed", metavar="N", type=int, help="the broker's seed, as a failed test has printed it"
    )
    group.addoption(
        "--pocketmq-update",
        action="store_true",
        help="write the golden recordings that scope.compare() reads, instead of comparing",
    )


def pytest_configure(config: Any) -> None:
    config.addinivalue_line(
        "markers",
        "pocketmq(allow): what the test's scope may leave behind, as {'ready': ['orders'], 'unroutable': True}",
    )


@pytest.fixture(scope="session")
def pocketmq(pytestconfig: Any) -> Iterator[Broker]:
    """The broker of this session, a pocketmq.Broker."""
    broker = Broker(binary=pytestconfig.getoption("--pocketmq-broker"), seed=pytestconfig.getoption("--pocketmq-seed"))
    with broker:
        yield broker


@pytest.fixture
def pocketmq_scope(pocketmq: Broker, request: Any) -> Iterator[Scope]:
    """A virtual host and a user of this test's own, a pocketmq.Scope."""
    scope = pocketmq.scope(scope_name(request.node.name), allow_of_markers(request.node))
    scope.updates_goldens = request.config.getoption("--pocketmq-update")
    yield scope
    was_closed = scope.is_closed
    has_failed = getattr(request.node, _FAILED_ATTRIBUTE, False)  # then what is left is a consequence
    report = scope.end(within=0 if has_failed else None)
    if not (report.ok or was_closed or has_failed):
        pytest.fail(report.text, pytrace=False)


def scope_name(test: str) -> str:
    """The test's name in letters that a URL may have: `test_it[a/b]` -> "it-a-b"."""
    name = re.sub(r"[^A-Za-z0-9_.]+", "-", test).strip("-")
    return (name[len("test_") :] if name.startswith("test_") else name)[:80] or "test"


def allow_of_markers(node: Any) -> Optional[Dict[str, Any]]:
    """What the markers `pocketmq(allow=...)` of the test, its class and its module say, the nearest first."""
    allow: Dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers("pocketmq"))):
        unknown = set(marker.kwargs) - {"allow"}
        if marker.args or unknown:
            raise pytest.UsageError(
                f"the marker pocketmq of {node.nodeid} takes allow={{...}} and nothing else; write: "
                "@pytest.mark.pocketmq(allow={'ready': ['orders']})"
            )
        allow.update(allow_of(marker.kwargs.get("allow", {})))
    return allow or None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Generator[None, Any, None]:
    report = (yield).get_result()
    if not report.failed or call.when == "teardown":
        return
    setattr(item, _FAILED_ATTRIBUTE, True)
    fixtures = getattr(item, "funcargs", {})
    scope, broker = fixtures.get("pocketmq_scope"), fixtures.get("pocketmq")
    if isinstance(scope, Scope):
        broker = scope.broker
        report.sections.append((f"PocketMQ scope {scope.id}", diagnosis_of(scope)))
    if isinstance(broker, Broker):
        report.sections.append((f"PocketMQ log, last {_LOG_LINES} lines", "\n".join(log_of(broker))))


def diagnosis_of(scope: Scope) -> str:
    """What is in the scope, and the seed with which the test runs again in the same way."""
    try:
        report = scope.end() if scope.is_closed else scope.report()
    except PocketMQError as error:
        return str(error)
    return f"{report.text or 'nothing is left in it'}\nto run it again: pytest --pocketmq-seed {scope.broker.seed}"


def log_of(broker: Broker) -> List[str]:
    return broker.log_lines(_LOG_LINES) or ["it is empty"]
