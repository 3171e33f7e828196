"""Seeds small faults into the cores, one at a time, and prints those that no unit test notices.

    ./run mutants [SECONDS] [SEED] [--count COUNT] [--at PLACE...]

It works for SECONDS (600 if not given) after its build is ready. The same SEED gives the same faults in the same order.
With --count it ends as soon as so many mutants are counted.
With --at it seeds faults only there: in files ("client/rpc/rpc_core.cpp") or lines ("client/rpc/rpc_core.cpp:154").

A mutant is a copy of a source with one token changed: a comparison, an operator, a constant, a condition, or with one
statement left out. Its folder's test program is built with it and run. The mutant is caught if a test fails, crashes or
hangs. Otherwise it survives and is printed: either a test is missing, or the mutant changes nothing that one can see. A
mutant that does not compile does not count. build/mutants/results.log tells of each mutant what became of it.

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
RESULTS = WORK / "results.log"  # of the last run: each mutant, what became of it, and how long that took

PROCESSORS = int(os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", os.cpu_count()))
MEMORY_MAX_BYTES = 4 << 30
FILE_MAX_BYTES = 1 << 30
HANG_MAX_SECONDS = 1_200  # after this it hangs, however busy the machine is
FOLDERS = ["protocol", "broker", "client", "server"]
MUTANT_OPTIONS = ["-O0", "-UNDEBUG", "-D_GLIBCXX_ASSERTIONS"]
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


def folder_of(mutant):
    return mutant.file.split("/")[0]


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


def seconds_without_processor(pid):
    """For how long its threads were ready, but other processes had the processors."""
    nanoseconds = 0
    for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            nanoseconds += int(thread.read_text().split()[1])
        except OSError:
            pass  # the thread has ended
    return nanoseconds / 1e9


class Processes:
    """Those that run at this moment, each in a group of its own, so that all of them can be ended."""

    def __init__(self):
        self._lock = threading.Lock()
        self._running = set()
        self._ended = False

    def run(self, command, seconds, cwd=BUILD, output=subprocess.DEVNULL, environment=None):
        """The exit code; None if it takes longer, not counting the time for which it waits for a processor."""
        with self._lock:
            if self._ended:
                raise Interrupted
            process = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                       env=environment, start_new_session=True)
            self._running.add(process)
        try:
            code = self._wait(process, seconds)
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
    def _wait(process, seconds):
        started = time.monotonic()
        while True:
            try:
                return process.wait(None if seconds is None else min(seconds, 2))
            except subprocess.TimeoutExpired:
                taken = time.monotonic() - started
                if taken > seconds + seconds_without_processor(process.pid) or taken > HANG_MAX_SECONDS:
                    return None

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
        self._precompiled = WORK / f"{folder}_precompiled/precompiled.hpp"
        self._precompile()
        self._seconds = 60 + 5 * self._seconds_without_mutant()

    def _seconds_without_mutant(self):
        """How long its tests take; this is measured only when the program is new."""
        program, measured = BUILD / "bin" / self.name, WORK / f"{self.name}.seconds"
        if not measured.is_file() or measured.stat().st_mtime < program.stat().st_mtime:
            started = time.monotonic()
            if self.run(program, [], 1_200, WORK / "no_mutant") != 0:
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
        libraries = re.compile(rf"({self.folder}/(\w+/)*CMakeFiles/pocketmq_\w+|tests/CMakeFiles/({self.name}|test_support))\.dir/")
        for entry in json.loads((BUILD / "compile_commands.json").read_text()):
            command = shlex.split(entry["command"])
            end = command.index("-o")
            if libraries.match(made := command[end + 1]):
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

    def sees(self, file):
        return bool(self._users[file])

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
            options += MUTANT_OPTIONS
        command = [compiler, "-iquote", str(folder / "source"), *options, "-w", "-o", str(compiled), "-c"]
        if changed != folder / "source" / source:
            return self._processes.run([*command, str(SOURCE / source)], 600) == 0
        # A name of a header that the source does not include may clash with one of its own.
        return any(self._processes.run([*command, *include, str(changed)], 600) == 0
                   for include in (["-include", str(self._precompiled)], []))

    def _precompile(self):
        """Compiles the headers that many sources of the folder see, for mutants that are no headers themselves."""
        own = {made for made in self._sources if made.startswith(f"{self.folder}/")}
        headers = sorted(file for file, users in self._users.items()
                         if file.endswith(".hpp") and 4 * len(own.intersection(users)) > len(own))
        text, compiled = "".join(f'#include "{header}"\n' for header in headers), Path(f"{self._precompiled}.gch")
        if (compiled.is_file() and self._precompiled.read_text() == text
                and compiled.stat().st_mtime > max((SOURCE / header).stat().st_mtime for header in headers)):
            return
        compiled.parent.mkdir(exist_ok=True)
        self._precompiled.write_text(text)
        compiler, *options = self._commands[min(own)]
        if self._processes.run([compiler, *options, *MUTANT_OPTIONS, "-w", "-x", "c++-header", "-o", str(compiled),
                                str(self._precompiled)], 1_200) != 0:
            compiled.unlink(missing_ok=True)
            sys.exit(f"mutants: {self._precompiled} does not compile")

    def notices(self, mutant, program, folder):
        """How, or None. The unit's own test comes first and then those of its room: they are the most likely to fail."""
        room = sorted(path.stem for path in (SOURCE / "tests" / mutant.file).parent.glob("*_test.cpp"))
        own = f"{Path(mutant.file).stem}_test"
        selections = [[]]
        if room:
            selections = [[",".join(f"[#{test}]" for test in room if test != own)],
                          ["".join(f"~[#{test}]" for test in room)]]
            if own in room:
                selections = [[f"[#{own}]"], *(selections if len(room) > 1 else selections[1:])]
        for selection in selections:
            code = self.run(program, selection, self._seconds, folder)
            if code != 0:
                return "hangs" if code is None else self._failure(code, folder)
        return None

    @staticmethod
    def _failure(code, folder):
        """The test that failed, by file and line, or the exit code."""
        for line in (folder / "output").read_text(errors="replace").splitlines():
            if found := re.search(r"(tests/\S+:\d+): failed", line):
                return f"fails at {found[1]}"
        return f"ends with {code}"

    def run(self, program, tests, seconds, folder):
        files = folder / "files"
        files.mkdir(parents=True, exist_ok=True)
        with (folder / "output").open("w") as output:
            return self._processes.run([str(program), "--abort", "-r", "compact", "-#", *tests], seconds, cwd=files,
                                       output=output, environment={**os.environ, "TMPDIR": str(files)})


