"""Who may include whom, checked on every #include line of the code.

    protocol  <-  broker, client  <-  server

A folder's rooms stand in ROOMS, from the top to the bottom: a file includes only files of its own room and of rooms
below it. What stands in the folder itself, "", is what a user includes, and the programs. A unit is a header with its
source: units have no cycles. Only the rooms and units of ASIO see Asio and threads, and only the sources of broker/http
see Boost. Only the files of ASKS_THE_SYSTEM ask the system for the time, and only those of MAKES_RANDOM_NUMBERS make
random numbers.
"""

import collections
import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

MAY_INCLUDE = {
    "protocol": {"protocol"},
    "broker": {"protocol", "broker"},
    "client": {"protocol", "client"},
    "server": {"protocol", "client", "server"},
}
ROOMS = {
    "protocol": ["", "io", "end", "codec", "vocabulary", "base"],
    "broker": ["", "host", "kit", "http", "control", "account", "compare", "explain", "request", "journal", "session",
               "channel", "definitions", "vhost", "routing", "queue", "message", "access", "core", "events"],
    "client": ["", "rpc", "link", "json", "values"],
    "server": [""],
}
FILES_IN_A_ROOM_MAX = 42
# Of protocol and broker: everything else there is I/O-free.
ASIO = {"protocol/io", "broker/host", "broker/in_process", "broker/embedded", "broker/embedded_http",
        "broker/main"}
BOOST = re.compile(r"broker/http/\w+\.cpp$")
# What README's first program includes. It compiles fast because it reads no header of Asio's and nlohmann's but these.
# (asio_forward.hpp includes others for a file that has included Asio itself.)
FIRST_PROGRAM = {"broker/embedded.hpp", "client/rpc_client.hpp", "server/rpc_server.hpp"}
LIGHT = {"asio/async_result.hpp", "nlohmann/json_fwd.hpp"}
FOR_THOSE_WITH_ASIO = "client/values/asio_forward.hpp"
PROGRAMS = {"broker/main.cpp", "client/fib_client.cpp", "client/pocketmq_call.cpp", "server/fib_server.cpp",
            "server/pocketmq_serve.cpp"}

# Who may ask the system for the time, and set its timers. All others ask the LoopClock of their loop, and set a
# LazyTimer: then a test can replace their time.
ASKS_THE_SYSTEM = {
    "protocol/end/loop_clock.hpp": "it is the clock",
    "protocol/io/lazy_timer.hpp": "it is the timer",
    "broker/core/heap_trim.cpp": "it measures the processor's time",
    "client/pocketmq_call.cpp": "a program, which measures real time",
    "server/fib_server.cpp": "a program",
    "server/pocketmq_serve.cpp": "a program",
    "server/run_command.cpp": "a command is a process of its own, which runs in real time",
}
THE_SYSTEMS_TIME = re.compile(
    r"\b(?:Clock|steady_clock|system_clock|high_resolution_clock|utc_clock)\s*::\s*now\b|\bexpires_after\s*\("
    r"|\b(?:steady_timer|system_timer|basic_waitable_timer)\b|\b(?:clock_gettime|gettimeofday|timerfd_create)\b"
    r"|(?:std|asio::this_thread|this_thread)?::(?:sleep_for|sleep_until|time)\s*\(")

# Who may make random numbers. All others take them, or the seed of their own source, from the LoopRandom of their loop:
# then a test can choose them.
MAKES_RANDOM_NUMBERS = {
    "protocol/base/random_source.hpp": "it is the source",
    "protocol/base/random_source.cpp": "it is the source",
    "protocol/base/text_hash.cpp": "no order that anybody sees depends on it",
    "protocol/end/loop_random.cpp": "it is the loop's",
    "broker/control/faults.cpp": "a rule of chance has numbers of its own, from the broker's seed",
    "broker/core/context.hpp": "it is the broker's, whose options have a seed",
    "client/rpc/rpc_core.hpp": "its settings have a seed",
    "client/link/backoff.hpp": "it is given a seed",
}
RANDOM_NUMBERS = re.compile(
    r"\b(?:random_device|mt19937(?:_64)?|minstd_rand0?|default_random_engine|ranlux\d+(?:_base)?|knuth_b)\b"
    r"|\b(?:getentropy|getrandom|arc4random|rand_r|drand48|mrand48|lrand48)\b|::rand\s*\(|/dev/u?random"
    r"|\bRandomSource(?:\s+\w+)?\s*[;{(=]")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
