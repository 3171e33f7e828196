"""The static binary, the .tar.gz and the .deb: they run where there is nothing else."""

import shutil
import subprocess
import unittest

from packages import AS_ROOT, CHROOT, PACKAGES, ROOT, PackageCase, Program, package, publish_and_get, run

# With this, glibc asks a library of the machine, and gives up if there is none.
NAMES_FROM_LIBRARIES = "hosts: resolve [UNAVAIL=return] files\n"


class BinaryTest(PackageCase):

    def root(self):
        shutil.copy(PACKAGES / "pocketmq-broker", self.folder)
        return self.folder

    def test_it_needs_no_library_and_a_kernel_from_3_2_on(self):
        headers = run("readelf", "--program-headers", "--notes", "--dynamic", "--wide", PACKAGES / "pocketmq-broker")
        self.assertNotRegex(headers, r"(?m)^ +(INTERP|DYNAMIC) ")
        self.assertIn("There is no dynamic section in this file.", headers)
        self.assertIn("OS: Linux, ABI: 3.2.0", headers)
        self.assertIn("x86-64-baseline", headers)

    def test_it_has_no_symbols(self):
        self.assertNotIn(".symtab", run("readelf", "--sections", "--wide", PACKAGES / "pocketmq-broker"))

    def test_it_serves_a_client_in_an_empty_root(self):
        broker, port = self.start(*CHROOT, self.root(), "/pocketmq-broker", "--port", "0", "--bind", "localhost")
        self.assertEqual(publish_and_get(f"amqp://guest:guest@127.0.0.1:{port}/%2F"), b"one")
        self.assertEqual(broker.stop(), 0)

    def test_it_looks_up_names_itself_whatever_nsswitch_conf_says(self):
        root = self.root()
        (root / "etc").mkdir()
        (root / "etc/nsswitch.conf").write_text(NAMES_FROM_LIBRARIES)
        (root / "etc/hosts").write_text("127.0.0.1 broker.test\n")
        broker, port = self.start(*CHROOT, root, "/pocketmq-broker", "--port", "0", "--bind", "broker.test")
        self.assertEqual(publish_and_get(f"amqp://guest:guest@127.0.0.1:{port}/%2F"), b"one")
        self.assertEqual(broker.stop(), 0)

    def test_a_name_that_nobody_knows_is_refused_with_a_sentence(self):
        done = subprocess.run([*CHROOT, self.root(), "/pocketmq-broker", "--port", "0", "--bind", "nobody.test"],
                              text=True, capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, "no address of 'nobody.test' is known: .*; name one that this machine has")

    def test_packing_again_makes_the_same_bytes(self):
        again = self.folder / "again"
        run("/usr/bin/python3", ROOT / "tests/kit/packages/package.py", ROOT / "build/static", again)
        names = {path.name for path in PACKAGES.iterdir()}
        self.assertEqual({path.name for path in again.iterdir()}, names)
        for name in names:
            self.assertEqual((again / name).read_bytes(), (PACKAGES / name).read_bytes(), name)


class ProgramsTest(PackageCase):
    """The packages with all three programs."""

    def assert_a_call_is_served(self, broker, call, serve):
        process, port = self.start(*broker, "--port", "0")
        server = self.start_server(*serve, f"amqp://127.0.0.1:{port}", "echo", "--", "cat")
        self.assertEqual(run(*call, f"amqp://127.0.0.1:{port}", "echo", "[1,2]"), "[1,2]\n")
        self.assertEqual((server.stop(), process.stop()), (0, 0))

    def start_server(self, *command):
        server = Program(self.addCleanup, *command)
        server.out.expect("serving 'echo'")
        return server

    def test_the_tar_gz_has_the_programs_in_a_folder(self):
        run("tar", "-xzf", package("pocketmq-*.tar.gz"), "-C", self.folder)
        top, = self.folder.iterdir()
        self.assertRegex(top.name, r"^pocketmq-\d+\.\d+\.\d+-linux-x86_64$")
        files = {str(path.relative_to(top)) for path in top.rglob("*") if path.is_file()}
        self.assertEqual(files, {"bin/pocketmq-broker", "bin/pocketmq-call", "bin/pocketmq-serve",
                                 "share/doc/pocketmq/README.md"})
        self.assert_a_call_is_served([top / "bin/pocketmq-broker"], [top / "bin/pocketmq-call"],
                                     [top / "bin/pocketmq-serve"])

    def test_the_deb_is_installed_into_an_empty_system_and_removed(self):
        root = self.folder
        for folder in ("info", "updates"):
            (root / "var/lib/dpkg" / folder).mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()
        dpkg = [*AS_ROOT, "dpkg", f"--root={root}"]
        run(*dpkg, "--install", package("*.deb"))
        self.assertIn("Status: install ok installed", run(*dpkg, "--status", "pocketmq"))
        broker, port = self.start(*CHROOT, root, "/usr/bin/pocketmq-broker", "--port", "0")
        self.assertEqual(publish_and_get(f"amqp://guest:guest@127.0.0.1:{port}/%2F"), b"one")
        self.assert_a_call_is_served([*CHROOT, root, "/usr/bin/pocketmq-broker"],
                                     [*CHROOT, root, "/usr/bin/pocketmq-call"], [root / "usr/bin/pocketmq-serve"])
        run(*dpkg, "--remove", "pocketmq")
        self.assertEqual(list(root.glob("usr/bin/*")), [])

    def test_every_dpkg_can_read_the_deb(self):
        members = run("ar", "t", package("*.deb")).split()
        self.assertEqual(members[0], "debian-binary")
        for member in members[1:]:  # Debian 11 has no zstd
            self.assertRegex(member, r"^(control|data)\.tar\.(gz|xz)$")
        self.assertNotRegex(run("dpkg-deb", "--field", package("*.deb")), r"(?m)^(Pre-)?Depends:")


if __name__ == "__main__":
    unittest.main()
