"""The types of keys: parsing, JSON schema and spelling of their values.

A type is `Annotated[..., Text]`. pydantic asks the annotation for its schema when a file is read; nothing here imports it before.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from tui_monitor.core.sanitize import clean, nearest
from tui_monitor.core.secret import Secret
from tui_monitor.core.units import format_duration, format_size, parse_duration, parse_rate, parse_ratio, parse_size
from tui_monitor.core.values import SEVERITIES, SEVERITY_ALIASES
from tui_monitor.platform.regex import RegexError, check_regex

SHORTEST_INTERVAL = 0.05
FOOTER_NAMES = ("service", "environment", "host")


class Text:
    """The conversion of one type of value from and to the file.

    ``parse`` converts the written value and raises ValueError with advice; ``before``: it accepts any type, not only a checked text.
    ``schema``: the JSON schema of the written value; ``spell``: the value as TOML. ``address``: the value may contain a password.
    """

    def __init__(
        self,
        parse: Callable[[Any], Any],
        *,
        before: bool = False,
        schema: Mapping[str, Any] | None = None,
        spell: Callable[[Any], str] | None = None,
        address: bool = False,
    ) -> None:
        self.parse, self.before, self.schema, self.spell, self.address = parse, before, schema, spell, address

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        from pydantic_core import core_schema

        inner = core_schema.str_schema() if source is Secret else handler(source)
        if self.before:
            return core_schema.no_info_before_validator_function(self.parse, inner)
        return core_schema.no_info_after_validator_function(self.parse, inner)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Callable[[Any], Any]) -> Any:
        return dict(self.schema) if self.schema is not None else handler(schema.get("schema", schema))


class FileText(Text):
    """A path relative to the configuration's directory, so that it means the same wherever the program is started."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        from pydantic_core import core_schema

        def beside_the_file(value: str, info: Any) -> str:
            return path_beside((info.context or {}).get("directory", ""), value)

        return core_schema.with_info_after_validator_function(beside_the_file, handler(source))


def path_beside(directory: str | Path, value: str) -> str:
    """The path, absolute where the directory is. Raises ValueError where the home directory of "~user" is not known."""
    try:
        return str(Path(directory, Path(value).expanduser()))
    except RuntimeError:
        raise ValueError(f'"{clean(value)}" cannot be expanded: there is no home directory for it; write the whole path') from None


def _severity(value: object) -> str:
    word = SEVERITY_ALIASES.get(str(value), str(value))
    if word not in SEVERITIES:
        raise ValueError(f'"{value}" is not a severity{nearest(word, SEVERITIES)}; one of {", ".join(SEVERITIES)}')
    return word


def _each_severity_once(value: Any) -> Any:
    words = [SEVERITY_ALIASES.get(word, word) for word in value] if isinstance(value, dict) else []
    if twice := next((word for word in words if words.count(word) > 1), ""):
        raise ValueError(f'"{twice}" is listed twice, perhaps under another name')
    return value


def _pattern(value: str) -> str:
    try:
        check_regex(value)
    except RegexError as error:
        raise ValueError(str(error)) from None
    return value


def _rate(value: str) -> str:
    parse_rate(value)
    return value


def _footer(value: str) -> str:
    for name in re.findall(r"\{(\w*)\}", value):
        if name not in FOOTER_NAMES:
            known = ", ".join(f"{{{each}}}" for each in FOOTER_NAMES)
            raise ValueError(f"{{{name}}} cannot be filled in{nearest(name, FOOTER_NAMES)}; there are {known}")
    return value


def _response_time(value: object) -> float | str:
    try:
        return "office" if value == "office" else parse_duration(value)
    except ValueError as error:
        raise ValueError(f'{error}; or write "office": within the office hours') from None


def _response_text(value: float | str) -> str:
    return f'"{value if isinstance(value, str) else format_duration(value)}"'


def _interval(value: float) -> float:
    if 0 < value < SHORTEST_INTERVAL:
        raise ValueError(f"at least {format_duration(SHORTEST_INTERVAL)} is wanted, for example 1s")
    return value


def _name(value: str) -> str:
    if not value.isprintable() or clean(value) != value:
        raise ValueError(f'"{clean(value)}" contains an invisible character; write it without')
    if value != value.strip():
        raise ValueError(f'"{value}" has spaces around it; write "{value.strip()}"')
    if value != (composed := unicodedata.normalize("NFC", value)):
        raise ValueError(f'"{value}" is written with combining characters (not NFC); write "{composed}"')
    return value


