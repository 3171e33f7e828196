"""The example in the README's chapter "Testing your application" does what stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

KIT = Path(__file__).resolve().parent.parent
README = KIT.parent.parent.parent / "README.md"


def test_the_readmes_example_passes_in_an_empty_folder(tmp_path):
    example = re.search(r"<!-- testing-example -->\n```python\n(.*?)^```", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    (tmp_path / "test_orders.py").write_text(example[1], "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "pocketmq.pytest_plugin", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(KIT)}, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout

