"""The programs and commands of README.md and of the folders' READMEs. Tests run these, and no copies of them."""

import re

from programs import ROOT

PORT = "5673"  # of the broker, wherever a page needs one
PAGES = ["README.md", "protocol/README.md", "broker/README.md", "client/README.md", "server/README.md"]


def blocks():
    """All code blocks: the name in the comment above, None without one, and the text."""
    fenced = r"^(?:<!-- ([\w-]+) -->\n)?```\w*\n(.*?)^```$"
    pages = "\n".join((ROOT / page).read_text() for page in PAGES)
    return re.findall(fenced, pages, re.MULTILINE | re.DOTALL)


def block(name, port=None):
    """The text behind the comment `<!-- name -->`; with a port, for a broker that listens there."""
    found = [text for other, text in blocks() if other == name]
    if len(found) != 1:
        raise AssertionError(f"the READMEs have {len(found)} code blocks below <!-- {name} -->")
    if port is None:
        return found[0]
    if PORT not in found[0]:
        raise AssertionError(f"the READMEs' {name} does not connect to port {PORT}")
    return found[0].replace(PORT, str(port))
