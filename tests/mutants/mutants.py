"""Seeds small faults into the cores, one at a time, and prints those that no unit test notices.

    ./run mutants [SECONDS] [SEED] [--at PLACE...]

It works for SECONDS (600 if not given) after its build is ready. The same SEED gives the same faults in the same order.
With --at it seeds faults only there: in files ("client/rpc/rpc_core.cpp") or lines ("client/rpc/rpc_core.cpp:154").

A mutant is a copy of a source with one token changed: a comparison, an operator, a constant, a condition, or with one
statement left out. Its folder's test program is built with it and run. The mutant is caught if a test fails, crashes or
hangs. Otherwise it survives and is printed: either a test is missing, or the mutant changes nothing that one can see. A
mutant that does not compile does not count.

No file of the work tree is changed. The sources are copied to build/mutants/source and built there as for ./run test,
so that ccache has most of it. A mutant lies in a folder of its own, which the compiler searches first. What sees it is
compiled again, without optimization and with asserts, and is linked before the other objects. A header's mutant is
compiled first into its own room only, then into all that includes the header if no test has noticed it so far.
"""

import argparse
import collections
import json
import os
import random
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
WORK = ROOT / "build/mutants"
SOURCE = WORK / "source"
BUILD = SOURCE / "build/test"
LOG = WORK / "build.log"

PROCESSORS = int(os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", os.cpu_count()))
MEMORY_MAX_BYTES = 4 << 30
FOLDERS = ["protocol", "broker", "client", "server"]
# No logic of the cores: what works with sockets, threads, processes and files, and the programs.
LEFT_OUT = re.compile(r"/io/|/host/|/(connector|loop|completion|command_process|run_command|handler_threads|stop_signals|exit_watch"
                      r"|embedded|in_process|fib_client|fib_server|pocketmq_call|pocketmq_serve|main)\.[ch]pp$")
# Lines that only count cost, make room in advance, or check what a test would not see.
NO_BEHAVIOUR = re.compile(r"budget\w*(\(\))?(\.|->)use\(|\breserve\(|shrink_to_fit|\bcapacity\(|_hint\("
                          r"|\b(static_)?assert\(")
NO_STATEMENT = re.compile(r"\s*(using|namespace|#|template|friend|\[\[)")

TOKENS = [
    (r"(?<= )(<=|>=|<|>)(?= )", {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}),
    (r"(?<= )(==|!=)(?= )", {"==": "!=", "!=": "=="}),
    (r"(?<= )(&&|\|\|)(?= )", {"&&": "||", "||": "&&"}),
    (r"(?<= )([+\-*/])(?= [\w(])", {"+": "-", "-": "+", "*": "/", "/": "*"}),
    (r"(\+\+|--)(?=[a-z])", {"++": "--", "--": "++"}),
    (r"(?<= )(\+=|-=)(?= )", {"+=": "-=", "-=": "+="}),
    (r"\b(true|false)\b", {"true": "false", "false": "true"}),
    (r"(?<=[ (])(!)(?=[a-z])", {"!": ""}),
    (r"(?<=\bif \()()(?=[a-z][\w.:()>*-]*(?:\)| &&| \|\|))", {"": "!"}),
    (r"(?<=[ ({])([01])(?=[;,)} ])", {"0": "1", "1": "0"}),
    (r"\bstd::(min|max)\b", {"min": "max", "max": "min"}),
    (r"\.(front|back)\(\)", {"front": "back", "back": "front"}),
    (r"\b(lower|upper)_bound\b", {"lower": "upper", "upper": "lower"}),
    (r"^\s+(?:if \(.*\) )?(break|continue);", {"break": "continue", "continue": "break"}),
]
# A call without a result, and an assignment to a member.
STATEMENTS = re.compile(r"^\s+(?:if \(.*\) |else )?((?:[a-z]\w*(?:\.|->|::))*[a-z]\w*\(.*\);|[a-z]\w*_ = [^;]+;)$")
TEXT = re.compile(r"""\"(?:[^"\\]|\\.)*\"|'(?:[^'\\]|\\.)'""")

Mutant = collections.namedtuple("Mutant", "file line before after")


class Interrupted(Exception):
    pass


def code_of(line):
    """As long as the line, with blanks for texts and for the comment."""
    line = TEXT.sub(lambda text: "\0" * len(text[0]), line)
    code = line.split("//", 1)[0].rstrip()
    return code.ljust(len(line)) if "//" in line else code


def changes_of(line):
    code = code_of(line)
    if not code.startswith("  ") or NO_BEHAVIOUR.search(code) or NO_STATEMENT.match(code):
        return
    for pattern, others in TOKENS:
        for found in re.finditer(pattern, code):
            if found[1] in ("+", "+=") and "\0" in code:
                continue  # texts are put together with these
            yield line[:found.start(1)] + others[found[1]] + line[found.end(1):]
    if (found := STATEMENTS.match(code.rstrip())) and not found[1].startswith("return"):
        yield line[:found.start(1)] + ";" + line[found.end(1):]


def mutants():
    for folder in FOLDERS:
        for path in sorted((SOURCE / folder).rglob("*.[ch]pp")):
            file = path.relative_to(SOURCE).as_posix()
            if not LEFT_OUT.search(file):
                for number, line in enumerate(path.read_text().splitlines(), 1):
                    for changed in changes_of(line):
                        yield Mutant(file, number, line, changed)


class Processes:
    """Those that run at this moment, each in a group of its own, so that all of them can be ended."""

    def __init__(self):
        self._lock = threading.Lock()
        self._running = set()
        self._ended = False

    def run(self, command, seconds, cwd=BUILD, output=subprocess.DEVNULL, environment=None):
        """The exit code; None if it takes longer."""
        with self._lock:
            if self._ended:
                raise Interrupted
            process = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                       env=environment, start_new_session=True)
            self._running.add(process)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            with self._lock:
                self._running.remove(process)
                self._kill(process)
            process.wait()
        if self._ended:
            raise Interrupted
        return code

    def end(self):
        with self._lock:
            self._ended = True
            for process in self._running:
                self._kill(process)

    @staticmethod
    def _kill(process):
        try:
            os.killpg(process.pid, signal.SIGKILL)  # with what it started
        except ProcessLookupError:
            pass