THREADS = {"thread", "mutex", "shared_mutex", "condition_variable", "future", "semaphore", "latch", "barrier"}


def unit_of(path):
    return path.rsplit(".", 1)[0]


def room_of(path):
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else ""


def meets_asio(path):
    return unit_of(path) in ASIO or f"{path.split('/')[0]}/{room_of(path)}" in ASIO


def broken_arrow(path, name):
    """Why the file at `path` must not include the file `name` of ours, or None."""
    folder, included = path.split("/")[0], name.split("/")[0]
    if included not in MAY_INCLUDE:
        return "code includes protocol/, broker/, client/ and server/ only, named from the root"
    if included not in MAY_INCLUDE[folder]:
        return f"{folder} must not know {included}"
    if folder in {"protocol", "broker"} and meets_asio(name) and not meets_asio(path):
        return "it is I/O-free, and this is not"
    if included != folder:
        return None
    rooms, room, other = ROOMS[folder], room_of(path), room_of(name)
    for each in (room, other):
        if each not in rooms:
            return f"there is no room {folder}/{each} in ROOMS"
    return f"{folder}/{other or '(root)'} stands above {folder}/{room}" if rooms.index(other) < rooms.index(room) else None


def violations(path, text):
    """What the file at `path` (from the root) includes against the rules, one sentence each."""
    folder = path.split("/")[0]
    io_free = folder in {"protocol", "broker"} and not meets_asio(path)

    def complaint(quote, name):
        library = re.split(r"[/.]", name)[0]
        if quote == '"':
            return broken_arrow(path, name)
        if library == "asio":
            return "it is I/O-free: only " + ", ".join(sorted(ASIO)) + " see Asio" if io_free else None
        if library == "nlohmann":
            return "JSON stays in .cpp files" if path.endswith(".hpp") and name != "nlohmann/json_fwd.hpp" else None
        if library == "CLI":
            return None if path in PROGRAMS else "only programs read a command line"
        if library == "boost":
            return None if BOOST.match(path) else "only broker/http/*.cpp see Boost: the core library does not depend on it"
        if library == "pocketmq":
            return "that is the installed name; here it is named from the root"
        if name.endswith(".hpp"):
            return "the libraries link nothing beyond Asio and nlohmann_json"
        if io_free and name in THREADS:
            return "it runs on one thread"
        return None

    found = []
    for match in INCLUDE.finditer(text):
        why = complaint(*match.groups())
        if why:
            line = text.count("\n", 0, match.start(2)) + 1
            found.append(f"{path}:{line} includes {match.group(2)}: {why}")
    return found


def questions_to_the_system(path, text):
    """Where the file at `path` asks the system for the time and must not, one sentence each."""
    if path in ASKS_THE_SYSTEM:
        return []
    code = re.sub(r"//[^\n]*", "", text)
    return [f"{path}:{code.count(chr(10), 0, match.start()) + 1} says {match.group()}: ask the loop's clock (LoopClock), or "
            f"set a LazyTimer" for match in THE_SYSTEMS_TIME.finditer(code)]


def random_numbers_of_its_own(path, text):
    """Where the file at `path` makes random numbers and must not, one sentence each."""
    if path in MAKES_RANDOM_NUMBERS:
        return []
    code = re.sub(r"//[^\n]*", "", text)
    return [f"{path}:{code.count(chr(10), 0, match.start()) + 1} says {match.group()}: take random numbers, or a seed, from "
            f"the loop's LoopRandom" for match in RANDOM_NUMBERS.finditer(code)]


def includes(files):
    """The units of ours that each unit includes. `files`: texts by their paths."""
    graph = collections.defaultdict(set)
    for path, text in files.items():
        for quote, name in INCLUDE.findall(text):
            if quote == '"' and unit_of(name) != unit_of(path):
                graph[unit_of(path)].add(unit_of(name))
    return graph


