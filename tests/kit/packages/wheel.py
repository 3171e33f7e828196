"""The Python wheel: the package of tests/kit/python with the broker inside."""

import base64
import hashlib
import re
import time
import tomllib
import zipfile

from archive import TIME

# A static binary needs no library, so it runs wherever pip takes one of these: from CentOS 7 and Alpine 3.12 on.
TAGS = ["manylinux_2_17_x86_64", "manylinux2014_x86_64", "musllinux_1_1_x86_64"]


def write(out, version, source, broker):
    """Writes the wheel into the folder `out`, and returns its path. `source` is tests/kit/python."""
    project = tomllib.loads((source / "pyproject.toml").read_text())["project"]
    check_version(source, version)
    files = {f"pocketmq/{path.relative_to(source / 'pocketmq')}": (path.read_bytes(), 0o644)
             for path in sorted((source / "pocketmq").rglob("*"))
             if path.is_file() and "__pycache__" not in path.parts and "bin" not in path.parts}
    files["pocketmq/bin/pocketmq-broker"] = (broker, 0o755)
    information = f"pocketmq-{version}.dist-info"
    for name, text in {"METADATA": metadata(project, version, source), "WHEEL": wheel(),
                       "entry_points.txt": entry_points(project)}.items():
        files[f"{information}/{name}"] = (text.encode(), 0o644)
    record = f"{information}/RECORD"
    files[record] = (record_of(files, record).encode(), 0o644)

    path = out / f"pocketmq-{version}-py3-none-{'.'.join(TAGS)}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, (content, mode) in files.items():
            entry = zipfile.ZipInfo(name, time.gmtime(TIME)[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, whose modes follow
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, content, compresslevel=9)
    return path


def check_version(source, version):
    said = re.search(r'^__version__ = "(.*)"$', (source / "pocketmq/__init__.py").read_text(), re.MULTILINE)
    if not said or said[1] != version:
        raise SystemExit(f"{source}/pocketmq/__init__.py says version {said and said[1]}, and protocol/base/version.hpp "
                         f"{version}; write the latter in both")


def metadata(project, version, source):
    lines = ["Metadata-Version: 2.1", f"Name: {project['name']}", f"Version: {version}",
             f"Summary: {project['description']}", f"Requires-Python: {project['requires-python']}"]
    lines += [f"Classifier: {classifier}" for classifier in project.get("classifiers", [])]
    lines += [f"Requires-Dist: {needed}" for needed in project.get("dependencies", [])]
    readme = source / project.get("readme", "README.md")
    text = readme.read_text() if readme.exists() else project["description"] + ".\n"
    return "\n".join([*lines, "Description-Content-Type: text/markdown", "", text])


def wheel():
    return "\n".join(["Wheel-Version: 1.0", "Generator: pocketmq", "Root-Is-Purelib: false",
                      *(f"Tag: py3-none-{tag}" for tag in TAGS), ""])


def entry_points(project):
    return "\n".join(line for group, entries in project.get("entry-points", {}).items()
                     for line in (f"[{group}]", *(f"{name} = {value}" for name, value in entries.items()), ""))


def record_of(files, record):
    lines = []
    for name, (content, _) in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(content)}")
    return "\n".join([*lines, f"{record},,", ""])
