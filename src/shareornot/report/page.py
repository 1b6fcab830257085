"""The page: one HTML file with everything that an appraisal finds; it needs no network.

Texts are put in by a template that escapes them, numbers are embedded as JSON, and the page's script writes text of a
user as text alone. A Content-Security-Policy allows the three scripts of the page by their hashes and nothing else, so
that markup in a user's file could do nothing even if it came through.
"""

import base64
import gzip
import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from shareornot.appraisal.audit_words import describe_audit, structure_in_words
from shareornot.errors import SettingsError
from shareornot.report.audit_files import audit_to_json
from shareornot.report.chapter import Chapter, file_stems, names_in_order
from shareornot.report.columns import (
    BASELINES,
    BEST,
    COSTS,
    DIFFERENCES,
    EFFECTS,
    GROUPS,
    SHOWN_BEST,
    SUPERNETS,
    TOP,
    ceiling_table,
    report_tables,
    tone_of_difference,
    tone_of_rating,
)
from shareornot.report.curves import drawn_curves
from shareornot.report.files import to_json
from shareornot.report.method_grid import method_grid
from shareornot.report.page_extra import check_page_extra
from shareornot.report.page_figures import FIGURES, bokeh_script, figures_as_json
from shareornot.report.page_files import FIGURE_FORMATS
from shareornot.report.points import MOST_POINTS, most_misjudged, points_as_json
from shareornot.report.summary import interval_in_words, key_numbers, whole_key_numbers, whole_verdict
from shareornot.report.table import Table
from shareornot.report.terms import TERMS, term_id
from shareornot.storage import atomic_write
from shareornot.studies.provenance import Provenance

__all__ = ["MOST_BYTES", "Chapter", "render_page", "write_page"]

MOST_BYTES = 8_000_000
"""Most bytes of a page. Where numbers would take more, names of drawn cells are left out, and then scores."""
FEWEST_POINTS = 200
NUM_EFFECTS = 14
"""Structures in the figure of the audit, the largest effects."""
MOST_COLUMNS = 6
"""Most columns of variants in the agreement table, which is turned round where there are more, to fit on paper."""
SCRIPTS = (
    "text",
    "decode",
    "columns",
    "theme",
    "cell",
    "tables",
    "cloud",
    "regret",
    "effects",
    "downloads",
    "main",
)
"""Parts of the page's script, in this order."""
SECTIONS = {
    "methods": "Methods by space",
    "verdict": "Verdict",
    "numbers": "Numbers",
    "agreement": "Agreement by space and variant",
    "cloud": "Scores against standalone accuracy",
    "next": "Architectures to train next",
    "regret": "Regret at equal cost",
    "audit": "Bias audit",
    "supernets": "Super-nets",
    "ceiling": "Noise ceiling and baselines",
    "terms": "Definitions",
    "made": "How it was made",
    "downloads": "Downloads",
}
"""The sections of the page, by the name in their addresses."""


def write_page(path: Path, chapters: Sequence[Chapter], provenance: Provenance) -> Path:
    """Write the page, whole or not at all.

    Files that `write_files` has put beside it are linked.

    Args:
        path: such as `report.html`; its folder is created if need be.
        chapters: one for each space and variant; the first one is shown at first.
        provenance: how the numbers were made.

    Returns:
        The path.

    Raises:
        SettingsError: no chapter.
        MissingExtraError: the extra `page` is not installed.
        OSError: the file cannot be written.
    """
    text = render_page(chapters, provenance, beside=path.parent)
    with atomic_write(path) as file:
        file.write(text.encode("utf-8", "replace"))
    return path


def render_page(chapters: Sequence[Chapter], provenance: Provenance, *, beside: Path | None = None) -> str:
    """The page as text, see `write_page`.

    Args:
        chapters: one for each space and variant.
        provenance: how the numbers were made.
        beside: folder of the page, where files to link are looked for.

    Raises:
        SettingsError: no chapter.
        MissingExtraError: the extra `page` is not installed.
    """
    if not chapters:
        raise SettingsError("page: expected at least one chapter, got none; appraise some super-nets first")
    check_page_extra()
    from jinja2 import Environment, StrictUndefined

    documents, items = figures_as_json()
    texts = {kind: _resource(name) for kind, name in (("style", "page.css"), ("template", "page.html.j2"))}
    scripts = [bokeh_script(), _page_script()]
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["tidy"] = _tidy
    tables = report_tables(chapters)
    downloads = _packed(_downloads(chapters, provenance, tables))
    budget = MOST_BYTES - 120_000 - len(downloads) - sum(map(len, scripts))
    packed, sizes = _packed_chapters(chapters, budget, beside)
    methods = method_grid(chapters)
    return environment.from_string(texts["template"]).render(
        provenance=provenance,
        settings=_settings_in_words(provenance.settings),
        policy=_policy(scripts),
        style=_as_it_is(texts["style"]),
        scripts=[_as_it_is(script) for script in scripts],
        verdict=whole_verdict(chapters),
        key_numbers=whole_key_numbers(chapters),
        sections={name: title for name, title in SECTIONS.items() if name != "methods" or methods},
        methods=methods,
        terms=[(term_id(term), term, meaning) for term, meaning in TERMS.items()],
        agreement=_agreement_grid(chapters),
        chapters=chapters,
        figures=FIGURES,
        data={
            "documents": _script_json(documents),
            "places": _script_json(items),
            "sizes": _script_json(sizes),
            "chapters": _script_json(packed),
            "downloads": _script_json(downloads),
        },
        table_files=_existing(beside, "tables", [f"{table.name}.tex" for table in tables]),
    )