def copy_sources():
    """Copies what has changed since the last time, so that only this is built again."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            check=True, capture_output=True, text=True).stdout.split("\0")
    files = {file for file in listed if file and (ROOT / file).is_file()}
    for path in list(SOURCE.rglob("*")):
        name = path.relative_to(SOURCE).as_posix()
        if path.is_file() and not name.startswith("build/") and name not in files:
            path.unlink()
    for file in files:
        copy, content = SOURCE / file, (ROOT / file).read_bytes()
        if not copy.is_file() or copy.read_bytes() != content:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
            copy.chmod((ROOT / file).stat().st_mode)


class Program:
    """A folder's unit tests: how they are compiled and linked, and how they are run."""

    def __init__(self, folder, processes):
        self.folder = folder
        self.name = f"{folder}_tests"
        self._processes = processes
        self._link = self._link_command()
        self._commands, self._sources = {}, {}
        self._read_compile_commands()
        self._users = self._users_by_file()
        self._seconds = 60 + 5 * self._seconds_without_mutant()

    def _seconds_without_mutant(self):
        """How long its tests take; this is measured only when the program is new."""
        program, measured = BUILD / "bin" / self.name, WORK / f"{self.name}.seconds"
        if not measured.is_file() or measured.stat().st_mtime < program.stat().st_mtime:
            started = time.monotonic()
            if not self.passes(program, [], 1_200, WORK / "no_mutant"):
                sys.exit(f"mutants: {program} fails without a mutant")
            measured.write_text(str(time.monotonic() - started))
        return float(measured.read_text())

    def _link_command(self):
        commands = subprocess.run(["ninja", "-t", "commands", f"bin/{self.name}"], cwd=BUILD, check=True,
                                  capture_output=True, text=True).stdout.splitlines()
        steps = commands[-1].split(" && ")
        return shlex.split(next(step for step in steps if f" -o bin/{self.name} " in step))

    def _read_compile_commands(self):
        """Of each object that may see a mutant: what it is compiled with, and from what."""
        folders = (f"{self.folder}/CMakeFiles/", f"tests/CMakeFiles/{self.name}.dir/",
                   "tests/CMakeFiles/test_support.dir/")
        for entry in json.loads((BUILD / "compile_commands.json").read_text()):
            command = shlex.split(entry["command"])
            end = command.index("-o")
            if (made := command[end + 1]).startswith(folders):
                self._commands[made] = command[:end]
                self._sources[made] = Path(entry["file"]).relative_to(SOURCE).as_posix()

    def _users_by_file(self):
        users, made = collections.defaultdict(list), None
        for line in subprocess.run(["ninja", "-t", "deps"], cwd=BUILD, check=True, capture_output=True,
                                   text=True).stdout.splitlines():
            if not line.startswith(" "):
                made = line.split(":")[0]
            elif made in self._sources:
                path = Path(os.path.normpath(BUILD / line.strip()))
                if path.is_relative_to(SOURCE):
                    users[path.relative_to(SOURCE).as_posix()].append(made)
        return users

    def users_of(self, file):
        """The objects that see the file: first those of its room and of the unit's own test, then, of a header, all."""
        users = self._users[file]
        room, test = os.path.dirname(file), f"tests/{os.path.splitext(file)[0]}_test.cpp"
        near = [made for made in users if os.path.dirname(self._sources[made]) == room or self._sources[made] == test]
        return [near, users] if near and len(near) < len(users) else [users]

    def link_with(self, mutant, users, folder):
        """Compiles those users that are not yet, and links all of it; None if that does not work."""
        changed = folder / "source" / mutant.file
        if not changed.exists():
            changed.parent.mkdir(parents=True)
            lines = (SOURCE / mutant.file).read_text().splitlines()
            lines[mutant.line - 1] = mutant.after
            changed.write_text("\n".join(lines) + "\n")
        objects = {made: folder / made.replace("/", "-") for made in users}
        for made, compiled in objects.items():
            if not compiled.exists() and not self._compile(made, changed, compiled, folder):
                return None
        program = folder / self.name
        command = [str(objects.pop(token)) if token in objects else token for token in self._link]
        command[command.index("-o") + 1] = str(program)
        # Before the libraries: from these only those objects are taken that are still missing then.
        place = next(place for place, token in enumerate(command) if token.endswith(".o"))
        command[place:place] = map(str, objects.values())
        return program if self._processes.run(command, 600) == 0 else None

    def _compile(self, made, changed, compiled, folder):
        compiler, *options = self._commands[made]
        source = self._sources[made]
        if not source.startswith("tests/"):  # those stay as they are, for the precompiled header
            options += ["-O0", "-UNDEBUG", "-D_GLIBCXX_ASSERTIONS"]
        path = changed if changed == folder / "source" / source else SOURCE / source
        return self._processes.run([compiler, "-iquote", str(folder / "source"), *options, "-w",
                                    "-o", str(compiled), "-c", str(path)], 600) == 0

    def notices(self, mutant, program, folder):
        """The tests of the mutant's room come first: they are the most likely to fail."""
        room = sorted(path.stem for path in (SOURCE / "tests" / mutant.file).parent.glob("*_test.cpp"))
        selections = [[]]
        if room:
            selections = [[",".join(f"[#{test}]" for test in room)], ["".join(f"~[#{test}]" for test in room)]]
        return any(not self.passes(program, selection, self._seconds, folder) for selection in selections)

    def passes(self, program, tests, seconds, folder):
        files = folder / "files"
        files.mkdir(parents=True, exist_ok=True)
        return self._processes.run([str(program), "--abort", "-#", *tests], seconds, cwd=files,
                                   environment={**os.environ, "TMPDIR": str(files)}) == 0


