"""What a self-check finds, in words."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass

from shareornot.errors import SettingsError


class SupernetWarning(UserWarning):
    """Something about a user's super-net that looks wrong, and need not be."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with a super-net, or looks wrong."""

    name: str
    """One or two words, for programs."""
    sentence: str
    """What was found, what was expected, and the remedy."""
    is_error: bool
    """Whether scores or trainings would be worth nothing; otherwise it may be intended."""

    def __str__(self) -> str:
        return f"{'error' if self.is_error else 'warning'}: {self.sentence}"


def error(name: str, sentence: str) -> Finding:
    """A finding that stops scoring and training."""
    return Finding(name, sentence, is_error=True)


def warning(name: str, sentence: str) -> Finding:
    """A finding that a person should look at."""
    return Finding(name, sentence, is_error=False)


def raise_errors(findings: Iterable[Finding]) -> None:
    """Warn of suspicious findings, and raise errors.

    Raises:
        SettingsError: there is an error among the findings; the message holds all of them.
    """
    errors = []
    for finding in findings:
        if finding.is_error:
            errors.append(finding.sentence)
        else:
            warnings.warn(finding.sentence, SupernetWarning, stacklevel=3)
    if errors:
        raise SettingsError("; ".join(errors))
