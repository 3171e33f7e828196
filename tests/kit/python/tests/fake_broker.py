#!/usr/bin/python3
"""Stands for a broker in tests of what a broker should never do: it does so when it is told to.

    fake_broker.py [--test ...] [fails | silent | dies-later | plain | hangs-up]
"""

import http.server
import json
import os
import sys
import threading

way = sys.argv[-1]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length", 0))
        asked = json.loads(self.rfile.read(length) or "{}")
        if way == "dies-later":
            print("out of luck", file=sys.stderr, flush=True)
            os._exit(3)
        if way == "plain":
            self.send(500, "it is broken")
        elif way == "hangs-up" and self.path == "/test/clock":  # as a broker does after 60 s without a request
            self.send(200, json.dumps({"happened": {}}))
            self.close_connection = True
        else:
            told = {"verb": self.command, "path": self.path, "asked": asked, "client": self.client_address[1]}
            self.send(200, json.dumps(told))

    do_GET = do_POST = do_DELETE = answer

    def send(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *arguments):
        pass


if way == "fails":
    sys.exit("--test: no such option")
if way != "silent":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"ready on 127.0.0.1:{server.server_port}", flush=True)
sys.stdin.read()