class Hunt:
    """Takes one mutant after the other, on as many threads as there are processors, and counts."""

    def __init__(self, programs, processes, chosen, seconds):
        self._programs = programs
        self._processes = processes
        self._chosen = iter(chosen)
        self._deadline = time.monotonic() + seconds
        self._lock = threading.Lock()
        self.caught, self.survived = 0, 0

    def run(self):
        threads = [threading.Thread(target=self._work, args=(WORK / f"mutant{number}",))
                   for number in range(PROCESSORS)]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        finally:
            self._processes.end()
            for thread in threads:
                thread.join()

    def _work(self, folder):
        try:
            while mutant := self._next():
                shutil.rmtree(folder, ignore_errors=True)
                self._try(mutant, folder)
        except Interrupted:
            pass
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _next(self):
        with self._lock:
            return next(self._chosen, None) if time.monotonic() < self._deadline else None

    def _try(self, mutant, folder):
        program = self._programs[mutant.file.split("/")[0]]
        caught = False
        for users in program.users_of(mutant.file):
            linked = program.link_with(mutant, users, folder)
            if linked is None:
                return
            caught = program.notices(mutant, linked, folder)
            if caught:
                break
        with self._lock:
            if caught:
                self.caught += 1
            else:
                self.survived += 1
                print(f"survives: {mutant.file}:{mutant.line}\n  - {mutant.before.strip()}\n  + {mutant.after.strip()}",
                      flush=True)


