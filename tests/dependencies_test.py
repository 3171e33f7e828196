"""Who may include whom (the layout in README.md), checked on every #include line of the code.

    protocol  <-  broker, client  <-  server

Within a folder, rooms include only rooms below them, ROOMS says in which order. Only the rooms and files of ASIO see
Asio and threads.
"""

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
# The units (.hpp and .cpp) of protocol and broker that meet sockets and threads; everything else there is I/O-free.
ASIO_UNITS = {"protocol/transport", "protocol/turn", "protocol/pipe", "protocol/serial_executor", "protocol/close_on_exec",
              "broker/connections", "broker/listener", "broker/listen_address", "broker/in_process", "broker/embedded",
              "broker/main", "broker/exit_watch", "broker/line_writer", "broker/port_file"}
# The headers whose templates turn a user's types into JSON.
JSON_HEADERS = {"client/json/json_convert.hpp", "client/procedure.hpp", "client/json/rpc_json.hpp", "server/procedure.hpp"}
PROGRAMS = {"broker/main.cpp", "client/fib_client.cpp", "client/pocketmq_call.cpp", "server/fib_server.cpp",
            "server/pocketmq_serve.cpp"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
THREADS = {"thread", "mutex", "shared_mutex", "condition_variable", "future", "semaphore", "latch", "barrier"}


def violations(path, text):
    """What the file at `path` (from the root) includes against the rules, one sentence each."""
    folder, unit = path.split("/")[0], path.rsplit(".", 1)[0]
    io_free = folder in {"protocol", "broker"} and unit not in ASIO_UNITS

    def complaint(quote, name):
        library = re.split(r"[/.]", name)[0]
        if quote == '"':
            if library not in MAY_INCLUDE:
                return "code includes protocol/, broker/, client/ and server/ only, named from the root"
            if library not in MAY_INCLUDE[folder]:
                return f"{folder} must not know {library}"
            if io_free and name.rsplit(".", 1)[0] in ASIO_UNITS:
                return "it is I/O-free, and this is not"
        elif library == "asio":
            return "it is I/O-free: only " + ", ".join(sorted(ASIO_UNITS)) + " see Asio" if io_free else None
        elif library == "nlohmann":
            header = path.endswith(".hpp") and path not in JSON_HEADERS and name != "nlohmann/json_fwd.hpp"
            return "JSON stays in .cpp files and the typed RPC headers" if header else None
        elif library == "CLI":
            return None if path in PROGRAMS else "only programs read a command line"
        elif library == "pocketmq":
            return "that is the installed name; here it is named from the root"
        elif name.endswith(".hpp"):
            return "the libraries link nothing beyond Asio and nlohmann_json"
        elif io_free and name in THREADS:
            return "it runs on one thread"
        return None

    found = []
    for match in INCLUDE.finditer(text):
        why = complaint(*match.groups())
        if why:
            line = text.count("\n", 0, match.start(2)) + 1
            found.append(f"{path}:{line} includes {match.group(2)}: {why}")
    return found


class Dependencies(unittest.TestCase):
    def test_the_code_keeps_to_the_arrows(self):
        files = [f for folder in MAY_INCLUDE for f in sorted((ROOT / folder).rglob("*.[hc]pp"))]
        self.assertTrue(files, "there is no code to check")
        found = [v for f in files for v in violations(f.relative_to(ROOT).as_posix(), f.read_text("utf-8"))]
        self.assertEqual([], found, "\n" + "\n".join(found))

    def test_a_forbidden_arrow_is_found(self):
        for path, include in [
            ("protocol/codec/codec.cpp", '"broker/queue/queue.hpp"'),
            ("protocol/codec/codec.cpp", '"protocol/io/transport.hpp"'),
            ("protocol/codec/codec.cpp", "<asio.hpp>"),
            ("protocol/codec/codec.cpp", "<asio/buffer.hpp>"),
            ("protocol/codec/codec.hpp", "<nlohmann/json.hpp>"),
            ("protocol/codec/codec.hpp", "<mutex>"),
            ("broker/queue/queue.hpp", '"client/channel.hpp"'),
            ("broker/queue/queue.cpp", '"server/rpc_server.hpp"'),
            ("broker/queue/queue.cpp", '"broker/host/listener.hpp"'),
            ("broker/queue/queue.cpp", '"protocol/io/transport.hpp"'),
            ("broker/queue/queue.hpp", "<asio/steady_timer.hpp>"),
            ("broker/queue/queue.cpp", "<thread>"),
            ("broker/main.cpp", '"client/connection.hpp"'),
            ("client/connection.hpp", '"broker/embedded.hpp"'),
            ("client/connection.hpp", '"server/rpc_server.hpp"'),
            ("client/connection.hpp", '"tests/support/world.hpp"'),
            ("client/connection.hpp", "<nlohmann/json.hpp>"),
            ("client/connection.cpp", "<CLI/CLI.hpp>"),
            ("client/connection.cpp", "<boost/asio.hpp>"),
            ("client/connection.cpp", "<pocketmq/protocol/vocabulary/method.hpp>"),
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
            ("broker/embedded.hpp", "<thread>"),
            ("broker/host/listener.cpp", '"protocol/io/transport.hpp"'),
            ("broker/main.cpp", "<CLI/CLI.hpp>"),
            ("client/connection.hpp", "<asio/any_io_executor.hpp>"),
            ("client/connection.cpp", '"protocol/io/transport.hpp"'),
            ("server/rpc_server.hpp", '"client/channel.hpp"'),
            ("server/rpc_server.hpp", "<sys/socket.h>"),
        ]:
            with self.subTest(path=path, include=include):
                self.assertEqual([], violations(path, f"#include {include}\n// #include <boost/any.hpp>\n"))


if __name__ == "__main__":
    unittest.main()