def find_cycle(files):
    """Units that include each other in a circle, or None."""
    graph = includes(files)
    done, trail = set(), []

    def visit(unit):
        if unit in trail:
            return trail[trail.index(unit):]
        if unit in done:
            return None
        trail.append(unit)
        for other in sorted(graph[unit]):
            if cycle := visit(other):
                return cycle
        trail.pop()
        done.add(unit)
        return None

    return next((cycle for unit in sorted(graph) if (cycle := visit(unit))), None)


def unused_headers(files, used_from_outside):
    """Headers that no other unit includes, and no text of `used_from_outside` does."""
    used = {other for others in includes(files).values() for other in others}
    for text in used_from_outside:
        used |= {unit_of(name.removeprefix("pocketmq/")) for _, name in INCLUDE.findall(text)}
    return sorted(path for path in files if path.endswith(".hpp") and unit_of(path) not in used)


def heavy_headers(files, roots):
    """The headers of Asio and nlohmann, but the light ones, that a file reads which includes the `roots`: with who does."""
    found, seen, waiting = set(), set(), sorted(roots)
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for quote, name in INCLUDE.findall(files[path]):
            if quote == '"':
                waiting.append(name)
            elif re.split(r"[/.]", name)[0] in {"asio", "nlohmann"} and name not in LIGHT and path != FOR_THOSE_WITH_ASIO:
                found.add((path, name))
    return sorted(found)


def crowded_rooms(paths):
    """Folders with too many files, with how many."""
    count = collections.Counter(path.rsplit("/", 1)[0] for path in paths)
    return {folder: files for folder, files in count.items() if files > FILES_IN_A_ROOM_MAX}


def read(pattern, *folders):
    return {f.relative_to(ROOT).as_posix(): f.read_text("utf-8")
            for folder in folders for f in sorted((ROOT / folder).rglob(pattern))}