def _tidy(text: str) -> str:
    """Keep numbers with their percent signs, `±` and `p =` on one line, and print minus signs; as in `text.js`."""
    text = re.sub(r"(\d) ?%", "\\1\u00a0%", text)
    text = re.sub(r" ± (?=\d)", "\u00a0±\u00a0", text)
    text = re.sub(r"\bp ([=<]) (?=\d)", "p\u00a0\\1\u00a0", text)
    return re.sub(r"(^|[\s(])-(?=\d)", "\\1\u2212", text)


def _packed_chapters(chapters: Sequence[Chapter], budget: int, beside: Path | None) -> tuple[list[str], dict[str, int]]:
    """Each chapter compressed, as rich as the budget of bytes allows; and the lengths of the longest columns."""
    most, with_names = MOST_POINTS, True
    stems = file_stems(chapters)
    while True:
        packed, lengths = [], []
        for chapter, stem in zip(chapters, stems, strict=True):
            content = chapter_as_json(chapter, most=most, with_names=with_names)
            content["files"] = _existing(beside, "figures", [f"{stem}-{kind}" for kind in _FIGURE_FILES])
            lengths.append(_lengths(content))
            packed.append(_packed(content))
        size = sum(map(len, packed))
        if size <= budget or most <= FEWEST_POINTS:
            return packed, {name: max(own[name] for own in lengths) for name in lengths[0]}
        if with_names:
            with_names = False
        else:
            most = max(FEWEST_POINTS, int(most * budget / size * 0.9))


_FIGURE_FILES = tuple(f"{figure}.{kind}" for figure in ("agreement", "regret", "audit") for kind in FIGURE_FORMATS)


def _lengths(content: Mapping[str, Any]) -> dict[str, int]:
    """Lengths of the columns that figures draw."""
    return {
        "points": sum(content["points"]["counts"]),
        "times": max(len(curve["time_s"]) for curve in content["curves"].values()),
        "budgets": len(content["budgets"]),
        "effects": len(content["effects"]),
    }


def chapter_as_json(chapter: Chapter, *, most: int = MOST_POINTS, with_names: bool = True) -> dict[str, Any]:
    """Everything that the page shows of a chapter.

    Args:
        chapter: what to show.
        most: scores in the cloud.
        with_names: whether names of architectures whose structure is drawn are embedded.
    """
    found, audit = chapter.appraisal, chapter.audit
    scores = points_as_json(chapter, most, with_names=with_names)

    return scores | {
        "title": chapter.title,
        "about": f"{found.benchmark}, {found.space}: {found.num_known:,} of {found.num_cells:,} architectures known.",
        "verdict": {
            "helped": [found.verdict.helped.answer, found.verdict.helped.word, found.verdict.helped.sentence],
            "trust": [found.verdict.trust.answer, found.verdict.trust.word, found.verdict.trust.sentence],
            "details": found.verdict.details,
        },
        "notes": found.notes,
        "numbers": [asdict(number) for number in key_numbers(chapter)],
        "colour": most_misjudged(chapter, scores["features"]),
        "curves": {
            name: {
                "label": curve.label,
                "time_s": _rounded(curve.time),
                "mean": _rounded(curve.mean),
                "low": _rounded(curve.low),
                "high": _rounded(curve.high),
                "num_runs": curve.num_runs,
            }
            for name, curve in drawn_curves(found).items()
        },
        "time_unit": found.time_unit,
        "budgets": [{"num_trained": one.num_trained, "time_s": one.budget_s} for one in found.comparisons],
        "tables": {
            "ranking": TOP.of([chapter], ()).to_page(),
            "best": _first_rows(BEST.of([chapter], ()), SHOWN_BEST).to_page(),
            "differences": DIFFERENCES.of([chapter], ()).to_page(tones=tone_of_difference),
            "effects": EFFECTS.of([chapter], ()).to_page(tones=tone_of_rating),
            "groups": GROUPS.of([chapter], ()).to_page(),
            "costs": COSTS.of([chapter], ()).to_page(),
            "supernets": SUPERNETS.of([chapter], ()).to_page(),
            "baselines": BASELINES.of([chapter], ()).to_page(),
            "ceiling": ceiling_table([chapter]).to_page(),
        },
        "losses": {name: _rounded(_thinned(losses)) for name, losses in chapter.losses.items()},
        "sentences": describe_audit(audit) if audit else (),
        "effects": [
            {
                "words": structure_in_words(effect.feature, effect.level) + " *" * effect.is_number,
                "d": effect.effect.d,
                "low": effect.effect.low,
                "high": effect.effect.high,
                "equal": effect.at_equal_accuracy.d,
                "rating": effect.rating,
            }
            for effect in (audit.bias.effects[:NUM_EFFECTS] if audit else ())
        ],
    }


