"""The image: skopeo reads it, and its root runs as a container's would, with RabbitMQ's variables and health checks."""

import contextlib
import json
import os
import socket
import subprocess
import tarfile
import unittest

import pika

from packages import CHROOT, PackageCase, package, publish_and_get, run

SKOPEO = ["skopeo", "--insecure-policy"]


def address_of_this_machine():
    """The one from which it would reach others; None if it is alone."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, contextlib.suppress(OSError):
        udp.connect(("192.0.2.1", 9))  # sends nothing
        return udp.getsockname()[0]


class ImageTest(PackageCase):

    def setUp(self):
        super().setUp()
        self.archive = package("*.oci.tar")
        layout = self.folder / "layout"
        run(*SKOPEO, "copy", "--quiet", f"oci-archive:{self.archive}", f"oci:{layout}")
        self.config = json.loads(run("skopeo", "inspect", "--config", f"oci:{layout}"))["config"]
        layer, = json.loads(run("skopeo", "inspect", "--raw", f"oci:{layout}"))["layers"]
        self.root = self.folder / "root"
        with tarfile.open(layout / "blobs" / layer["digest"].replace(":", "/")) as tar:
            tar.extractall(self.root)

    def in_container(self, *command, **variables):
        """The command line and the environment of what runs in the image's root, as its user where we may choose."""
        user = [f"--userspec={self.config['User']}"] if os.geteuid() == 0 else []
        image = dict(line.split("=", 1) for line in self.config["Env"])
        return [*CHROOT, *user, self.root, *command], {**image, **variables}

    def start_container(self, *options, **variables):
        command, environment = self.in_container(*self.config["Entrypoint"], *options, **variables)
        broker, port = self.start(*command, env=environment)
        broker.out.expect(r"^Server startup complete; 0 plugins started\.$")  # Testcontainers waits for this
        return broker, port

    def start_on_variables_port(self, **variables):
        """The port comes from RABBITMQ_NODE_PORT, as no option names one."""
        for _ in range(5):  # another process may take the port first
            with socket.create_server(("127.0.0.1", 0)) as free:
                port = free.getsockname()[1]
            try:
                broker, listens_on = self.start_container("--http-port", "0", RABBITMQ_NODE_PORT=str(port), **variables)
                self.assertEqual(listens_on, port)
                return broker, port
            except AssertionError as error:
                if "in use" not in str(error):
                    raise
        raise AssertionError("five free ports were taken before the broker had them")

    def execute(self, *words, **variables):
        command, environment = self.in_container(*words, **variables)
        return subprocess.run(command, env=environment, text=True, capture_output=True, timeout=60)

    def test_docker_and_others_read_it_and_see_how_it_is_run(self):
        for transport in ("oci-archive", "docker-archive"):  # the latter is what Docker before version 25 loads
            with self.subTest(transport):
                run(*SKOPEO, "copy", "--quiet", f"{transport}:{self.archive}", f"dir:{self.folder / transport}")
                seen = json.loads(run("skopeo", "inspect", f"{transport}:{self.archive}"))
                self.assertEqual((seen["Os"], seen["Architecture"], len(seen["Layers"])), ("linux", "amd64", 1))
        self.assertEqual(self.config["ExposedPorts"], {"5672/tcp": {}, "15672/tcp": {}})
        with tarfile.open(self.archive) as tar:
            manifest, = json.load(tar.extractfile("manifest.json"))
            config = json.load(tar.extractfile(manifest["Config"]))["config"]
        self.assertEqual([name.split(":")[0] for name in manifest["RepoTags"]], ["pocketmq", "pocketmq"])
        self.assertEqual(config["Healthcheck"]["Test"], ["CMD", "rabbitmq-diagnostics", "-q", "ping"])

    def test_guest_may_log_in_and_the_broker_ends_well(self):
        broker, port = self.start_container("--port", "0", "--http-port", "0")
        self.assertEqual(publish_and_get(f"amqp://guest:guest@127.0.0.1:{port}/%2F"), b"one")
        broker.err.expect(rf"listens on 0\.0\.0\.0:{port}")
        broker.err.expect(r"listens for HTTP on 0\.0\.0\.0:")
        self.assertEqual(broker.stop(), 0)

    def test_guest_is_let_in_from_elsewhere_unless_there_is_another_user(self):
        address = address_of_this_machine()
        if not address:
            self.skipTest("this machine has no address but loopback's")
        _, port = self.start_container("--port", "0", "--http-port", "0")
        self.assertEqual(publish_and_get(f"amqp://guest:guest@{address}:{port}/%2F"), b"one")
        _, port = self.start_container("--port", "0", "--http-port", "0", RABBITMQ_DEFAULT_USER="app")
        self.assertEqual(publish_and_get(f"amqp://app:guest@{address}:{port}/%2F"), b"one")
        with self.assertRaises(pika.exceptions.ProbableAuthenticationError):
            publish_and_get(f"amqp://guest:guest@{address}:{port}/%2F")

    def test_rabbitmqs_variables_name_user_password_virtual_host_and_port(self):
        _, port = self.start_on_variables_port(RABBITMQ_DEFAULT_USER="app", RABBITMQ_DEFAULT_PASS="a:b",
                                               RABBITMQ_DEFAULT_VHOST="shop")
        self.assertEqual(publish_and_get(f"amqp://app:a%3Ab@127.0.0.1:{port}/shop"), b"one")
        self.assertEqual(publish_and_get(f"amqp://app:a%3Ab@127.0.0.1:{port}/%2F"), b"one")
        with self.assertRaises(pika.exceptions.ProbableAuthenticationError):
            publish_and_get(f"amqp://app:guest@127.0.0.1:{port}/shop")

    def test_each_variable_alone_is_taken_and_an_empty_one_is_none(self):
        for variables, login in {("RABBITMQ_DEFAULT_USER", "app"): "app:guest",
                                 ("RABBITMQ_DEFAULT_PASS", "secret"): "guest:secret",
                                 ("RABBITMQ_DEFAULT_VHOST", "/"): "guest:guest",
                                 ("RABBITMQ_DEFAULT_USER", ""): "guest:guest"}.items():
            with self.subTest(variables):
                broker, port = self.start_container("--port", "0", "--http-port", "0", **dict([variables]))
                self.assertEqual(publish_and_get(f"amqp://{login}@127.0.0.1:{port}/%2F"), b"one")
                self.assertEqual(broker.stop(), 0)

    def test_options_take_precedence(self):
        _, port = self.start_container("--port", "0", "--bind", "127.0.0.2", "--http", "--vhost", "shop",
                                       RABBITMQ_NODE_PORT="1", RABBITMQ_DEFAULT_VHOST="shop")
        self.assertEqual(publish_and_get(f"amqp://guest:guest@127.0.0.2:{port}/shop"), b"one")
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()

    def test_a_port_that_is_none_is_refused_with_a_sentence(self):
        done = self.execute(*self.config["Entrypoint"], RABBITMQ_NODE_PORT="amqp")
        self.assertEqual(done.returncode, 1)
        self.assertIn("RABBITMQ_NODE_PORT wants a whole number from 1 to 65535, got 'amqp'", done.stderr)

    def test_health_checks_of_rabbitmq_answer_whether_the_broker_does(self):
        _, port = self.start_on_variables_port()
        checks = [["rabbitmq-diagnostics", "-q", "ping"], ["rabbitmqctl", "status"],
                  ["rabbitmq-diagnostics", "-n", "rabbit@host", "check_port_connectivity"],
                  ["rabbitmqctl", "await_startup", "--timeout", "60"],
                  ["sh", "-c", "rabbitmq-diagnostics -q ping"],
                  ["/bin/sh", "-c", "rabbitmqctl node_health_check >/dev/null 2>&1 || exit 1"],
                  ["sh", "-c", "rabbitmq-diagnostics check_running && rabbitmq-diagnostics -q check_local_alarms"]]
        for check in checks:
            with self.subTest(check):
                self.assertEqual(self.execute(*check, RABBITMQ_NODE_PORT=str(port)).returncode, 0)

    def test_health_checks_fail_where_nothing_answers_amqp(self):
        with socket.create_server(("127.0.0.1", 0)) as other:  # it accepts, and says something else
            port = str(other.getsockname()[1])
            command, environment = self.in_container("rabbitmqctl", "status", RABBITMQ_NODE_PORT=port)
            check = subprocess.Popen(command, env=environment, text=True, stderr=subprocess.PIPE)
            connection = other.accept()[0]
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()
            self.assertIn(f"nothing answers AMQP on port {port}", check.communicate(timeout=60)[1])
            self.assertEqual(check.returncode, 69)
        for words, code in {("rabbitmq-diagnostics", "ping"): 69,
                            ("sh", "-c", "rabbitmqctl status || exit 1"): 1,
                            ("sh", "-c", "rabbitmqctl status && exit 0"): 69}.items():
            with self.subTest(words):
                self.assertEqual(self.execute(*words, RABBITMQ_NODE_PORT=port).returncode, code)

    def test_other_commands_are_refused_with_what_to_do_instead(self):
        for words, code, says in [(["rabbitmqctl", "add_user", "x", "y"], 64, "RABBITMQ_DEFAULT_USER"),
                                  (["rabbitmqadmin", "declare", "vhost", "name=x"], 64, "--definitions"),
                                  (["rabbitmq-plugins", "enable", "rabbitmq_shovel"], 64, "there are no plugins"),
                                  (["sh", "-c", "curl -f localhost"], 127, "'curl' is not in PocketMQ's image"),
                                  (["sh"], 64, "has no shell")]:
            with self.subTest(words):
                done = self.execute(*words)
                self.assertEqual(done.returncode, code)
                self.assertIn(says, done.stderr)

    def test_tests_may_control_it(self):
        _, port = self.start_container("--port", "0", "--http-port", "0", "--test", "--test-from-anywhere")
        with socket.create_connection(("127.0.0.1", port), 60) as client:
            client.sendall(f"GET /test/scopes HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
            self.assertEqual(client.makefile("rb").readline(), b"HTTP/1.1 200 OK\r\n")


if __name__ == "__main__":
    unittest.main()