class Hunt:
    """Takes one mutant after the other, on as many threads as there are processors, and counts."""

    def __init__(self, programs, processes, chosen, seconds, count):
        self._programs = programs
        self._processes = processes
        self._chosen = iter(chosen)
        self._deadline = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._count = count
        self._at_work = 0
        self._results = RESULTS.open("w")
        self.caught, self.survived = collections.Counter(), collections.Counter()

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
                started = time.monotonic()
                outcome = self._try(mutant, folder)
                self._finish(mutant, outcome, time.monotonic() - started)
        except Interrupted:
            pass
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _next(self):
        with self._lock:
            counted = self.caught.total() + self.survived.total()
            if time.monotonic() >= self._deadline or counted + self._at_work == self._count:
                return None
            mutant = next(self._chosen, None)
            if mutant:
                self._at_work += 1
            return mutant

    def _try(self, mutant, folder):
        """What becomes of the tests, or None if the mutant does not compile."""
        program = self._programs[folder_of(mutant)]
        for users in program.users_of(mutant.file):
            linked = program.link_with(mutant, users, folder)
            if linked is None:
                return None
            if (caught := program.notices(mutant, linked, folder)):
                return caught
        return "survives"

    def _finish(self, mutant, outcome, seconds):
        place, change = f"{mutant.file}:{mutant.line}", f"  - {mutant.before.strip()}\n  + {mutant.after.strip()}"
        with self._lock:
            self._at_work -= 1
            print(f"{outcome or 'does not compile'}: {place} ({seconds:.1f} s)\n{change}", file=self._results, flush=True)
            if outcome == "survives":
                self.survived[folder_of(mutant)] += 1
                print(f"survives: {place}\n{change}", flush=True)
            elif outcome:
                self.caught[folder_of(mutant)] += 1

    def print_score(self):
        for folder in FOLDERS:
            if total := self.caught[folder] + self.survived[folder]:
                print(f"{folder}: {self.caught[folder]} of {total}")
        caught, total = self.caught.total(), self.caught.total() + self.survived.total()
        print(f"{caught} of {total} were caught" + (f", {100 * caught / total:.1f} %" if total else ""))


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
    options.add_argument("--count", type=int)
    options.add_argument("--at", nargs="+", metavar="PLACE", help="FILE or FILE:LINE")
    arguments = options.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    # Of all that is started here: a mutant may allocate or write without end.
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_MAX_BYTES, FILE_MAX_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    WORK.mkdir(parents=True, exist_ok=True)
    processes = Processes()
    try:
        build(processes)
        chosen = [mutant for mutant in mutants()
                  if not arguments.at or not {mutant.file, f"{mutant.file}:{mutant.line}"}.isdisjoint(arguments.at)]
        programs = {folder: Program(folder, processes) for folder in set(map(folder_of, chosen))}
        unseen = sorted({mutant.file for mutant in chosen if not programs[folder_of(mutant)].sees(mutant.file)})
        if unseen:
            print(f"left out, because no unit test of their folder is linked with them: {', '.join(unseen)}")
            chosen = [mutant for mutant in chosen if mutant.file not in unseen]
    except BaseException:
        processes.end()
        raise
    random.Random(arguments.seed).shuffle(chosen)
    print(f"seed {arguments.seed}, {len(chosen)} mutants to choose from", flush=True)
    hunt = Hunt(programs, processes, chosen, arguments.seconds, arguments.count)
    try:
        hunt.run()
    finally:
        hunt.print_score()


if __name__ == "__main__":
    main()
