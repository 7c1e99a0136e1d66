"""Files of the program's log, beside standard error: renamed when they would get too large, errors apart where that is wanted."""

from __future__ import annotations

import io
import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path

from tui_monitor.config.operation import LogSettings

log = logging.getLogger(__name__)


class LogFile(RotatingFileHandler):
    """One file, readable by its group at most. A line that cannot be written (disk full) is on standard error all the same."""

    def __init__(self, path: Path, settings: LogSettings, level: int) -> None:
        """Raises OSError where the file cannot be opened."""
        super().__init__(path, maxBytes=settings.max_size, backupCount=settings.keep, encoding="utf-8", errors="backslashreplace")
        self.setLevel(level)

    def _open(self) -> io.TextIOWrapper:
        return open(self.baseFilename, "a", encoding="utf-8", errors="backslashreplace", opener=_opener)

    def doRollover(self) -> None:
        """Rename the files; with ``keep = 0`` the file begins anew."""
        if self.backupCount == 0 and self.stream is not None:
            self.stream.truncate(0)
        else:
            super().doRollover()

    def handleError(self, record: logging.LogRecord) -> None:
        """Nothing: the line went to standard error before."""


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o640)


class LogFiles:
    """The files of the present configuration, fed by the root logger with the lines of ``handler``'s formatter."""

    def __init__(self, handler: logging.Handler) -> None:
        self._handler = handler
        self._settings: LogSettings | None = None
        self._files: list[LogFile] = []

    def use(self, settings: LogSettings) -> None:
        """Open the files of these settings; one that cannot be opened is logged, and the others are used."""
        if settings == self._settings:
            return
        self._settings = settings
        self.close()
        for path, level in ((settings.file, logging.DEBUG), (settings.error_file, logging.ERROR)):
            if path is not None:
                self._add(Path(path), settings, level)

    def _add(self, path: Path, settings: LogSettings, level: int) -> None:
        try:
            file = LogFile(path, settings, level)
        except OSError as error:
            log.error("[log]: %s cannot be written: %s; the log is on standard error only", path, error.strerror)
            return
        file.setFormatter(self._handler.formatter)
        logging.getLogger().addHandler(file)
        self._files.append(file)

    def close(self) -> None:
        """Close all files."""
        for file in self._files:
            logging.getLogger().removeHandler(file)
            file.close()
        self._files.clear()
