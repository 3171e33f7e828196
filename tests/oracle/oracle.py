"""Asks PocketMQ and a real RabbitMQ the same questions, and compares their answers with those that are recorded.

README.md in this folder describes the scripts and what this prints.
"""

import argparse
import contextlib
import re
import sys
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE.parent / "integration"), str(HERE.parent / "rabbitmq")]

import programs
from conversation import Conversation
from rabbitmq import RabbitMQ
from script import POCKETMQ, RABBITMQ, Script, ScriptError, agree

SCRIPTS = HERE / "scripts"
DEFINITIONS = HERE / "definitions.json"
IMITATED = "3.10.8"
QUIET = 0.1  # seconds without a word after which RabbitMQ's processes are taken to be done


class Broker(NamedTuple):
    name: str
    host: str
    port: int
    quiet: float

    def readable(self, reply_text):
        """Without Erlang's terms, for which PocketMQ has words of its own."""
        if self.name == POCKETMQ:
            return reply_text
        text = re.sub(r'<<"(.*?)">>', r"'\1'", reply_text)
        text = re.sub(r"(?s)(type \d+, all octets = |cannot decode <<|\. For details see the broker).*", "...", text)
        text = re.sub(r"(?s)'\[.*", "...", text)  # the value of an array or a table, in the midst of a text
        return re.sub(r'(?s): ([{\["].*|[a-z]+(_[a-z]+)+)$', ": ...", text)


class Report:
    def __init__(self):
        self.differences = 0

    def note(self, script, line, what, *lines):
        self.differences += 1
        print(f"{script.path.relative_to(ROOT)}:{line}: {what}")
        for text in lines:
            print(f"    {text}")


def ask(script, broker, record, report):
    """All sections of a script. The answers are recorded, or compared with what is."""
    for section in script.sections:
        conversation = Conversation(broker)
        try:
            for step in section.steps:
                recorded = record and (broker.name == RABBITMQ or step.difference)
                answers = conversation.perform(step, None if recorded else step.expected(broker.name))
                if recorded:
                    step.record(broker.name, answers)
                elif not agree(step.expected(broker.name), answers):
                    report.note(script, step.number, f"{broker.name} answers otherwise: {step.line}",
                                *(f"- {line}" for line in step.expected(broker.name)),
                                *(f"+ {line}" for line in answers))
        finally:
            conversation.end()


def check_differences(scripts, report):
    """Each difference has a reason in the list of broker/README.md, and each of that list is shown by a script."""
    section = (ROOT / "broker/README.md").read_text().partition("## Known differences from RabbitMQ\n")[2].partition("\n## ")[0]
    listed = set(re.findall(r"^- \*\*([\w -]+)\*\*", section, re.MULTILINE))
    shown = set()
    for script in scripts:
        for step in script.steps:
            if not step.difference:
                continue
            shown.add(step.difference)
            if step.difference not in listed:
                report.note(script, step.number, f"broker/README.md does not list '{step.difference}'")
            if agree(step.only[RABBITMQ], step.only[POCKETMQ]):
                report.note(script, step.number, f"there is no difference any more: {step.line}")
    return listed - shown


@contextlib.contextmanager
def running_pocketmq(record):
    with contextlib.ExitStack() as stack:
        broker = programs.Broker(stack.callback, "--definitions", DEFINITIONS)
        yield Broker(POCKETMQ, broker.host, broker.port, QUIET if record else 0)


@contextlib.contextmanager
def running_rabbitmq():
    rabbitmq = RabbitMQ(DEFINITIONS)
    try:
        if rabbitmq.version != IMITATED:
            print(f"oracle: this is RabbitMQ {rabbitmq.version}; what is recorded is {IMITATED}'s", file=sys.stderr)
        yield Broker(RABBITMQ, rabbitmq.host, rabbitmq.port, QUIET)
    finally:
        rabbitmq.end()


def named_scripts(names):
    paths = sorted(SCRIPTS.glob("*.txt"))
    known = {path.stem: path for path in paths}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ScriptError(f"there is no script {', '.join(unknown)}; there are {', '.join(known)}")
    return [Script(known[name]) for name in names] if names else [Script(path) for path in paths]


def main():
    options = argparse.ArgumentParser(prog="./run oracle", description=__doc__)
    options.add_argument("names", nargs="*", metavar="NAME", help="scripts, all by default")
    options.add_argument("--record", action="store_true", help="write RabbitMQ's answers into the scripts")
    options.add_argument("--only", choices=(RABBITMQ, POCKETMQ), help="ask this one alone")
    arguments = options.parse_args()

    report = Report()
    scripts = named_scripts(arguments.names)
    if arguments.only != POCKETMQ:
        with running_rabbitmq() as broker:
            for script in scripts:
                ask(script, broker, arguments.record, report)
                if arguments.record:
                    script.save()
    if arguments.only != RABBITMQ:
        for script in scripts:
            with running_pocketmq(arguments.record) as broker:
                ask(script, broker, arguments.record, report)
            if arguments.record:
                script.save()
    not_shown = check_differences(scripts, report)
    if not arguments.names:
        for name in sorted(not_shown):
            print(f"broker/README.md: no script shows the known difference '{name}'")
            report.differences += 1
    if report.differences:
        print(f"{report.differences} differences that nothing explains")
        return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ScriptError as error:
        sys.exit(f"oracle: {error}")
