"""How methods, fields and values are written in a script; README.md describes it. What is printed can be parsed."""

import re
from typing import NamedTuple

from amqp import METHODS, PROPERTIES, WITH_CONTENT, BY_NUMBER, Value

SHOWN_BODY_MAX = 60

_WORD = re.compile(r"[\w.\-*#@+/']+")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"(?:\*(\d+))?')
_TAG = re.compile(r"([A-Za-z]):(?=\S)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_CLOSES = ("channel.close", "connection.close")


class Word(str):
    """A value without quotes, as it stands in the script: what it means depends on where it stands."""


class Arguments(NamedTuple):
    positional: list
    named: dict


class NotationError(Exception):
    pass


# ---- reading

def parse(text):
    """The arguments of a step: `name=value`, `name` for a bit that is set, and values without a name."""
    return _Parser(text).arguments()


class _Parser:
    def __init__(self, text):
        self.text, self.at = text, 0

    def arguments(self):
        positional, named = [], {}
        while self._skip_blanks():
            name = self._match(_WORD)
            if name is None:
                positional.append(self._value(in_table=False))
            elif self._take("="):
                named[name[0]] = self._value(in_table=False)
            elif re.fullmatch(r"[a-z_]+", name[0]):
                named[name[0]] = True
            else:
                positional.append(Word(name[0]))
        return Arguments(positional, named)

    def _value(self, in_table):
        if self._take("{"):
            pairs = []
            while not self._closed_by("}"):
                key = self._string() if self._peek() == '"' else self._word()
                if not self._take("="):
                    raise self._error("'=' is missing")
                pairs.append((key, self._value(in_table=True)))
            return Value("F", pairs) if in_table else pairs
        if self._take("["):
            values = []
            while not self._closed_by("]"):
                values.append(self._value(in_table=True))
            return Value("A", values)
        if in_table and (tag := self._match(_TAG)):
            return Value(tag[1], _tagged(tag[1], self._string() if self._peek() == '"' else self._word()))
        if self._peek() == '"':
            return Value("S", self._string()) if in_table else self._string()
        return _untagged(self._word()) if in_table else self._word()

    def _string(self):
        match = self._match(_STRING)
        if match is None:
            raise self._error("a string does not end")
        return _unescaped(match[1]) * int(match[2] or 1)

    def _word(self):
        match = self._match(_WORD)
        if match is None:
            raise self._error("a value is missing")
        return Word(match[0])

    def _closed_by(self, bracket):
        if not self._skip_blanks():
            raise self._error(f"'{bracket}' is missing")
        return self._take(bracket)

    def _skip_blanks(self):
        """Whether anything is left."""
        while self._peek() == " ":
            self.at += 1
        return self.at < len(self.text)

    def _peek(self):
        return self.text[self.at:self.at + 1]

    def _take(self, character):
        found = self._peek() == character
        self.at += found
        return found

    def _match(self, pattern):
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def _error(self, what):
        return NotationError(f"{what}: {self.text[:self.at]} <here> {self.text[self.at:]}")


def _tagged(tag, text):
    if tag in "Sx":
        return str(text)
    if tag == "D":
        scale, number = text.split("/")
        return int(scale), int(number)
    return float(text) if tag in "fd" else int(text)


def _untagged(word):
    if word in ("true", "false"):
        return Value("t", int(word == "true"))
    if word == "void":
        return Value("V", None)
    if re.fullmatch(r"[+-]?\d+", word):
        return Value("I", int(word))
    if re.fullmatch(r"[+-]?\d+\.\d+", word):
        return Value("d", float(word))
    return Value("S", str(word))


def _unescaped(text):
    def character(match):
        if match[2]:
            octet = int(match[2], 16)
            return chr(octet) if octet < 0x80 else bytes([octet]).decode("utf-8", "surrogateescape")
        return _ESCAPES[match[1]]

    text = re.sub(r"\\(?:([nrt\"\\])|x([0-9a-f]{2}))", character, text)
    # Octets that make up a character are that character.
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def fields_of(fields, named):
    """Takes the values of these fields out of `named`, and gives them their types."""
    return {field.name: _typed(field.type, named.pop(field.name)) for field in fields if field.name in named}


def _typed(kind, value):
    if kind == "bit":
        return value is True or value == "true"
    return int(value) if kind in ("octet", "short", "long", "longlong", "timestamp") else value


# ---- writing

def show_method(name, fields, properties=None, body=None, pieces=()):
    """A method as one line. What is zero or empty is left out; of a content, the properties that are present and the
    body are not."""
    if name in _CLOSES:
        return _show_close(name, fields)
    parts = [name]
    parts += [part for field in METHODS[name].fields if (part := _show_field(field, fields.get(field.name)))]
    if name in WITH_CONTENT:
        flags = properties.pop("flags", None)
        parts += [f"{field.name}={_show(properties[field.name])}" for field in PROPERTIES if field.name in properties]
        parts += [f"flags={flags}"] if flags else []
        parts.append("body=" + _show_body(body, pieces))
    return " ".join(parts)


def _show_field(field, value):
    if not value:
        return ""
    return field.name if field.type == "bit" else f"{field.name}={_show(value)}"


def _show_close(name, fields):
    cause = BY_NUMBER.get((fields["class_id"], fields["method_id"]))
    about = cause.name if cause else f"{fields['class_id']}.{fields['method_id']}"
    about = "" if about == "0.0" else f" ({about})"
    return f"{name} {fields['reply_code']} {quoted(fields['reply_text'])}{about}"


def _show_body(body, pieces):
    if len(body) <= SHOWN_BODY_MAX:
        shown = quoted(body)
    else:
        shown = f"{quoted(body[0])}*{len(body)}" if body == body[0] * len(body) else f"{len(body)} bytes"
    return shown if len(pieces) == (body != "") else shown + f" in {'+'.join(map(str, pieces))}"


def _show(value):
    if isinstance(value, str):
        return value if value and _WORD.fullmatch(value) else quoted(value)
    if isinstance(value, list):
        return "{" + " ".join(f"{_show(key)}={_show_value(of_key)}" for key, of_key in value) + "}"
    return str(value)


def _show_value(value):
    tag, content = value
    if tag == "F":
        return _show(content)
    if tag == "S" and len(content) > SHOWN_BODY_MAX and content == content[0] * len(content):
        return f"{quoted(content[0])}*{len(content)}"
    if tag == "A":
        return "[" + " ".join(map(_show_value, content)) + "]"
    if tag == "D":
        return f"D:{content[0]}/{content[1]}"
    if tag == "V":
        return "void"
    if tag == "x":
        return "x:" + quoted(content)
    if tag == "S":
        return content if _untagged(content) == value and _WORD.fullmatch(content) else quoted(content)
    if tag == "t" and content in (0, 1):
        return "true" if content else "false"
    plain = str(content)
    return plain if tag in "Id" and _untagged(plain) == value else f"{tag}:{plain}"


def quoted(text):
    def escape(match):
        character = match[0]
        for letter, meant in _ESCAPES.items():
            if character == meant:
                return "\\" + letter
        return "".join(f"\\x{octet:02x}" for octet in character.encode("utf-8", "surrogateescape"))

    return '"' + re.sub(r'[\x00-\x1f\x7f"\\\udc80-\udcff]', escape, text) + '"'
