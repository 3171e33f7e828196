"""Finds the broker's binary."""

import os
import shutil
from pathlib import Path
from typing import Mapping, Optional, Union

from .errors import BinaryNotFound

NAME = "pocketmq-broker"
VARIABLE = "POCKETMQ_BROKER"


def find_binary(
    given: Union[None, str, "os.PathLike[str]"] = None,
    environment: Optional[Mapping[str, str]] = None,
    package: Optional[Path] = None,
) -> Path:
    """The binary `given`, or that which the environment variable POCKETMQ_BROKER names, or that of the wheel, or that on
    the PATH: the first of them that there is. Raises BinaryNotFound if there is none, and if one is named that is not there.
    """
    environment = os.environ if environment is None else environment
    if given is not None:
        return _named(Path(given), "--pocketmq-broker (or Broker(binary=...))")
    if environment.get(VARIABLE):
        return _named(Path(environment[VARIABLE]), f"The environment variable {VARIABLE}")
    in_wheel = (package or Path(__file__).parent) / "bin" / NAME
    if _is_program(in_wheel):
        return in_wheel
    search = environment.get("PATH", "")
    on_path = shutil.which(NAME, path=search)
    if on_path:
        return Path(on_path)
    raise BinaryNotFound(
        f"There is no {NAME} to start:\n"
        f"  {VARIABLE} is not set in the environment;\n"
        f"  the installed package has none at {in_wheel};\n"
        f"  no folder of the PATH has one: {search or 'it is empty'}.\n"
        f"Install the wheel that carries the binary, or set {VARIABLE} to its path, or put it on the PATH."
    )


def _named(path: Path, by: str) -> Path:
    if path.is_dir():
        raise BinaryNotFound(f"{by} names the folder {path}; name the file {NAME} in it.")
    if not path.is_file():
        raise BinaryNotFound(f"{by} names {path}, which is not there; name an executable {NAME}.")
    if not os.access(path, os.X_OK):
        raise BinaryNotFound(f"{by} names {path}, which may not be executed; run: chmod +x {path}")
    return path


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
