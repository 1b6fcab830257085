"""The long description of the package: the README without links into the repository, which resolve nowhere else."""

import re
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface

IMAGE = re.compile(r"^!\[[^\]]*\]\((?!https?://)[^)]*\)\n+", re.MULTILINE)
LINK = re.compile(r"\[([^\]]+)\]\((?!https?://)[^)]*\)")


def long_description(readme: str) -> str:
    """The text of a README without relative links: pictures are left out, other links keep their words."""
    return LINK.sub(r"\1", IMAGE.sub("", readme))


class LongDescription(MetadataHookInterface):
    """Fills `readme` of the project's metadata."""

    def update(self, metadata: dict) -> None:
        """Set the long description."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": long_description(text)}
