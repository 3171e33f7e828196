"""For the tests in this folder: the package out of the sources, and pytest's fixture for tests of plugins."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

sys.path.insert(0, str(HERE / "python"))
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(HERE / "python"), os.environ.get("PYTHONPATH")]))
if "POCKETMQ_BROKER" not in os.environ:
    built = [ROOT / "build" / build / "bin/pocketmq-broker" for build in ("release", "test")]
    os.environ.update({"POCKETMQ_BROKER": str(path) for path in built[::-1] if path.is_file()})

pytest_plugins = ["pocketmq.pytest_plugin", "pytester"]
