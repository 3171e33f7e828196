"""What was left in a scope when it was closed, and what had happened in it unseen."""

from typing import Any, Dict, List


class Report:
    """`ok`: nothing was. `findings` are the broker's, each with `kind` and `text`; `text` is all of it, for people."""

    def __init__(self, answer: Dict[str, Any]) -> None:
        self.answer = answer
        self.ok = bool(answer.get("ok"))
        self.text = str(answer.get("text", ""))
        self.findings: List[Dict[str, Any]] = list(answer.get("findings") or [])

    def kinds(self) -> List[str]:
        """The kinds of the findings, each once, in their order."""
        return list(dict.fromkeys(finding["kind"] for finding in self.findings))

    def of(self, kind: str) -> List[Dict[str, Any]]:
        """The findings of that kind."""
        return [finding for finding in self.findings if finding["kind"] == kind]

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        return f"<Report {'ok' if self.ok else ', '.join(self.kinds())}>"

    def __str__(self) -> str:
        return self.text
