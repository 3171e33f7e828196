"""What `cmake --install` leaves is whole, may be moved, and serves users' projects.

It takes the build to install from POCKETMQ_BIN, and the compiler from CMake's own variables (CXX, ...).
"""

import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "integration"))

import readme
from programs import BIN, ROOT

BUILD = BIN.parent
WORK = BUILD / "package"  # the same in each run, so that ccache knows what is compiled there
PREFIX = WORK / "elsewhere/pocketmq"


def run(*command, **options):
    """What it prints, of a command that must succeed."""
    done = subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=300, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


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


def build_project(source, *options):
    """Configures and builds a user's project; returns where its programs are."""
    build = WORK / f"{source.name}-build"
    run("cmake", "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={PREFIX}", *options)
    run("cmake", "--build", build)
    return build


class PackageTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        shutil.rmtree(WORK, ignore_errors=True)
        install()

    def installed(self, pattern):
        return {str(path.relative_to(PREFIX)) for path in PREFIX.glob(pattern) if path.is_file()}

    def test_every_header_is_there_and_includes_the_installed_ones(self):
        headers = self.installed("include/**/*")
        sources = {str(path.relative_to(ROOT)) for folder in ("protocol", "broker", "client", "server")
                   for path in (ROOT / folder).rglob("*.hpp")}
        self.assertEqual(headers, {f"include/pocketmq/{source}" for source in sources})
        for header in headers:
            for line in (PREFIX / header).read_text().splitlines():
                if line.startswith('#include "'):
                    self.assertIn("include/" + line.split('"')[1], headers, header)

    def test_libraries_programs_readme_and_cmake_package_are_there(self):
        libraries = {Path(path).name for path in self.installed("lib/**/*.a")}
        self.assertEqual(libraries, {f"libpocketmq_{folder}.a" for folder in ("protocol", "broker", "client", "server")})
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
        self.assertEqual(run(build_project(source) / "first"), "42\n")

    def test_a_project_finds_versions_and_components_and_may_include_every_header(self):
        programs = WORK / "readme"
        programs.mkdir()
        (programs / "coroutine.cpp").write_text(readme.block("coroutine-program"))
        (programs / "callback.cpp").write_text(readme.block("callback-program"))
        build = build_project(ROOT / "tests/package", f"-DREADME_PROGRAMS={programs}")
        self.assertEqual(run(build / "coroutine"), "42\n1\n2\n3\n")
        self.assertEqual(run(build / "callback"), "385\n")


if __name__ == "__main__":
    unittest.main()
