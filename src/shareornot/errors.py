"""The errors a user can cause, as one small family.

    ShareOrNotError
    ├── ArchitectureError   not an architecture of the space            (ValueError)
    │   └── CellError       not a cell of NASBench-101
    ├── UnknownCellError    a cell that a table does not hold           (KeyError)
    ├── UnitError           a number in another unit than expected      (ValueError)
    ├── SettingsError       a setting out of range or unknown           (ValueError)
    ├── DataError           a file that is damaged or something else    (ValueError)
    ├── MissingDataError    a file or data set that is not there        (FileNotFoundError)
    ├── MissingExtraError   an optional dependency is not installed     (ImportError)
    ├── JobError            a job of a study failed                     (RuntimeError)
    └── Interrupted         the user stopped the work; all is saved

Each message states what was expected, what came, and the remedy. The command line shows them as one line, without a
traceback, and exits with 2.
"""

import errno

REMEDIES = {
    errno.EACCES: "change its permissions, or name another path",
    errno.EPERM: "change its permissions, or name another path",
    errno.EROFS: "name a path on a disk that can be written",
    errno.ENOSPC: "free some space, and run the same command again",
    errno.EDQUOT: "free some space, and run the same command again",
}


class ShareOrNotError(Exception):
    """Root of all errors that shareornot raises on purpose."""


class ArchitectureError(ShareOrNotError, ValueError):
    """A text, number or combination of choices that describes no architecture of a space."""


class CellError(ArchitectureError):
    """An adjacency matrix and operations that describe no cell of the search space."""


class UnknownCellError(ShareOrNotError, KeyError):
    """A valid cell that this benchmark table does not hold."""

    __str__ = Exception.__str__  # KeyError would show the message in quotes


class UnitError(ShareOrNotError, ValueError):
    """A number outside the range of its unit, most likely a percentage for a fraction."""


class SettingsError(ShareOrNotError, ValueError):
    """A setting that is unknown, out of range, or contradicts another."""


class DataError(ShareOrNotError, ValueError):
    """A file from outside that is damaged, truncated, or of another format than its name indicates."""


class MissingDataError(ShareOrNotError, FileNotFoundError):
    """A file or data set that is not where it is looked for."""


class MissingExtraError(ShareOrNotError, ImportError):
    """An optional dependency that this command needs and that is not installed."""


class JobError(ShareOrNotError, RuntimeError):
    """A job of a study failed for a reason that the user can fix; finished jobs are kept."""


class Interrupted(ShareOrNotError):  # noqa: N818 (not an error: the user requested it)
    """The user stopped the work; finished results are saved, and the same call resumes."""


def message_of(error: BaseException, most: int = 200) -> str:
    """The message of an exception of another package, to be embedded in a message of ours.

    Args:
        error: exception whose first line is taken, or its name where it has no message.
        most: characters.

    Returns:
        The line without the full stop, comma, colon or semicolon at its end.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:most].rstrip(" .,:;")


def operating_system_message(error: OSError) -> str:
    """One sentence about an error of the operating system: the file, the reason, and the remedy where one is known.

    Args:
        error: error of the operating system, such as a full disk or a folder that may not be written.

    Returns:
        The sentence, without a full stop.
    """
    parts = [f"{error.filename}: " if error.filename else "", error.strerror or str(error)]
    if remedy := REMEDIES.get(error.errno or 0):
        parts.append(f"; {remedy}")
    return "".join(parts) + "; finished results are kept"
