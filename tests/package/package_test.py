"""What `cmake --install` leaves is whole, may be moved, and serves users' projects, as does our source as a part of them.

It takes the build to install from POCKETMQ_BIN. Users' projects are compiled as C++20 and C++23 by g++ and clang++.
"""

import http.client
import itertools
import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "integration"))

import readme
from programs import BIN, ROOT, run

BUILD = BIN.parent
WORK = BUILD / "package"  # the same in each run, so that ccache knows what is compiled there
PREFIX = WORK / "elsewhere/pocketmq"
PROGRAMS = {  # README's, and what they print
    "first": (readme.block("first-program"), "42\n"),
    "coroutine": (readme.block("coroutine-program"), "42\n1\n2\n3\n"),
    "callback": (readme.block("callback-program"), "385\n"),
}
COMPILERS = [compiler for compiler in ("g++", "clang++") if shutil.which(compiler)]


def install():
    """As README says, and then the prefix is moved."""
    clone, home = WORK / "clone", WORK / "home"
    (clone / "build").mkdir(parents=True)
    (clone / "build/release").symlink_to(BUILD)
    (clone / "run").write_text("#!/bin/sh\n# The build has been made: it is this test's.\n")
    (clone / "run").chmod(0o755)
    run("bash", "-e", "-c", readme.block("first-install"), cwd=clone, env={**os.environ, "HOME": str(home)})
    PREFIX.parent.mkdir()
    (home / "pocketmq").rename(PREFIX)


def build_project(source, *options, name=None, target="all"):
    """Configures and builds a user's project; returns where its programs are."""
    build = WORK / f"{name or source.name}-build"
    run("cmake", "-S", source, "-B", build, *options)
    run("cmake", "--build", build, "--target", target)
    return build


def combinations(project, *options):
    """For each compiler and standard a name, and the options of a project with README's programs."""
    for compiler, standard in itertools.product(COMPILERS, (20, 23)):
        yield f"{project}-{compiler}-{standard}", [f"-DCMAKE_CXX_COMPILER={compiler}", f"-DCMAKE_CXX_STANDARD={standard}",
                                                   f"-DREADME_PROGRAMS={readme_programs()}", *options]


def public_headers():
    """Those that users include, by their installed names."""
    listed = re.search(r"set\(staged_names(.*?)\)", (ROOT / ".cmake/stage_headers.cmake").read_text(), re.DOTALL)
    return [re.sub("^tests/kit/", "testkit/", name) for name in listed[1].split()]


def readme_programs():
    folder = WORK / "readme"
    folder.mkdir(exist_ok=True)
    for program, (text, _) in PROGRAMS.items():
        (folder / f"{program}.cpp").write_text(text)
    return folder


class PackageTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        shutil.rmtree(WORK, ignore_errors=True)
        install()

    def installed(self, pattern):
        return {str(path.relative_to(PREFIX)) for path in PREFIX.glob(pattern) if path.is_file()}

    def test_what_users_include_is_there_with_what_that_needs_and_nothing_else(self):
        left, needed = public_headers(), set()
        while left:
            header = f"include/pocketmq/{left.pop()}"
            if header not in needed:
                needed.add(header)
                left += re.findall(r'^#include "pocketmq/([^"]+)"', (PREFIX / header).read_text(), re.MULTILINE)
        self.assertEqual(self.installed("include/**/*"), needed)

    def test_each_folders_readme_lists_what_users_include(self):
        for header in public_headers():
            folder, name = header.split("/")
            page = ROOT / ("tests/kit" if folder == "testkit" else folder) / "README.md"
            self.assertIn(f"`{name}`", page.read_text(), header)

    def test_libraries_programs_readme_and_cmake_package_are_there(self):
        libraries = {Path(path).name for path in self.installed("lib/**/*.a")}
        self.assertEqual(libraries, {f"libpocketmq_{name}.a" for name in ("protocol", "broker", "client", "server", "http",
                                                                      "testkit")})
        self.assertEqual(self.installed("bin/*"), {f"bin/pocketmq-{name}" for name in ("broker", "call", "serve")})
        self.assertEqual(self.installed("share/**/*"), {"share/doc/pocketmq/README.md"})
        package = {Path(path).name for path in self.installed("lib/**/cmake/pocketmq/*")}
        self.assertLessEqual({"pocketmqConfig.cmake", "pocketmqConfigVersion.cmake", "pocketmqTargets.cmake"}, package)

    def test_the_programs_run(self):
        package = next(PREFIX.glob("lib/**/pocketmqConfigVersion.cmake")).read_text()
        for program in (PREFIX / "bin").iterdir():
            version = run(program, "--version").strip()
            self.assertIn(f'set(PACKAGE_VERSION "{version.split()[-1]}")', package, program)

    def test_nothing_in_it_knows_where_it_was_built(self):
        for path in PREFIX.rglob("*"):
            if path.suffix in {".cmake", ".hpp"}:
                self.assertNotIn(str(ROOT), path.read_text(), path)

    def test_readmes_first_program_is_built_by_readmes_project_and_runs(self):
        source = WORK / "first"
        source.mkdir()
        (source / "CMakeLists.txt").write_text(readme.block("first-cmake"))
        (source / "main.cpp").write_text(readme.block("first-program"))
        build = build_project(source, f"-DCMAKE_PREFIX_PATH={PREFIX}")
        self.assertEqual(run(build / "first"), "42\n")

    def programs_run(self, build):
        for program, (_, output) in PROGRAMS.items():
            self.assertEqual(run(build / program), output, program)

    def status_of_state(self, program):
        """What a user's program answers over HTTP to one who does not log in."""
        with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            client = http.client.HTTPConnection("127.0.0.1", int(process.stdout.readline()), timeout=60)
            try:
                client.request("GET", "/state")
                return client.getresponse().status
            finally:
                client.close()
                process.communicate("\n", timeout=60)

    def test_a_project_finds_versions_and_components_and_builds_readmes_programs(self):
        for name, options in combinations("installed", f"-DCMAKE_PREFIX_PATH={PREFIX}"):
            with self.subTest(name):
                # Every header, where compilers and standards differ most.
                every = name in ("installed-g++-20", "installed-clang++-23")
                build = build_project(ROOT / "tests/package", f"-DALL_HEADERS={every}", *options, name=name)
                self.programs_run(build)
                self.assertEqual(self.status_of_state(build / "http"), 401)

    def test_a_project_builds_our_source_along(self):
        source = ROOT / "tests/package/from_source"
        for name, options in combinations("along", f"-DPOCKETMQ_SOURCE={ROOT}"):
            with self.subTest(name):
                whole = name == f"along-{COMPILERS[-1]}-23"  # others compile what a user wrote: ours takes minutes
                fetch = whole or name == "along-g++-23"
                build = build_project(source, f"-DFETCH={fetch}", *options, name=name, target="all" if whole else "objects")
                if whole:
                    self.programs_run(build)
                    run("cmake", "--install", build, "--prefix", WORK / "installed")
                    installed = {path.name for path in (WORK / "installed").rglob("*") if path.is_file()}
                    self.assertEqual(installed, {"first"})

    def test_a_project_sees_what_changes_in_our_headers(self):
        ours = WORK / "ours"
        for folder in (".cmake", "protocol", "broker", "client", "server", "tests/kit"):
            shutil.copytree(ROOT / folder, ours / folder)
        shutil.copy(ROOT / "CMakeLists.txt", ours)
        theirs = WORK / "theirs"
        theirs.mkdir()
        (theirs / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.25)\nproject(theirs LANGUAGES CXX)\n"
                                               f"add_subdirectory({ours} pocketmq)\nadd_library(objects OBJECT all.cpp)\n"
                                               "target_link_libraries(objects PRIVATE pocketmq::client)\n")
        (theirs / "all.cpp").write_text("#include <pocketmq/client/link/completion.hpp>\n")
        build = build_project(theirs, target="objects")
        (ours / "client/link/completion.hpp").write_text("#error changed\n")
        with self.assertRaisesRegex(AssertionError, "#error changed"):
            run("cmake", "--build", build, "--target", "objects")
        self.assertFalse((build / "pocketmq/include/pocketmq/client/exit_status.hpp").exists(), "it is internal")


if __name__ == "__main__":
    unittest.main()
