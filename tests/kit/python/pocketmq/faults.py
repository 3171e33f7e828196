"""A rule of a scope: what the broker does wrong, and when."""

from typing import Any, Dict, List

from .http import Http

__tracebackhide__ = True  # pytest shows the test's line that called


class Fault:
    """A rule that was set. It ends with its scope, or with `remove()`."""

    def __init__(self, http: Http, scope: str, answer: Dict[str, Any]) -> None:
        self._http = http
        self._scope = scope
        self.id = answer["id"]
        self.name = str(answer.get("name", ""))

    def state(self) -> Dict[str, Any]:
        """What the broker says of it: `seen`, how many commands have matched, and `fired`."""
        for fault in self._http.get("/test/faults", scope=self._scope)["faults"]:
            if fault["id"] == self.id:
                return dict(fault)
        return {"seen": 0, "fired": []}

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
