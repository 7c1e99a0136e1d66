"""Connection setup shared by probes: resolve, connect, TLS, with phases, stages and attributed errors."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from time import perf_counter
from typing import Protocol

from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.net.error_attribution import own_trouble, target_trouble
from tui_monitor.sources.net.resolve import Address, Resolver, numeric, resolve_in_time
from tui_monitor.sources.net.stream import ConnectError, HungUp, Stream, connect
from tui_monitor.sources.net.tls import TlsSettings, context_for, handshake_reason, sent_certificates, verified_certificates


class Staged(Protocol):
    """An object with a current stage."""

    stage: str


class Failure(Exception):
    """A fault of the target, with the reason for people; ``silent`` where it had sent nothing."""

    def __init__(self, reason: str, *, silent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.silent = silent


async def open_stream(staged: Staged, host: str, port: int, phases: dict[str, float], resolver: Resolver, limit: float) -> Stream:
    """Resolve and connect; adds the phases' seconds. Raises Failure or OwnTrouble.

    A resolver without an answer within nine tenths of ``limit`` (the probe's timeout) is the monitor's own trouble.
    """
    staged.stage = "resolving the name"
    started = perf_counter()
    try:
        addresses = await addresses_of(host, resolver, limit)
    finally:
        resolved = perf_counter()
        phases["resolve"] += resolved - started
    staged.stage = "connecting"
    try:
        return await connect(addresses, port)
    except ConnectError as error:
        raise connect_failure(error) from error
    finally:
        phases["connect"] += perf_counter() - resolved


async def addresses_of(host: str, resolver: Resolver, limit: float) -> Sequence[Address]:
    """Addresses of a host, resolved as in `open_stream`. Raises Failure or OwnTrouble."""
    address = numeric(host)
    if address is not None:
        return (address,)
    try:
        return await resolve_in_time(host, limit, resolver)
    except (OSError, MemoryError) as error:
        raise _failure(error, host) from error


def connect_failure(error: ConnectError) -> Failure | OwnTrouble:
    """A Failure if any address failed for the target's reasons, else OwnTrouble."""
    failures = [_failure(fault, address) for address, fault in error.failures]
    return next((failure for failure in failures if isinstance(failure, Failure)), failures[0])


def stream_failure(error: OSError, peer: str, *, silent: bool = False) -> Failure | OwnTrouble:
    """The Failure or OwnTrouble of an error on an open connection."""
    if isinstance(error, ssl.SSLError):
        return Failure(f"broken TLS ({(error.reason or 'unknown reason').replace('_', ' ').lower()})")
    return _failure(error, peer, silent=silent)


def _failure(error: BaseException, where: str, *, silent: bool = False) -> Failure | OwnTrouble:
    own = own_trouble(error)
    if own is not None or not isinstance(error, OSError):
        return OwnTrouble(f"{own or type(error).__name__} ({where})")
    return Failure(f"{target_trouble(error)} ({where})", silent=silent)


async def secure(staged: Staged, stream: Stream, settings: TlsSettings, host: str, phases: dict[str, float], now: float) -> None:
    """Do the TLS handshake; adds the phase's seconds. Raises Failure or OwnTrouble; the caller closes the stream."""
    context = context_for(settings)
    staged.stage = "TLS handshake"
    started = perf_counter()
    try:
        await stream.start_tls(context, host)
    except ssl.SSLError as error:
        chain = (verified_certificates(stream.tls) or sent_certificates(stream.tls)) if stream.tls is not None else []
        raise Failure(handshake_reason(error, chain, host, now)) from error
    except HungUp as error:
        raise Failure(f"{error} ({stream.peer})") from error
    except OSError as error:
        raise stream_failure(error, stream.peer) from error
    except ValueError as error:  # a name that is invalid in TLS
        raise Failure(f"{host} is no name for TLS") from error
    finally:
        phases["tls"] += perf_counter() - started
