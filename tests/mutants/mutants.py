"""Seeds small faults into the cores, one at a time, and sees whether the unit tests notice.

    ./run mutants [SECONDS] [SEED]     for about that long (600 s), with the same faults for the same seed

A mutant is one token changed in one line: a comparison, an operator, a constant, a condition, a statement that is left
out. It is compiled into a build of its own, without optimisation, and the tests of its folder are run. A mutant that no
test notices survives: it is printed, and either lacks a test or changes nothing that anybody can see. One that does
not compile is not counted. The sources are copied first, so that nothing of the work tree is ever changed.
"""

import argparse
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
WORK = ROOT / "build/mutants"
SOURCE = WORK / "source"
BUILD = WORK / "build"

# The I/O-free sources, and the test programs that are to notice.
CORES = {
    "protocol": ["protocol_tests"],
    "broker": ["broker_tests"],
    "client": ["client_tests"],
    "server": ["server_tests"],
}
LEFT_OUT = re.compile(r"/io/|/host/|/journal/|main\.cpp|embedded|in_process|fib_|pocketmq_|_process|stop_signals|/driver|/loop"
                      r"|run_command|handler_threads")

# What is changed, and into what. Each pattern has the token in its first group.
CHANGES = [
    (r"(?<![<>=!-])(<=?)(?![<=])(?= )", {"<": "<=", "<=": "<"}),
    (r"(?<=\s)(>=?)(?= )", {">": ">=", ">=": ">"}),
    (r"(==|!=)", {"==": "!=", "!=": "=="}),
    (r"(&&|\|\|)(?= )", {"&&": "||", "||": "&&"}),
    (r"(?<=\s)([+-])(?= [\w(])", {"+": "-", "-": "+"}),
    (r"(\+\+|--)(?=[a-z])", {"++": "--", "--": "++"}),
    (r"(\+=|-=)", {"+=": "-=", "-=": "+="}),
    (r"\b(true|false)\b", {"true": "false", "false": "true"}),
    (r"(?<=\bif \()(!?)(?=[a-z])", {"!": "", "": "!"}),
    (r"(?<=[ ({])(0|1)(?=[;,)} ])", {"0": "1", "1": "0"}),
    (r"^( {2,}(?:[a-z_]+(?:\.|->))[a-z_]+\([^;{}]*\);)$", None),  # a call whose result nobody takes is left out
    (r"^( {2,}[a-z_]+_ = [^;{}]+;)$", None),                      # a member keeps its value
]


def code_of(line):
    """The line without its comment and with its texts blanked, so that only code is changed; as long as the line."""
    line = re.sub(r'"(?:[^"\\]|\\.)*"', lambda text: "\x00" * len(text[0]), line)
    return line.split("//", 1)[0]


def mutants_of(path):
    """All changes of one file: line number, the line as it is, and as it would be."""
    for number, line in enumerate(path.read_text().splitlines()):
        code = code_of(line)
        if not code.startswith("  ") or re.match(r"\s*(static_assert|assert|using|namespace|#|template|\[\[)", code):
            continue
        for pattern, changes in CHANGES:
            for found in re.finditer(pattern, code):
                begin, end = found.span(1)
                changed = line[:begin] + (changes[found[1]] if changes else ";") + line[end:]
                yield number, line, changed


def all_mutants():
    for folder in CORES:
        for path in sorted((SOURCE / folder).rglob("*.cpp")):
            name = path.relative_to(SOURCE).as_posix()
            if not LEFT_OUT.search(name):
                for number, line, changed in mutants_of(path):
                    yield name, number, line, changed


def run(command, seconds):
    """Its exit code; None if it takes longer."""
    process = subprocess.Popen(command, cwd=SOURCE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None


def compiles(programs):
    return run(["ninja", "-C", str(BUILD), *programs], 600) == 0


def is_noticed(programs):
    """By a test that fails, crashes or does not end."""
    return any(run([str(BUILD / "bin" / program), "--abort"], 180) != 0 for program in programs)


def prepare():
    shutil.rmtree(SOURCE, ignore_errors=True)
    files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                           capture_output=True, text=True).stdout.split("\0")
    for file in filter(None, files):
        if (ROOT / file).is_file():
            (SOURCE / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, SOURCE / file)
    subprocess.run(["cmake", "-S", SOURCE, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                    "-DCMAKE_CXX_FLAGS_DEBUG=-O0", "-DPOCKETMQ_BUILD_TESTS=ON", "-DPOCKETMQ_BUILD_PROGRAMS=OFF"],
                   check=True, stdout=subprocess.DEVNULL)
    programs = sorted({program for each in CORES.values() for program in each})
    if not compiles(programs):
        sys.exit("mutants: the tests do not build")
    if is_noticed(programs):
        sys.exit("mutants: the tests fail as they are")


def main():
    options = argparse.ArgumentParser(prog="./run mutants", description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("seconds", nargs="?", type=int, default=600)
    options.add_argument("seed", nargs="?", type=int, default=random.randrange(1_000_000))
    arguments = options.parse_args()

    prepare()
    mutants = list(all_mutants())
    random.Random(arguments.seed).shuffle(mutants)
    print(f"seed {arguments.seed}: {len(mutants)} mutants to choose from", flush=True)
    noticed, survivors, deadline = 0, 0, time.monotonic() + arguments.seconds
    for name, number, line, changed in mutants:
        if time.monotonic() > deadline:
            break
        path = SOURCE / name
        original = path.read_text()
        lines = original.splitlines()
        lines[number] = changed
        programs = CORES[name.split("/")[0]]
        try:
            path.write_text("\n".join(lines) + "\n")
            if not compiles(programs):
                continue
            if is_noticed(programs):
                noticed += 1
                continue
        finally:
            path.write_text(original)
        survivors += 1
        print(f"survives: {name}:{number + 1}\n    {line.strip()}\n    {changed.strip()}", flush=True)
    total = noticed + survivors
    print(f"{noticed} of {total} were noticed" + (f", {100 * noticed / total:.0f} %" if total else ""))


if __name__ == "__main__":
    main()
