"""The types of keys of notifiers: receivers, tokens, headers, addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from tui_monitor.config.fields import HttpAddress, Text
from tui_monitor.config.receivers import ascii_domain, chat_id, mailbox, phone_number
from tui_monitor.config.requests import base_address, header_fields, ntfy_server, ntfy_topic, program_arguments, telegram_token, token
from tui_monitor.core.secret import Secret


def _checked(check: Callable[[Any], object]) -> Callable[[Any], Any]:
    """A validator that keeps the value as it was written."""

    def as_written(value: Any) -> Any:
        check(value)
        return value

    return as_written


def _user_id(value: int) -> int:
    if value < 1:
        raise ValueError("a user's id is a positive number (groups have negative ones)")
    return value


_STRING = {"type": "string"}

MailAddress = Annotated[str, Text(_checked(mailbox))]
PhoneNumber = Annotated[str, Text(phone_number)]
ChatId = Annotated[str | int, Text(chat_id, schema={"type": ["string", "integer"]})]
UserId = Annotated[int, Text(_user_id, schema={"type": "integer", "minimum": 1})]
DomainName = Annotated[str, Text(ascii_domain)]
HeaderFields = Annotated[dict[str, str], Text(header_fields)]
Token = Annotated[Secret, Text(lambda text: Secret(token(text)), schema=_STRING)]
TelegramToken = Annotated[Secret, Text(lambda text: Secret(telegram_token(text)), schema=_STRING)]
BaseAddress = Annotated[HttpAddress, Text(base_address, address=True)]
NtfyServer = Annotated[HttpAddress, Text(ntfy_server, address=True)]
NtfyTopic = Annotated[str, Text(ntfy_topic)]
ProgramArguments = Annotated[list[str], Text(program_arguments)]
