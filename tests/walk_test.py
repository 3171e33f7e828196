#!/usr/bin/env python3
"""Checks the walk of a message in broker/README.md: each function is defined in its file, and is called by one above it."""

import re
import unittest
from pathlib import Path

root = Path(__file__).resolve().parent.parent
steps_max = 20
row = re.compile(r"^\| (\d+) \| `(\w+)::(\w+)` \| `([\w/.]+)` \|", re.MULTILINE)


def body_of(text, owner, name):
    """The function's body, by its braces; None if the file does not define it."""
    definition = rf"\b{owner}::{name}\(" if f"{owner}::{name}(" in text else rf"(?<![.>:\w]){name}\("
    for found in re.finditer(definition, text):
        at, depth = found.end(), 1
        while depth:  # the parameters
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
        if not re.match(r"[\s\w]*\{", text[at:]):
            continue  # a call or a declaration
        begin = end = text.index("{", at) + 1
        depth = 1
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        return text[begin:end]
    return None


class Walk(unittest.TestCase):
    def setUp(self):
        self.steps = row.findall((root / "broker/README.md").read_text())

    def test_the_walk_is_short_and_numbered(self):
        self.assertEqual([str(i + 1) for i in range(len(self.steps))], [step[0] for step in self.steps])
        self.assertGreater(len(self.steps), 10)
        self.assertLessEqual(len(self.steps), steps_max)

    def test_no_two_functions_share_a_name(self):
        names = [name for _, _, name, _ in self.steps]
        self.assertEqual(sorted(set(names)), sorted(names))

    def test_each_function_is_defined_where_the_walk_says(self):
        for number, owner, name, file in self.steps:
            with self.subTest(step=number):
                text = (root / file).read_text()
                self.assertTrue(f"{owner}::{name}(" in text or re.search(rf"\bclass {owner}\b", text))
                self.assertIsNotNone(body_of(text, owner, name), f"{file} does not define {owner}::{name}")

    def test_each_function_is_called_by_one_above_it(self):
        bodies = []
        for number, owner, name, file in self.steps:
            called = any(re.search(rf"\b{name}\b", body) for body in bodies)
            if bodies and name != "write":  # begun by the flush at the turn's end, which `CommandEnd::send` asks for
                self.assertTrue(called, f"step {number}, {owner}::{name}, is called by none above it")
            bodies.append(body_of((root / file).read_text(), owner, name) or "")

    def test_a_function_that_is_not_there_is_found_out(self):
        self.assertIsNone(body_of("void A::b() { c(); }", "A", "d"))
        self.assertIsNone(body_of("void b(int);  // declared only", "A", "b"))
        self.assertEqual(" c(); }", body_of("void A::b() { c(); }", "A", "b"))


if __name__ == "__main__":
    unittest.main()
