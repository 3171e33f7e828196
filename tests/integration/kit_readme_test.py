"""The examples in broker/control/README.md do and answer what stands there."""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BLOCK = re.compile(r"^```(sh|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = "-- the end of an example --"


def pattern_of(line):
    """A regular expression for a line in which `...` stands for anything."""
    return re.compile(".*".join(re.escape(part) for part in line.split("...")))


class Readme(unittest.TestCase):
    def test_its_examples_answer_what_it_says(self):
        examples = []  # the commands, and the lines of their answer
        for language, text in BLOCK.findall((ROOT / "broker/control/README.md").read_text("utf-8")):
            if language == "sh":
                examples.append((text, []))
            else:
                examples[-1][1].extend(text.splitlines())
        self.assertGreater(sum(1 for _, answer in examples if answer), 7)
        script = f"\necho; echo '{MARK}'\n".join(commands for commands, _ in examples)
        path = f"{Path(os.environ['POCKETMQ_BIN']).resolve()}:{os.environ['PATH']}"
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["bash", "-c", f"trap 'kill $(jobs -p)' EXIT\n{script}"], cwd=folder, text=True, timeout=60,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PATH": path})
        answers = [[line for line in answer.splitlines() if line and not line.startswith("ready on ")]
                   for answer in done.stdout.split(MARK)]
        self.assertEqual(len(answers), len(examples), done.stderr)
        for (commands, wanted), got in zip(examples, answers):
            if not wanted:
                continue
            with self.subTest(commands):
                self.assertEqual(len(got), len(wanted), got)
                for line, pattern in zip(got, wanted):
                    self.assertRegex(line, pattern_of(pattern))


if __name__ == "__main__":
    unittest.main()
