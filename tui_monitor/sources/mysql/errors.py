"""What the errors of a MySQL connection mean for people.

Numbers: dev.mysql.com/doc/mysql-errors/8.4/en/, mariadb.com/kb/en/mariadb-error-codes/.
"""

from __future__ import annotations

import ssl
import time

from tui_monitor.core.units import format_duration
from tui_monitor.sources.mysql.connection import NotMysql
from tui_monitor.sources.net.driver_common import network_reason, one_of_many
from tui_monitor.sources.net.error_attribution import own_trouble
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.net.kept_probe import DriverErrors
from tui_monitor.sources.net.tls import handshake_reason

REASON_LENGTH = 200
_TOO_MANY = {1040, 1203, 1226}
_TIMED_OUT = {1969, 3024}
_LOST = {2003, 2006, 2013, 2014, 2055, 4031, 1053, 1927, 1152, 1184}
"""The connection is gone: network, idle for too long (4031, wait_timeout), shut down (1053), killed (1927)."""
_REFUSED = {1044, 1045, 1049, 1064, 1142, 1193, 1227, 1235, 3118, 3955}


def connection_errors() -> tuple[type[Exception], ...]:
    """What connecting and asking can raise: network, server, driver (TimeoutError is an OSError)."""
    from pymysql.err import MySQLError

    from tui_monitor.sources.mysql.driver import AnswerTooLong, LoginRefused

    return OSError, MySQLError, NotMysql, LoginRefused, AnswerTooLong


def _code(error: BaseException) -> int:
    code = error.args[0] if error.args else 0
    return code if isinstance(code, int) else 0


def is_timeout(error: Exception) -> bool:
    """Whether a limit of ours was reached: at the server, or here (then nobody knows what comes next over the connection)."""
    return isinstance(error, TimeoutError) or _code(error) in _TIMED_OUT


def is_broken(error: Exception) -> bool:
    """Whether the error ended the connection rather than the statement: then a new connection deserves a try."""
    from pymysql.err import InterfaceError, MySQLError

    if isinstance(error, TimeoutError):
        return False
    return isinstance(error, InterfaceError) or not isinstance(error, MySQLError) or _code(error) in _LOST


def is_refusal(error: Exception) -> bool:
    """Whether the server has answered and will not give this, however often it is asked: rights, syntax, names."""
    return _code(error) in _REFUSED


def _cause(error: BaseException) -> BaseException:
    """The operating system's error that the driver wrapped ("Can't connect to MySQL server"), where there is one."""
    link: BaseException | None = error
    while link is not None and not isinstance(link, OSError):
        link = link.__cause__
    return error if link is None else one_of_many(link)


def own_reason(error: Exception, address: str) -> str | None:
    """The monitor's own fault in words, None where it is the target's."""
    return own_trouble(_cause(error))


def reason_of(error: Exception, address: str, stage: str, limit: float) -> str:
    """What to tell people of the target's fault; never the DSN."""
    from tui_monitor.sources.mysql.driver import AnswerTooLong, LoginRefused

    if is_timeout(error):
        return f"timed out after {format_duration(limit)} ({stage})"
    if isinstance(error, LoginRefused):
        return str(error)
    if isinstance(error, AnswerTooLong):
        return "the answer is too long"
    if isinstance(error, NotMysql):
        return f"the answer is not MySQL's ({address})"
    cause = _cause(error)
    if isinstance(cause, ssl.SSLError):
        return f"TLS: {handshake_reason(cause, [], address.rpartition(':')[0], time.time())} ({address})"
    if isinstance(cause, OSError):
        return network_reason(cause, address)
    return _words(error, address, stage)


def _words(error: Exception, address: str, stage: str) -> str:
    """The server's words, where it said something."""
    code = _code(error)
    said = clean(str(error.args[1]), REASON_LENGTH) if len(error.args) > 1 else ""
    if code in _TOO_MANY:
        return "too many connections" if code != 1226 else said
    if said and code not in _LOST and code > 0:
        return said
    if stage == "login" and code == 2013:
        return f"hung up during the login ({address})"
    from pymysql.err import InternalError

    return f"the answer is not MySQL's ({address})" if isinstance(error, InternalError) else f"connection closed by the server ({address})"


ERRORS = DriverErrors(connection_errors, is_broken, own_reason, reason_of)
