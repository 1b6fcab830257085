"""The tables of the replay of a wide table: which numbers they show, and under which titles."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from shareornot.appraisal.rows import cost_rows, effect_rows
from shareornot.report.columns import CORRELATION, COSTS, DIFFERENCE, EFFECTS, PERCENT, POINTS
from shareornot.report.replay_table import table_of
from shareornot.report.table import Column, Format, Table
from shareornot.reproduction.wide.replay import WideReplay
from shareornot.reproduction.wide.sections import TRAINING
from shareornot.storage import atomic_write

SIGNED = Format(3, signed=True)
MOST_EFFECTS = 10
"""Structures of a setting in the table; all are in `bias` of the JSON."""
SETTING, SUPERNETS = Column("setting", "setting"), Column("num_supernets", "super-nets")
STUDENT = "±: half of Student's 95 % interval over super-nets that differ in their seeds; none for one super-net."
MEANS = (
    "By mean: the best by the mean of all trainings, whose noise judges too. By another: the best by one training, "
    "judged by another one; mean over all such pairs."
)


def wide_tables(found: WideReplay) -> list[Table]:
    """The tables of all replayed sections, in the order in which they were requested."""
    makers: dict[str, tuple[Callable[[WideReplay], Table], ...]] = {
        "agreement": (_agreement,),
        "baselines": (_baselines,),
        "top": (_ceilings, _top),
        "effects": (_effects,),
        "search": (_search,),
        "bias": (_bias, _bias_costs),
        "super-nets": (_supernets,),
    }
    return [make(found) for section in found.settings.sections for make in makers[section]]


def wide_to_json(found: WideReplay) -> dict[str, Any]:
    """All rows in full and in the units of the project: accuracies, regrets and shares are fractions."""
    return {
        "settings": asdict(found.settings),
        "benchmark": {"name": found.benchmark, "metric": found.metric, "num_known": found.num_known},
        "scores": {"num_supernets": found.num_supernets, "num_architectures": found.num_architectures},
        "notes": list(found.notes),
        "tables": [table.to_json() for table in wide_tables(found)],
        "bias": {
            label: {"explained_share": audit.bias.explained_share, "effects": effect_rows(audit)}
            for label, audit in found.audits
        },
    }


def write_wide(found: WideReplay, folder: Path) -> list[Path]:
    """Write `replay.json`, and each table as CSV with all fields and as LaTeX as shown.

    Returns:
        The files, each of them whole.

    Raises:
        OSError: the folder cannot be written.
    """
    contents = {"replay.json": json.dumps(wide_to_json(found), indent=2, allow_nan=False) + "\n"}
    for table in wide_tables(found):
        contents[f"{table.name}.csv"] = table.to_csv()
        contents[f"{table.name}.tex"] = table.to_latex()
    for name, text in contents.items():
        with atomic_write(folder / name) as file:
            file.write(text.encode("utf-8", "replace"))
    return [folder / name for name in contents]


def _agreement(found: WideReplay) -> Table:
    return table_of(
        "agreement",
        "Agreement of scores with standalone accuracies",
        (
            SETTING,
            SUPERNETS,
            Column("kendall", "Kendall", CORRELATION),
            Column("kendall_half_width", "±", CORRELATION),
            Column("over_best", "over best baseline", SIGNED),
            Column("spearman", "Spearman", CORRELATION),
            Column("spearman_half_width", "±", CORRELATION),
            Column("given_size", "given size", CORRELATION),
            Column("given_all", "given all", CORRELATION),
            Column("at_equal_size", "at equal size", CORRELATION),
            Column("over_best_low", "", SIGNED),
            Column("over_best_high", "", SIGNED),
            *(Column(f"{name}_half_width", "", CORRELATION) for name in ("given_size", "given_all", "at_equal_size")),
            *_settings(found),
        ),
        found.agreement,
        (
            STUDENT,
            "Over best baseline: Kendall's tau minus that of the best free baseline on the same architectures.",
            "Given size, given all: partial Spearman correlation given the size, given all free baselines together.",
        ),
    )


def _baselines(found: WideReplay) -> Table:
    return table_of(
        "baselines",
        "What costs nothing",
        (
            Column("baseline", "baseline"),
            Column("kendall", "Kendall", CORRELATION),
            Column("spearman", "Spearman", CORRELATION),
            Column("top_kendall", "Kendall in top, by mean", CORRELATION),
            Column("unjudged_kendall", "by another", CORRELATION),
            *(Column(f"regret_{k}", f"regret TOP-{k}", POINTS) for k in found.settings.num_trained),
        ),
        found.baselines,
        (MEANS, "Regret TOP-k: test regret, in points, of training the k that the baseline rates highest."),
    )


def _ceilings(found: WideReplay) -> Table:
    return table_of(
        "ceilings",
        "Agreement of two trainings of the same architectures",
        (
            Column("share", "best, %", Format(0, "percent")),
            Column("num_architectures", "architectures"),
            Column("by_mean", "Kendall, by mean", CORRELATION),
            Column("by_mean_low", "lowest pair", CORRELATION),
            Column("by_mean_high", "highest", CORRELATION),
            Column("kendall", "Kendall, by a third", CORRELATION),
            Column("spearman", "Spearman, by a third", CORRELATION),
            Column("ceiling", "ceiling", CORRELATION),
        ),
        found.ceilings,
        (
            (
                "By mean: among the best by the mean of all trainings. By a third: among the best by a training that "
                "neither judges nor is judged, mean over all such triples."
            ),
            (
                "Ceiling: highest Spearman correlation of any score with one training among these, the root of the "
                "correlation of two."
            ),
        ),
    )


def _top(found: WideReplay) -> Table:
    return table_of(
        "top",
        f"Agreement among the best {100 * found.settings.top_share:g} % of the architectures",
        (
            SETTING,
            SUPERNETS,
            Column("top_kendall", "Kendall, by mean", CORRELATION),
            Column("top_kendall_half_width", "±", CORRELATION),
            Column("highest", "highest", CORRELATION),
            Column("unjudged_kendall", "Kendall, by another", CORRELATION),
            Column("unjudged_kendall_half_width", "±", CORRELATION),
            Column("unjudged_highest", "highest", CORRELATION),
            Column("unjudged_spearman", "Spearman, by another", CORRELATION),
            Column("unjudged_spearman_half_width", "±", CORRELATION),
            Column("share_of_ceiling", "of ceiling, %", PERCENT),
        ),
        found.top,
        (MEANS, f"{TRAINING.capitalize()}: what training each architecture once more gives.", STUDENT),
    )


def _effects(found: WideReplay) -> Table:
    return table_of(
        "effects",
        "What a change of one setting brings",
        (
            SETTING,
            Column("before", "from"),
            Column("after", "to"),
            Column("num_seeds", "seeds"),
            Column("num_pairs", "pairs"),
            *_change("kendall", "Kendall", SIGNED),
            *_change("top", "in top", SIGNED),
            *(
                column
                for k in found.settings.num_trained
                for column in _change(f"regret_{k}", f"regret TOP-{k}", DIFFERENCE)
            ),
            Column("num_settings", ""),
        ),
        found.effects,
        (
            (
                "After minus before, in pairs of super-nets with the same seed and all other settings equal: for each "
                "seed the mean over its pairs, then the mean over seeds with Student's 95 % interval."
            ),
            "In top: Kendall's tau among the best by another training. Regret in points: negative = better.",
        ),
    )


def _change(name: str, title: str, form: Format) -> tuple[Column, ...]:
    return Column(name, title, form), Column(f"{name}_low", "low", form), Column(f"{name}_high", "high", form)


def _search(found: WideReplay) -> Table:
    return table_of(
        "search",
        "The search that scores guide, against searches without a super-net in the same time",
        (
            SETTING,
            SUPERNETS,
            Column("num_trained", "TOP"),
            Column("budget", "trainings", Format(0)),
            Column("regret", "regret", POINTS),
            Column("random_regret", "random", POINTS),
            Column("difference", "minus random", DIFFERENCE),
            Column("difference_low", "low", DIFFERENCE),
            Column("difference_high", "high", DIFFERENCE),
            Column("rival", "best other"),
            Column("rival_regret", "its regret", POINTS),
            Column("rival_difference", "minus it", DIFFERENCE),
            Column("rival_difference_low", "low", DIFFERENCE),
            Column("rival_difference_high", "high", DIFFERENCE),
            Column("regret_half_width", "", POINTS),
            *_settings(found),
        ),
        found.search,
        (
            (
                "Test regret in points (accuracy x 100), negative differences = better; 95 % intervals by Student's t "
                "over super-nets. With one super-net there is none."
            ),
            (
                f"Trainings: the time in average trainings, in which a super-net and its scoring count as "
                f"{found.settings.supernet_trainings:g}."
            ),
            "Best other: evolution, local search or a free baseline, whichever has the smallest expected regret.",
        ),
    )


def _bias(found: WideReplay) -> Table:
    rows = [{"setting": label, **row} for label, audit in found.audits for row in effect_rows(audit)[:MOST_EFFECTS]]
    explained = "; ".join(f"{label} {audit.bias.explained_share * 100:.0f} %" for label, audit in found.audits)
    return table_of(
        EFFECTS.name,
        EFFECTS.title,
        (SETTING, *EFFECTS.columns),
        rows,
        (*EFFECTS.notes, f"Share of the variance of rank residuals that structures explain: {explained}."),
    )


def _bias_costs(found: WideReplay) -> Table:
    rows = [{"setting": label, **row} for label, audit in found.audits for row in cost_rows(audit)]
    return table_of(COSTS.name, COSTS.title, (SETTING, *COSTS.columns), rows, COSTS.notes)


def _supernets(found: WideReplay) -> Table:
    return table_of(
        "super-nets",
        "Super-nets",
        (
            Column("supernet", "super-net"),
            Column("kendall", "Kendall", CORRELATION),
            Column("spearman", "Spearman", CORRELATION),
            Column("given_size", "given size", CORRELATION),
            Column("top_kendall", "in top, by mean", CORRELATION),
            Column("unjudged_kendall", "by another", CORRELATION),
            *(Column(f"regret_{k}", f"regret TOP-{k}", POINTS) for k in found.settings.num_trained),
            Column("given_all", "", CORRELATION),
            Column("at_equal_size", "", CORRELATION),
            Column("setting", ""),
        ),
        found.supernets,
        (MEANS,),
    )


def _settings(found: WideReplay) -> tuple[Column, ...]:
    """The columns of the index for each setting, in CSV alone."""
    names = [name for name, _ in found.groups[0].values] if found.groups else []
    return tuple(Column(f"setting_{name}", "") for name in names)
