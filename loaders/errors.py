"""Every error a loader raises on purpose, grouped by what the operator has to do.

Messages say what happened, where, and what to do about it.
"""

from __future__ import annotations

from loaders.confidential import redacted


class SessionhouseError(Exception):
    """Base of all errors of this package; the command line prints its text and no traceback.

    Passwords and signatures of URLs are taken out of the message.
    """

    exit_code = 1

    def __init__(self, message: str = "") -> None:
        super().__init__(redacted(message))


class UsageError(SessionhouseError):
    """The command was given something it cannot work with; correct the command."""

    exit_code = 2


class NoExportsError(UsageError):
    """A landing place holds no export of the vendor."""


class NotReadyError(SessionhouseError):
    """The machine is not ready (a locked database, no permission); mend it and run again."""

    exit_code = 3


class DatabaseLockedError(NotReadyError):
    """Another process holds the DuckDB file."""


class LandingError(NotReadyError):
    """The place that should hold exports cannot be read."""


class MetadataError(NotReadyError):
    """A vendor's metadata service refuses, does not answer, or answers in a form that is not known."""


class ExportRejectedError(SessionhouseError):
    """A check of one export failed: nothing of it is loaded, the ledger keeps the reason."""


class ManifestError(ExportRejectedError):
    """A manifest cannot be understood or contradicts the files it lists."""


class DamagedFileError(ExportRejectedError):
    """A data file is truncated, corrupt or in a form its vendor does not write."""


class TooManyBadLinesError(ExportRejectedError):
    """More lines of an export are bad than the limits of `loaders.load` allow."""


class ExportWaitsError(ExportRejectedError):
    """The export cannot be loaded in this run, though nothing is wrong with it; it counts as incomplete."""


class ChangedFileError(ExportWaitsError):
    """A file is not the one that was listed any more; the next run lists it as it is then."""

    @classmethod
    def of(cls, where: str) -> ChangedFileError:
        """Return the error for the file at `where`."""
        return cls(f"{where} changed while it was being read; run again.")


def first_line(error: Exception) -> str:
    """Return what an error of another package says, without the lines of detail that follow it."""
    return redacted(str(error).strip().partition("\n")[0]) or type(error).__name__
