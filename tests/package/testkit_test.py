"""A user's project finds the installed test kit, and builds its examples and its README's program, which pass.

It takes the build to install from POCKETMQ_BIN.
"""

import re
import shutil
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "integration"))

from programs import BIN, ROOT, run

BUILD = BIN.parent
WORK = BUILD / "testkit_package"  # the same in each run, so that ccache knows what is compiled there
PREFIX = WORK / "prefix"
EXAMPLES = ROOT / "tests/kit/examples"
README_OUTPUT = "42\n5\n8\n2\n"


def readmes_program():
    page = (ROOT / "tests/kit/README.md").read_text()
    return re.search(r"^<!-- testkit-program -->\n```cpp\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[1]


class TestkitTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        shutil.rmtree(WORK, ignore_errors=True)
        run("cmake", "--install", BUILD, "--prefix", PREFIX)

    def build(self, source):
        build = WORK / f"{source.name}-build"
        run("cmake", "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={PREFIX}")
        run("cmake", "--build", build)
        return build

    def test_the_examples_pass(self):
        source = WORK / "examples"
        shutil.copytree(EXAMPLES, source)
        print(run("ctest", "--test-dir", self.build(source), "--output-on-failure", "--no-tests=error"))

    def test_readmes_program_runs(self):
        source = WORK / "readme"
        source.mkdir()
        (source / "main.cpp").write_text(readmes_program())
        (source / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(readme LANGUAGES CXX)\n"
            "find_package(pocketmq REQUIRED COMPONENTS testkit)\nadd_executable(program main.cpp)\n"
            "target_link_libraries(program PRIVATE pocketmq::testkit)\n")
        self.assertEqual(run(self.build(source) / "program"), README_OUTPUT)

    def test_the_kit_knows_no_test_framework(self):
        for header in (PREFIX / "include/pocketmq/testkit").glob("*.hpp"):
            self.assertNotRegex(header.read_text(), "catch2|gtest|tests/", header)
        self.assertTrue((PREFIX / "include/pocketmq/testkit/world.hpp").is_file())


if __name__ == "__main__":
    unittest.main()
