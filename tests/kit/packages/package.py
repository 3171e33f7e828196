"""package.py BUILD OUT: packs the programs of a static build into all the packages that README.md here describes."""

import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import image
import npm
import wheel
from archive import TIME

HERE = Path(__file__).resolve().parent
KIT, SOURCE = HERE.parent, HERE.parent.parent.parent
X86_64 = 62  # of an ELF header
PROGRAM_HEADERS_FOR_LIBRARIES = {2: "a dynamic section", 3: "an interpreter"}


def main(build, out):
    version = re.search(r'pocketmq_version = "(.*)"', (SOURCE / "protocol/base/version.hpp").read_text())[1]
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    broker = stripped(build / "bin/pocketmq-broker", out / "pocketmq-broker")
    commands = stripped(build / "bin/image_commands", out / "image_commands")
    (out / "image_commands").unlink()

    wheel.write(out, version, KIT / "python", broker)
    npm.write(out, version, KIT / "node", broker)
    image.write(out, version, broker, commands)
    with_cpack(build, out)
    for path in sorted(out.iterdir()):
        print(f"{path.stat().st_size / 1e6:5.1f} MB  {path}")


def stripped(binary, copy):
    """Copies a program without its symbols, and returns its bytes."""
    subprocess.run(["strip", "-o", copy, binary], check=True)
    content = copy.read_bytes()
    if fault := fault_of(content):
        raise SystemExit(f"{binary} does not run on any x86-64 Linux, because it has {fault}; build the CMake preset "
                         "'static' on an x86-64 machine")
    return content


def fault_of(program):
    """What keeps an ELF of 64 bits from running on any x86-64 Linux; None if nothing does."""
    machine, = struct.unpack_from("<H", program, 18)
    if machine != X86_64:
        return "the instructions of another processor"
    offset, = struct.unpack_from("<Q", program, 32)
    size, count = struct.unpack_from("<HH", program, 54)
    kinds = [struct.unpack_from("<I", program, offset + size * i)[0] for i in range(count)]
    return next((PROGRAM_HEADERS_FOR_LIBRARIES[kind] for kind in kinds if kind in PROGRAM_HEADERS_FOR_LIBRARIES), None)


def with_cpack(build, out):
    """The .deb, and the .tar.gz, whose files are in a folder."""
    work = out.resolve() / "cpack"
    for generator, *options in (["DEB"], ["TGZ", "-D", "CPACK_COMPONENT_INCLUDE_TOPLEVEL_DIRECTORY=ON"]):
        done = subprocess.run(["cpack", "-G", generator, "-B", work, *options], cwd=build, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**os.environ, "SOURCE_DATE_EPOCH": str(TIME)})
        if done.returncode != 0:
            raise SystemExit(f"cpack makes no {generator}:\n{done.stdout}")
    for path in work.glob("pocketmq*"):
        path.rename(out / path.name)
    shutil.rmtree(work)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("package.py BUILD OUT, as ./run package calls it")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