def _first_rows(table: Table, most: int) -> Table:
    return replace(table, rows=table.rows[:most])


def _thinned(values: np.ndarray, most: int = 120) -> np.ndarray:
    """Every n-th value of a long column, the last one among them."""
    return values if len(values) <= most else values[np.linspace(0, len(values) - 1, most).round().astype(int)]


def _rounded(values: Any) -> list[float | None]:
    """Six significant digits, more than a picture shows; None where the value is no number."""
    return [None if not math.isfinite(value) else float(f"{value:.6g}") for value in values.tolist()]


def _agreement_grid(chapters: Sequence[Chapter]) -> dict[str, Any]:
    """The paper's Table 1: a row for each space and a column for each variant; turned round where variants are many."""
    spaces = names_in_order([chapter.appraisal.space for chapter in chapters])
    variants = names_in_order([chapter.variant for chapter in chapters])
    cells = {
        (chapter.appraisal.space, chapter.variant): {
            "number": number,
            "title": chapter.title,
            "mean": chapter.appraisal.agreement.mean,
            "interval": interval_in_words(chapter.appraisal.agreement),
            "helped": chapter.appraisal.verdict.helped.answer,
            "trust": chapter.appraisal.verdict.trust.answer,
            "diverged": sum(value is None for value in chapter.appraisal.spearmans),
        }
        for number, chapter in enumerate(chapters)
    }
    turned = len(variants) > max(MOST_COLUMNS, len(spaces))
    rows, columns = (variants, spaces) if turned else (spaces, variants)
    return {
        "turned": turned,
        "columns": columns,
        "rows": [(row, [cells.get((column, row) if turned else (row, column)) for column in columns]) for row in rows],
        "any_diverged": any(cell["diverged"] for cell in cells.values()),
    }


def _downloads(chapters: Sequence[Chapter], provenance: Provenance, tables: Sequence[Table]) -> dict[str, str]:
    """Files that the page holds itself, by name."""
    results = [
        {"appraisal": to_json(chapter.appraisal), "audit": audit_to_json(chapter.audit) if chapter.audit else None}
        for chapter in chapters
    ]
    everything = {"provenance": asdict(provenance), "results": results}
    return {
        **{f"{table.name}.csv": table.to_csv() for table in tables},
        "results.json": json.dumps(everything, indent=1, default=str),
    }


def _existing(beside: Path | None, folder: str, names: Sequence[str]) -> list[str]:
    """Relative addresses of those files that are there."""
    return [] if beside is None else [f"{folder}/{name}" for name in names if (beside / folder / name).is_file()]


def _packed(value: Any) -> str:
    """JSON, compressed and in base64; the same bytes at every call."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def _as_it_is(text: str) -> Any:
    """Text of this package, or escaped already, which the template must not escape."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 (nothing of a user)


def _script_json(value: Any) -> Any:
    """JSON within a script element: ASCII alone, and nothing that could end the element or begin another."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return _as_it_is(text)


def _settings_in_words(settings: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Names with dots and values as text, nested ones in order."""
    pairs: list[tuple[str, str]] = []
    for name, value in settings.items():
        if isinstance(value, Mapping):
            pairs += _settings_in_words(value, f"{prefix}{name}.")
        else:
            pairs.append((f"{prefix}{name}", value if isinstance(value, str) else json.dumps(value, default=str)))
    return pairs


def _policy(scripts: Sequence[str]) -> str:
    """Scripts of this page alone, no connection to anywhere; Bokeh brings style sheets for its shadow trees."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; "
        "connect-src 'none'; base-uri 'none'; form-action 'none'"
    )


def _page_script() -> str:
    parts = "\n".join(_resource(f"{name}.js") for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}}})();\n'


def _resource(name: str) -> str:
    return (files("shareornot.report") / "web" / name).read_text("utf-8")
