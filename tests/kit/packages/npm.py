"""The npm package: tests/kit/node with the broker inside."""

import json

from archive import Tar, gzipped


def write(out, version, source, broker):
    """Writes the tarball into the folder `out`, and returns its path. `source` is tests/kit/node."""
    description = json.loads((source / "package.json").read_text())
    tar = Tar()
    tar.file("package/package.json", (json.dumps({**description, "version": version}, indent=2) + "\n").encode())
    for name in sorted(description["files"]):
        if not name.startswith("bin/"):
            tar.file(f"package/{name}", (source / name).read_bytes())
    tar.file("package/README.md", (source / "README.md").read_bytes())
    tar.file("package/bin/pocketmq-broker", broker, 0o755)
    path = out / f"pocketmq-{version}.tgz"
    path.write_bytes(gzipped(tar.finish()))
    return path
