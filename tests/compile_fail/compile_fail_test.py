"""Signatures that the libraries refuse do not compile, and the first error says why.

A source here compiles as it stands. Of its lines with an OR, each is then compiled without the others and with the type
that stands second there: it must fail, and first with the sentence of the last comment before that begins "pocketmq:".

The compiler's flags are those of the build of POCKETMQ_BIN. Each compiler reads the libraries' headers once.
"""

import json
import os
import shlex
import shutil
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
BUILD = Path(os.environ["POCKETMQ_BIN"]).resolve().parent
WORK = BUILD / "compile_fail"
HEADERS = ["server/rpc_server.hpp", "client/rpc_client.hpp"]


def flags():
    """Those that choose what is compiled: the standard, definitions, include directories."""
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    words = shlex.split(next(each["command"] for each in commands if each["file"].endswith("server/rpc_server.cpp")))
    with_value = [f"{word}{value}" for word, value in zip(words, words[1:]) if word == "-isystem"]
    return [word for word in words if word.startswith(("-std=", "-D", "-I"))] + with_value


def cases(source):
    """The sources to compile: the number of a line with an OR, the text with only that one, the error's sentence."""
    lines = source.read_text().splitlines()
    sentence = None
    for number, line in enumerate(lines, 1):
        if line.strip().startswith("// pocketmq: "):
            sentence = line.strip().removeprefix("// ")
        elif "OR(" in line:
            alone = [other if "OR(" not in other or other is line else "" for other in lines]
            yield number, "\n".join(alone), sentence


class CompileFailTest(unittest.TestCase):

    def setUp(self):
        shutil.rmtree(WORK, ignore_errors=True)
        WORK.mkdir()

    def check(self, compiler):
        if not shutil.which(compiler):
            self.skipTest(f"there is no {compiler}")
        headers = WORK / "headers.hpp"
        headers.write_text("".join(f'#include "{header}"\n' for header in HEADERS))
        command = [compiler, *flags(), "-Wfatal-errors"]
        clang = "clang" in compiler
        subprocess.run([*command, *(["-fpch-instantiate-templates"] if clang else []), "-x", "c++-header", headers,
                        "-o", headers.with_suffix(".hpp.pch" if clang else ".hpp.gch")], check=True)

        def first_error(text, *options):
            done = subprocess.run([*command, "-include", headers, "-fsyntax-only", *options, "-x", "c++", "-"],
                                  input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
            if done.returncode == 0:
                return None
            return next((line for line in done.stdout.splitlines() if "error:" in line), done.stdout)

        for source in sorted(FOLDER.glob("*.cpp")):
            with self.subTest(source.name):
                self.assertIsNone(first_error(source.read_text()))
            numbers, texts, sentences = zip(*cases(source))
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                errors = pool.map(lambda text: first_error(text, "-DREFUSED=true"), texts)
            for number, sentence, error in zip(numbers, sentences, errors):
                with self.subTest(f"{source.name}:{number}"):
                    self.assertIn(sentence, error or "it compiles")

    def test_gcc_says_it_first(self):
        self.check("g++")

    def test_clang_says_it_first(self):
        self.check("clang++")


if __name__ == "__main__":
    unittest.main()