def _host(value: str) -> str:
    if value != value.strip() or clean(value) != value:
        raise ValueError(f'"{clean(value)}" has spaces or control characters; write "{clean(value).strip()}"')
    if "/" in value:
        inside = value.partition("//")[2].partition("/")[0] or "db"
        raise ValueError(f'"{value}" is an address; a host name is wanted, for example "{inside}"')
    host, colon, port = value.rpartition(":")
    if colon and port.isdigit() and (":" not in host or host.endswith("]")):
        raise ValueError(f'"{value}" holds a port; write host = "{host}" and port = {port}')
    if any(letter.isspace() for letter in value):
        raise ValueError(f'"{value}" is not a host name: it has a space in it')
    return value


def _host_and_port(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536) or (":" in host and not host.startswith("[")):
        raise ValueError(f'"{value}" is not host:port; write for example "192.0.2.1:443" or "[2001:db8::1]:443"')
    return value


def _status_code(value: int) -> int:
    if value < 100 or value > 599:
        raise ValueError(f"input should be {'greater than or equal to 100' if value < 100 else 'less than or equal to 599'}")
    return value


def _checked_address(*schemes: str) -> Callable[[str], str]:
    """A validator of addresses: scheme, host and port. Its messages never contain the address."""

    def check(text: str) -> str:
        if not text.lower().startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(f"an address that begins with {' or '.join(f'{scheme}://' for scheme in schemes)} is wanted")
        try:
            parts = urlsplit(text)
            hosts = parts.netloc.rpartition("@")[2].split(",")  # PostgreSQL accepts several hosts
            known = [urlsplit(f"//{host}") for host in hosts if host]
            bad = any(part.port == 0 for part in known) or (text.lower().startswith("http") and not parts.hostname)
        except ValueError as error:
            said = str(error).lower() if "out of range" in str(error) or "ipv6" in str(error).lower() else "its port is no number"
            raise ValueError(f"not an address: {said}") from None
        if bad:
            raise ValueError("the address names no host, or the port 0")
        return text

    return check


def address(*schemes: str) -> Text:
    """The type of an address with one of these schemes; messages about it never contain the address."""
    return Text(_checked_address(*schemes), address=True)


def secret_address(*schemes: str) -> Text:
    """As `address`, stored as a Secret."""
    check = _checked_address(*schemes)
    return Text(lambda text: Secret(check(text)), address=True)


_NUMBER_OR_TEXT = {"type": ["number", "string"]}
_DURATION = Text(parse_duration, before=True, schema=_NUMBER_OR_TEXT, spell=lambda seconds: f'"{format_duration(seconds)}"')

Duration = Annotated[float, _DURATION]
"""Seconds, of "10s", "1h30m" or a number of seconds."""
Interval = Annotated[float, _DURATION, Text(_interval, schema=_NUMBER_OR_TEXT)]
"""A Duration of at least 50 ms."""
Size = Annotated[int, Text(parse_size, before=True, schema={"type": ["integer", "string"]}, spell=lambda size: f'"{format_size(size)}"')]
"""Bytes, of "512MiB" or a number of bytes."""
Ratio = Annotated[float, Text(parse_ratio, before=True, schema=_NUMBER_OR_TEXT, spell=lambda value: f'"{value:.0%}"')]
"""0 to 1, of "90%" or 0.9."""
Severity = Annotated[str, Text(_severity, before=True, schema={"enum": [*SEVERITIES, *SEVERITY_ALIASES]})]
BySeverity = Annotated[dict[Severity, list[str]], Text(_each_severity_once, before=True)]
Name = Annotated[str, Text(_name)]
"""A displayed name: composed (NFC), without control characters and outer spaces."""
ResponseTime = Annotated[float | str, Text(_response_time, before=True, schema=_NUMBER_OR_TEXT, spell=_response_text)]
"""A Duration, or "office"."""
FooterText = Annotated[str, Text(_footer)]
HostName = Annotated[str, Text(_host)]
HostAndPort = Annotated[str, Text(_host_and_port)]
FilePath = Annotated[str, FileText(str)]
RateLimitText = Annotated[str, Text(_rate)]
TlsVersion = Literal["1.0", "1.1", "1.2", "1.3"]
StatusCode = Annotated[int, Text(_status_code, schema={"type": "integer", "minimum": 100, "maximum": 599})]
Regex = Annotated[str, Text(_pattern, schema={"type": "string", "format": "regex"})]
HttpAddress = Annotated[str, address("http", "https")]
SecretText = Annotated[Secret, Text(Secret, schema={"type": "string"})]
SecretHttpAddress = Annotated[Secret, secret_address("http", "https")]
