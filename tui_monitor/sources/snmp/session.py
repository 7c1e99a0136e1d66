"""One exchange with an SNMP agent over gufo-snmp, whose packets are looked at first, and are sent again where none comes."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from gufo.snmp import (
    Aes128Key,
    Aes192Key,
    Aes256Key,
    DesKey,
    Md5Key,
    Sha1Key,
    Sha224Key,
    Sha256Key,
    Sha384Key,
    Sha512Key,
    SnmpAuthError,
    SnmpError,
    SnmpVersion,
    User,
)
from gufo.snmp.aio import SnmpSession
from gufo.snmp.typing import ValueType
from gufo.snmp.user import BaseAuthKey, BasePrivKey, KeyType

from tui_monitor.core.secret import Secret
from tui_monitor.sources.net.connect import Failure
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.snmp.packet import is_whole, report_of
from tui_monitor.sources.snmp.settings import SHORTEST_PASSWORD, SnmpCheck

T = TypeVar("T")
TRIES = 3
"""Packets for one question: UDP loses some."""
MAX_STRAY = 100
"""Packets that are no answer; a peer that sends more would hold the loop."""
_LARGEST = 65535
_ERRNO = re.compile(r"\(os error (\d+)\)")
_VERSIONS = {"1": SnmpVersion.v1, "2c": SnmpVersion.v2c, "3": SnmpVersion.v3}
_AUTH: dict[str, type[BaseAuthKey]] = {
    "md5": Md5Key, "sha": Sha1Key, "sha224": Sha224Key, "sha256": Sha256Key, "sha384": Sha384Key, "sha512": Sha512Key,
}  # fmt: skip
_PRIVACY: dict[str, type[BasePrivKey]] = {"des": DesKey, "aes": Aes128Key, "aes192": Aes192Key, "aes256": Aes256Key}


def user_of(settings: SnmpCheck) -> User | None:
    """The user of version 3, with keys made of the passwords once: that takes 1 ms each (RFC 3414, A.2: a hash of 1 MiB).

    Raises ValueError for a password that no agent accepts.
    """
    if settings.version != "3":
        return None
    for name, secret in (("auth_password", settings.auth_password), ("privacy_password", settings.privacy_password)):
        if secret is not None and len(secret) < SHORTEST_PASSWORD:
            raise ValueError(f"{name}: shorter than {SHORTEST_PASSWORD} characters, which no agent accepts")
    kind = _AUTH[settings.auth_protocol]
    auth, privacy = settings.auth_password, settings.privacy_password
    return User(
        settings.user,
        auth_key=kind(_master(kind, auth), key_type=KeyType.Master) if auth else None,
        priv_key=_PRIVACY[settings.privacy_protocol](_master(kind, privacy), key_type=KeyType.Master) if privacy else None,
    )


def _master(kind: type[BaseAuthKey], password: Secret) -> bytes:
    return kind.get_master_key(password.reveal().encode())


class RefusedAnswer(Failure):
    """An answer that cannot be used; smaller questions may be answered."""


class Session(SnmpSession):
    """A session whose library only sees whole packets; it lasts one probe. ``stray``: packets that were passed over.
    ``heard`` is called for each that is whole.

    Every await may be cancelled. Raises Failure for what the agent does wrong and OSError for the network.
    """

    def __init__(self, settings: SnmpCheck, address: str, user: User | None, heard: Callable[[], None]) -> None:
        super().__init__(
            address,
            port=settings.port,
            community=settings.community.reveal() if settings.community else "public",
            user=user,
            version=_VERSIONS[settings.version],
            max_repetitions=settings.max_repetitions,
        )
        self.stray = 0
        self._heard = heard
        self._pause = settings.timeout / (TRIES + 1)
        self._is_3 = settings.version == "3"
        self._peek = socket.socket(fileno=os.dup(self._fd))
        self._peek.setblocking(False)

    def close(self) -> None:
        """Close the socket."""
        self._peek.close()

    async def asked(self, question: Callable[[], Awaitable[T]]) -> T:
        """The answer to a question, which is put again twice; the last try waits for ever: the caller sets the limit."""
        for _ in range(TRIES - 1):
            try:
                async with asyncio.timeout(self._pause):
                    return await question()
            except TimeoutError:
                continue
        return await question()

    async def numbers(self, oids: Sequence[str]) -> dict[str, ValueType]:
        """The values that there are. For each is asked where the answer to all would be too long, or (version 1) where one is missing."""
        try:
            found = await self.asked(lambda: self.get_many(oids))
            if found or len(oids) == 1:
                return found
        except RefusedAnswer:
            if len(oids) == 1:
                raise
        return {oid: value for one in oids for oid, value in (await self.numbers([one])).items()}

    async def _recv(self, receiver: Callable[[], T]) -> T:
        while True:
            await self._readable()
            if not self._next_is_whole():
                self._passed_over()
                continue
            try:
                return receiver()
            except BlockingIOError:  # an answer to another question
                self._passed_over()
            except SnmpAuthError:
                raise Failure("the agent refuses the user: look at user, auth_protocol and auth_password") from None
            except (SnmpError, RuntimeError) as error:
                raise RefusedAnswer(f"malformed answer: {clean(str(error), 80)}") from None
            except BaseException as error:
                if type(error).__name__ != "PanicException":  # of the library's Rust code, and no Exception
                    raise
                raise Failure("malformed answer, which breaks the library that reads it") from None

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_reader(self._fd, lambda: None if ready.done() else ready.set_result(None))
        try:
            await ready
        finally:
            loop.remove_reader(self._fd)

    def _next_is_whole(self) -> bool:
        """Whether the library may read the next packet; one that it may not read is taken away."""
        try:
            packet = self._peek.recv(_LARGEST, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        reason = report_of(packet) if self._is_3 else ""
        if reason:
            raise Failure(reason)
        if is_whole(packet):
            self._heard()
            return True
        self._peek.recv(_LARGEST)
        return False

    def _passed_over(self) -> None:
        self.stray += 1
        if self.stray >= MAX_STRAY:
            raise Failure(f"sent {MAX_STRAY} packets that are no answer")


def with_errno(error: OSError) -> OSError:
    """The library's errors say their number in the text only."""
    found = _ERRNO.search(str(error))
    return OSError(int(found[1]), str(error)) if found and error.errno is None else error
