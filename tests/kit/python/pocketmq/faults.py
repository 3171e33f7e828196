"""A rule of a scope: what the broker does wrong, and when."""

from typing import Any, Dict, List

from .http import Http

__tracebackhide__ = True  # pytest shows the test's line that called


class Fault:
    """A rule that was set. It ends with its scope, or with `remove()`."""

    def __init__(self, http: Http, answer: Dict[str, Any]) -> None:
        self._http = http
        self.id = answer["id"]
        self.name = str(answer.get("name", ""))

    def state(self) -> Dict[str, Any]:
        """What the broker says of it: `seen`, how many commands have matched, and `fired`."""
        return dict(self._http.get(f"/test/faults/{self.id}"))

    @property
    def seen(self) -> int:
        """How many commands have matched."""
        return int(self.state()["seen"])

    @property
    def fired(self) -> List[Dict[str, Any]]:
        """Each time that it did something."""
        return list(self.state()["fired"])

    def remove(self) -> None:
        """It does nothing from now on."""
        self._http.delete(f"/test/faults/{self.id}")

    def __repr__(self) -> str:
        return f"<Fault {self.id} {self.name!r}>"