class TheCode(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.files = read("*.[hc]pp", *MAY_INCLUDE)
        assert cls.files, "there is no code to check"

    def test_it_keeps_to_the_arrows(self):
        found = [v for path, text in self.files.items() for v in violations(path, text)]
        self.assertEqual([], found, "\n" + "\n".join(found))

    def test_it_asks_the_loops_clock_for_the_time(self):
        found = [v for path, text in self.files.items() for v in questions_to_the_system(path, text)]
        self.assertEqual([], found, "\n" + "\n".join(found))
        idle = [path for path in ASKS_THE_SYSTEM if not THE_SYSTEMS_TIME.search(self.files.get(path, ""))]
        self.assertEqual([], idle, "these need no exception")

    def test_it_takes_random_numbers_from_the_loop(self):
        found = [v for path, text in self.files.items() for v in random_numbers_of_its_own(path, text)]
        self.assertEqual([], found, "\n" + "\n".join(found))
        idle = [path for path in MAKES_RANDOM_NUMBERS if not RANDOM_NUMBERS.search(self.files.get(path, ""))]
        self.assertEqual([], idle, "these need no exception")

    def test_its_units_have_no_cycle(self):
        self.assertIsNone(find_cycle(self.files))

    def test_every_header_is_included(self):
        outside = [*read("*.cpp", "tests").values(), (ROOT / "README.md").read_text("utf-8")]
        self.assertEqual([], unused_headers(self.files, outside))

    def test_the_first_program_reads_no_heavy_header(self):
        program = re.search(r"<!-- first-program -->\n```cpp\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
        ours = {name.removeprefix("pocketmq/") for _, name in INCLUDE.findall(program[1]) if name.startswith("pocketmq/")}
        self.assertEqual(FIRST_PROGRAM, ours)
        self.assertEqual([], heavy_headers(self.files, FIRST_PROGRAM))

    def test_no_room_is_crowded(self):
        self.assertEqual({}, crowded_rooms(self.files))
        self.assertEqual({}, crowded_rooms(read("*.[hc]pp", "tests")))


class TheRules(unittest.TestCase):
    """Each rule finds what is planted against it."""

    def test_a_forbidden_arrow_is_found(self):
        for path, include in [
            ("protocol/codec/codec.cpp", '"broker/queue/queue.hpp"'),
            ("protocol/codec/codec.cpp", '"protocol/io/transport.hpp"'),
            ("protocol/codec/codec.cpp", '"protocol/end/command_end.hpp"'),
            ("protocol/base/block.hpp", '"protocol/url.hpp"'),
            ("protocol/codec/codec.cpp", "<asio.hpp>"),
            ("protocol/codec/codec.cpp", "<asio/buffer.hpp>"),
            ("protocol/codec/codec.hpp", "<nlohmann/json.hpp>"),
            ("protocol/codec/codec.hpp", "<mutex>"),
            ("broker/queue/queue.hpp", '"client/channel.hpp"'),
            ("broker/queue/queue.cpp", '"server/rpc_server.hpp"'),
            ("broker/queue/queue.cpp", '"broker/host/listener.hpp"'),
            ("broker/queue/queue.cpp", '"broker/vhost/virtual_host.hpp"'),
            ("broker/queue/queue.cpp", '"broker/embedded.hpp"'),
            ("broker/queue/queue.cpp", '"broker/attic/queue.hpp"'),
            ("broker/queue/queue.cpp", '"protocol/io/transport.hpp"'),
            ("broker/queue/queue.hpp", "<asio/steady_timer.hpp>"),
            ("broker/queue/queue.cpp", "<thread>"),
            ("broker/main.cpp", '"client/connection.hpp"'),
            ("client/connection.hpp", '"broker/embedded.hpp"'),
            ("client/connection.hpp", '"server/rpc_server.hpp"'),
            ("client/connection.hpp", '"tests/support/world.hpp"'),
            ("client/link/reconnecting_connection.hpp", '"client/rpc/rpc_core.hpp"'),
            ("client/connection.hpp", "<nlohmann/json.hpp>"),
            ("client/json/json_convert.hpp", "<nlohmann/json.hpp>"),
            ("client/connection.cpp", "<CLI/CLI.hpp>"),
            ("client/connection.cpp", "<boost/asio.hpp>"),
            ("broker/http/http_end.hpp", "<boost/beast/http/parser.hpp>"),
            ("broker/host/connections.cpp", "<boost/beast/http/parser.hpp>"),
            ("broker/http/http_end.cpp", '"broker/host/listener.hpp"'),
            ("broker/session/session.cpp", '"broker/http/http_end.hpp"'),
            ("broker/http/http_end.cpp", "<asio/buffer.hpp>"),
            ("client/connection.cpp", "<pocketmq/protocol/method.hpp>"),
            ("server/rpc_server.cpp", '"broker/embedded.hpp"'),
            ("server/rpc_server.cpp", '"rpc_server.hpp"'),
        ]:
            planted = f"#pragma once\n#include <string>\n  # include {include}  // planted\n"
            with self.subTest(path=path, include=include):
                found = violations(path, planted)
                self.assertEqual(1, len(found))
                self.assertTrue(found[0].startswith(f"{path}:3 includes {include[1:-1]}: "), found[0])

    def test_the_allowed_arrows_pass(self):
        for path, include in [
            ("protocol/io/transport.hpp", "<asio.hpp>"),
            ("protocol/codec/json_codec.cpp", "<nlohmann/json.hpp>"),
            ("broker/queue/queue.hpp", '"protocol/base/block.hpp"'),
            ("broker/queue/queue.hpp", '"broker/core/context.hpp"'),
            ("broker/queue/queue.hpp", '"broker/queue/consumer.hpp"'),
            ("broker/embedded.hpp", "<thread>"),
            ("broker/host/listener.cpp", '"protocol/io/transport.hpp"'),
            ("broker/main.cpp", "<CLI/CLI.hpp>"),
            ("broker/http/message_codec.cpp", "<boost/beast/http/parser.hpp>"),
            ("broker/host/connections.hpp", '"broker/http/http_entrance.hpp"'),
            ("broker/http/http_end.hpp", '"broker/core/intake.hpp"'),
            ("client/connection.hpp", "<asio/any_io_executor.hpp>"),
            ("client/connection.cpp", '"protocol/io/transport.hpp"'),
            ("server/rpc_server.hpp", '"client/channel.hpp"'),
            ("server/rpc_server.hpp", "<sys/socket.h>"),
        ]:
            with self.subTest(path=path, include=include):
                self.assertEqual([], violations(path, f"#include {include}\n// #include <boost/any.hpp>\n"))

    def test_a_question_to_the_system_is_found(self):
        for question in ("protocol::Clock::now()", "Clock::now()", "std::chrono::steady_clock::now()",
                         "std::chrono::system_clock::now);", "high_resolution_clock::now()", "asio::steady_timer timer_;",
                         "asio::basic_waitable_timer<Clock> timer_;", "timer_.expires_after(1s);", "std::time(nullptr)",
                         "::clock_gettime(CLOCK_MONOTONIC, &now)", "std::this_thread::sleep_for(1s)"):
            with self.subTest(question=question):
                planted = f"// Clock::now()\nint a;\nauto b = {question}\n"
                found = questions_to_the_system("client/link/connector.cpp", planted)
                self.assertEqual(1, len(found), found)
                self.assertTrue(found[0].startswith("client/link/connector.cpp:3 says "), found[0])
                self.assertEqual([], questions_to_the_system("protocol/end/loop_clock.hpp", planted))
        for answer in ("clock().now()", "flushes_.clock().now()", "broker_.tick(now)", "wait_for_time()"):
            self.assertEqual([], questions_to_the_system("client/link/connector.cpp", answer))

    def test_a_random_number_from_elsewhere_is_found(self):
        for number in ("std::random_device{}()", "std::mt19937_64 numbers_;", "RandomSource{}.bits64()", "RandomSource ids_;",
                       "protocol::RandomSource random{7};", "::getentropy(key, 8)", "std::rand()"):
            with self.subTest(number=number):
                planted = f"// random_device\nint a;\nauto b = {number}\n"
                found = random_numbers_of_its_own("client/link/connector.cpp", planted)
                self.assertEqual(1, len(found), found)
                self.assertTrue(found[0].startswith("client/link/connector.cpp:3 says "), found[0])
                self.assertEqual([], random_numbers_of_its_own("protocol/end/loop_random.cpp", planted))
        for harmless in ("random_.next_id()", "RandomSource& random", "random_of(executor)", "operand(1)"):
            self.assertEqual([], random_numbers_of_its_own("client/link/connector.cpp", harmless))

    def test_a_cycle_of_units_is_found(self):
        files = {"broker/a.hpp": '#include "broker/b.hpp"', "broker/b.hpp": "", "broker/b.cpp": '#include "broker/c.hpp"',
                 "broker/c.hpp": ""}
        self.assertIsNone(find_cycle(files))
        self.assertEqual(["broker/a", "broker/b", "broker/c"],
                         find_cycle(files | {"broker/c.cpp": '#include "broker/a.hpp"'}))

    def test_a_header_that_nobody_includes_is_found(self):
        files = {"broker/a.hpp": "", "broker/a.cpp": '#include "broker/a.hpp"'}
        self.assertEqual(["broker/a.hpp"], unused_headers(files, []))
        self.assertEqual([], unused_headers(files, ["#include <pocketmq/broker/a.hpp>"]))
        self.assertEqual([], unused_headers(files | {"broker/b.cpp": '#include "broker/a.hpp"'}, []))

    def test_a_heavy_header_is_found(self):
        files = {"client/a.hpp": '#include "client/b.hpp"\n#include <asio/async_result.hpp>',
                 "client/b.hpp": "#include <nlohmann/json_fwd.hpp>"}
        self.assertEqual([], heavy_headers(files, {"client/a.hpp"}))
        for heavy in ("asio/post.hpp", "asio.hpp", "nlohmann/json.hpp"):
            planted = files | {"client/b.hpp": f'#include <{heavy}>\n#include "client/a.hpp"'}
            self.assertEqual([("client/b.hpp", heavy)], heavy_headers(planted, {"client/a.hpp"}))

    def test_a_crowded_room_is_found(self):
        self.assertEqual({"broker/queue": 43}, crowded_rooms([f"broker/queue/{i}.hpp" for i in range(43)]))


if __name__ == "__main__":
    unittest.main()
