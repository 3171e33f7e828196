"""PocketMQ: a RabbitMQ for tests, as a process that is ready in milliseconds.

In pytest, use the fixtures `pocketmq` and `pocketmq_scope` (pocketmq/pytest_plugin.py). Elsewhere:

    with pocketmq.Broker() as broker, broker.scope("orders") as scope:
        app = start_app(scope.url)
        scope.await_drained()

Nothing but the standard library is needed.
"""

from .binary import find_binary
from .broker import Broker
from .errors import (
    BinaryNotFound,
    BrokerFailed,
    CannotHold,
    ExpectationFailed,
    LeftBehind,
    PocketMQError,
    RecordingDiffers,
    RequestRefused,
    TimedOut,
)
from .faults import Fault
from .report import Report
from .scope import Scope
from .text import matches

__version__ = "0.1.0"

__all__ = [
    "BinaryNotFound",
    "Broker",
    "BrokerFailed",
    "CannotHold",
    "ExpectationFailed",
    "Fault",
    "LeftBehind",
    "PocketMQError",
    "RecordingDiffers",
    "Report",
    "RequestRefused",
    "Scope",
    "TimedOut",
    "find_binary",
    "matches",
]