def build(processes):
    copy_sources()
    tests = [f"{folder}_tests" for folder in FOLDERS]
    # As in ./run: a copy is the same source for ccache.
    environment = {**os.environ, "CCACHE_BASEDIR": str(SOURCE), "CCACHE_NOHASHDIR": "1",
                   "CCACHE_SLOPPINESS": "pch_defines,time_macros"}
    with LOG.open("w") as log:
        for command in ["cmake", "--preset", "test"], ["ninja", "-C", str(BUILD), "-j", str(PROCESSORS), *tests]:
            if processes.run(command, None, cwd=SOURCE, output=log, environment=environment) != 0:
                sys.exit(f"mutants: the tests do not build: {LOG}")


def interrupt(number, _):
    signal.signal(number, signal.SIG_IGN)  # once is enough
    sys.exit(128 + number)


def main():
    options = argparse.ArgumentParser(prog="./run mutants", description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("seconds", nargs="?", type=int, default=600)
    options.add_argument("seed", nargs="?", type=int, default=random.randrange(1_000_000))
    options.add_argument("--at", nargs="+", metavar="PLACE", help="FILE or FILE:LINE")
    arguments = options.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    # Of all that is started here: a mutant may allocate without end.
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    WORK.mkdir(parents=True, exist_ok=True)
    processes = Processes()
    try:
        build(processes)
        chosen = [mutant for mutant in mutants()
                  if not arguments.at or not {mutant.file, f"{mutant.file}:{mutant.line}"}.isdisjoint(arguments.at)]
        programs = {folder: Program(folder, processes) for folder in {mutant.file.split("/")[0] for mutant in chosen}}
    except BaseException:
        processes.end()
        raise
    random.Random(arguments.seed).shuffle(chosen)
    print(f"seed {arguments.seed}, {len(chosen)} mutants to choose from", flush=True)
    hunt = Hunt(programs, processes, chosen, arguments.seconds)
    try:
        hunt.run()
    finally:
        total = hunt.caught + hunt.survived
        print(f"{hunt.caught} of {total} were caught" + (f", {100 * hunt.caught / total:.1f} %" if total else ""))


if __name__ == "__main__":
    main()
