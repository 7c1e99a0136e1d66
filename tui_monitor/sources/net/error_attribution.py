"""Attribution of errors: the monitor's own trouble (unknown) or the target's fault (unhealthy), with a short text.

The rule is where the error can arise. Errors of the local kernel before a packet has left, because this machine lacks
descriptors, memory, ports, a route, permission or a resolver, are own trouble, whatever the target. Errors that depend on
the peer or a router are the target's: refused, reset, timed out, and also EHOSTUNREACH, which comes from a router or from
ARP when a host in the local network is switched off. ENETUNREACH is own trouble: the routing table has no route. Loopback
has no network errors, so a refused connection to this machine is always the service's fault. Of several addresses, one
that fails for the target's reasons decides (a host with an IPv6 address is not unknown because this machine lacks IPv6).
"""

from __future__ import annotations

import errno
import os
import socket
import ssl

_OWN_ERRNOS = {
    errno.EMFILE: "too many open files in the monitor",
    errno.ENFILE: "too many open files on this machine",
    errno.ENOBUFS: "no network buffers on this machine",
    errno.ENOMEM: "no memory on this machine",
    errno.ENETUNREACH: "this machine has no route there",
    errno.ENETDOWN: "the network of this machine is down",
    errno.EADDRNOTAVAIL: "this machine has no free port or address",
    errno.EADDRINUSE: "this machine has no free port",
    errno.EACCES: "this machine does not let the monitor connect",
    errno.EPERM: "the firewall of this machine does not let the monitor connect",
    errno.EAFNOSUPPORT: "this machine does not speak the target's address family",
}

_NO_SUCH_HOST = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME), getattr(socket, "EAI_ADDRFAMILY", socket.EAI_NONAME)}

_TARGET_ERRNOS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.ECONNABORTED: "connection reset",
    errno.EPIPE: "connection reset",
    errno.ETIMEDOUT: "connection timed out",
    errno.EHOSTUNREACH: "host unreachable",
    errno.EHOSTDOWN: "host unreachable",
}


def own_trouble(error: BaseException) -> str | None:
    """The reason where ``error`` is the monitor's own trouble, None where it is the target's fault."""
    if isinstance(error, MemoryError):
        return _OWN_ERRNOS[errno.ENOMEM]
    if isinstance(error, socket.gaierror):
        return _resolver_trouble(error)
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
        return _OWN_ERRNOS.get(error.errno or 0)
    return None


def _resolver_trouble(error: socket.gaierror) -> str | None:
    """The reason of a resolver error; None for a name that does not exist, which is the target's fault."""
    if error.errno in _NO_SUCH_HOST:
        return None
    if error.errno == socket.EAI_AGAIN:
        return "no resolver answers"
    if error.errno == socket.EAI_MEMORY:
        return _OWN_ERRNOS[errno.ENOMEM]
    return "the resolver fails"


def target_trouble(error: OSError) -> str:
    """A short text for an error that is the target's fault, without the address."""
    if isinstance(error, socket.gaierror):
        return "no such host"
    if isinstance(error, TimeoutError) and not error.errno:
        return _TARGET_ERRNOS[errno.ETIMEDOUT]
    known = _TARGET_ERRNOS.get(error.errno or 0)
    return known or (os.strerror(error.errno).lower() if error.errno else "connection failed")
