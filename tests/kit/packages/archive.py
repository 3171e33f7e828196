"""Archives that are the same, to the byte, whenever they are made from the same files."""

import gzip
import io
import os
import tarfile

# Seconds since 1970 of every file in a package. 1980 is where a zip's time begins.
TIME = int(os.environ.get("SOURCE_DATE_EPOCH", 315_532_800))


class Tar:
    """A tar in memory, whose files belong to root."""

    def __init__(self):
        self._bytes = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._bytes, mode="w", format=tarfile.USTAR_FORMAT)

    def file(self, name, content, mode=0o644):
        entry = self._entry(name, tarfile.REGTYPE, mode)
        entry.size = len(content)
        self._tar.addfile(entry, io.BytesIO(content))

    def folder(self, name, mode=0o755):
        self._tar.addfile(self._entry(name, tarfile.DIRTYPE, mode))

    def link(self, name, target):
        entry = self._entry(name, tarfile.SYMTYPE, 0o777)
        entry.linkname = target
        self._tar.addfile(entry)

    def finish(self):
        self._tar.close()
        return self._bytes.getvalue()

    @staticmethod
    def _entry(name, kind, mode):
        entry = tarfile.TarInfo(name)
        entry.type, entry.mode, entry.mtime, entry.uname, entry.gname = kind, mode, TIME, "root", "root"
        return entry


def gzipped(content):
    return gzip.compress(content, compresslevel=9, mtime=0)
