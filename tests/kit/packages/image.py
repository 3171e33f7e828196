"""The image of a container: an OCI image layout in a tar, which `docker load` takes too. No Docker is needed to make it.

Its root holds the broker, the commands that say whether it is ready, and nothing else. It is set up as RabbitMQ's image.
"""

import hashlib
import json
import time

from archive import TIME, Tar, gzipped

COMMANDS = ["rabbitmq-diagnostics", "rabbitmqctl", "rabbitmq-plugins", "rabbitmqadmin"]
USER = 999  # RabbitMQ's
SECOND = 1_000_000_000  # in nanoseconds


def write(out, version, broker, commands):
    """Writes the archive into the folder `out`, and returns its path. `commands` is the binary image_commands."""
    layer = root(broker, commands)
    packed = gzipped(layer)
    blobs = {}
    layer_blob = blob(blobs, packed, "application/vnd.oci.image.layer.v1.tar+gzip")
    config_blob = blob(blobs, encoded(config(version, layer)), "application/vnd.oci.image.config.v1+json")
    manifest_blob = blob(blobs, encoded({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config_blob, "layers": [layer_blob]}), "application/vnd.oci.image.manifest.v1+json")
    names = [f"pocketmq:{version}", "pocketmq:latest"]
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
        {**manifest_blob, "platform": {"architecture": "amd64", "os": "linux"},
         "annotations": {"org.opencontainers.image.ref.name": version,
                         "io.containerd.image.name": f"docker.io/library/{names[0]}"}}]}
    # Docker before version 25 reads this file, and no index.json.
    for_docker = [{"Config": path_of(config_blob), "RepoTags": names, "Layers": [path_of(layer_blob)]}]

    tar = Tar()
    tar.file("oci-layout", encoded({"imageLayoutVersion": "1.0.0"}))
    tar.folder("blobs")
    tar.folder("blobs/sha256")
    for name, content in sorted(blobs.items()):
        tar.file(name, content)
    tar.file("index.json", encoded(index))
    tar.file("manifest.json", encoded(for_docker))
    path = out / f"pocketmq-{version}.oci.tar"
    path.write_bytes(tar.finish())
    return path


def root(broker, commands):
    """The tar of all files."""
    tar = Tar()
    for name in ["bin", "etc", "usr", "usr/local", "usr/local/bin"]:
        tar.folder(name)
    tar.folder("tmp", 0o1777)
    tar.file("etc/passwd", f"root:x:0:0:root:/:/bin/sh\nrabbitmq:x:{USER}:{USER}:rabbitmq:/tmp:/bin/sh\n".encode())
    tar.file("etc/group", f"root:x:0:\nrabbitmq:x:{USER}:\n".encode())
    tar.file("usr/local/bin/pocketmq-broker", broker, 0o755)
    tar.file("usr/local/bin/image_commands", commands, 0o755)
    for name in COMMANDS:
        tar.link(f"usr/local/bin/{name}", "image_commands")
    tar.link("bin/sh", "/usr/local/bin/image_commands")
    return tar.finish()


def config(version, layer):
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(TIME))
    return {
        "created": created, "architecture": "amd64", "os": "linux",
        "config": {
            "User": f"{USER}:{USER}",
            "ExposedPorts": {"5672/tcp": {}, "15672/tcp": {}},
            "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"],
            "Entrypoint": ["pocketmq-broker", "--container"],
            "WorkingDir": "/tmp",
            "StopSignal": "SIGTERM",
            # Docker's own addition: a job of GitHub Actions begins once its services are healthy.
            "Healthcheck": {"Test": ["CMD", "rabbitmq-diagnostics", "-q", "ping"], "Interval": 2 * SECOND,
                            "Timeout": 10 * SECOND, "Retries": 10},
            "Labels": {"org.opencontainers.image.title": "PocketMQ", "org.opencontainers.image.version": version},
        },
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
        "history": [{"created": created, "created_by": "tests/kit/packages/image.py"}],
    }


def blob(blobs, content, media_type):
    """Adds a blob, and returns its descriptor."""
    descriptor = {"mediaType": media_type, "digest": "sha256:" + hashlib.sha256(content).hexdigest(),
                  "size": len(content)}
    blobs[path_of(descriptor)] = content
    return descriptor


def path_of(descriptor):
    return "blobs/" + descriptor["digest"].replace(":", "/")


def encoded(value):
    return json.dumps(value, separators=(",", ":")).encode()
