"""`shareornot demo`."""

import time
from pathlib import Path
from typing import Annotated

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import Open, Processes, SpaceText
from shareornot.errors import SettingsError

DEMO_EPOCHS, DEMO_SUPERNETS = 300, 4
DEMO_CELLS = {"digits": 600, "digits-201": 350}
"""Architectures that each super-net scores, so that both demos take the same time."""


def demo(
    folder: Annotated[Path, typer.Argument(help="Folder for the results.")] = Path("shareornot-results/demo"),
    supernets: Annotated[int, typer.Option(min=1, help="Number of super-nets to train.")] = DEMO_SUPERNETS,
    epochs: Annotated[int, typer.Option(min=1, help="Number of epochs of each super-net.")] = DEMO_EPOCHS,
    cells: Annotated[
        int | None,
        typer.Option(
            min=20, help="Architectures that each scores; default: 600, on digits-201 350.", show_default=False
        ),
    ] = None,
    benchmark: Annotated[
        str,
        typer.Option(
            help="digits: cells of NASBench-101 with at most 5 vertices; digits-201: architectures of NAS-Bench-201."
        ),
    ] = "digits",
    space: SpaceText = None,
    processes: Processes = None,
    open_it: Open = False,
) -> None:
    """Train, score and appraise super-nets on real images on this machine in one to two minutes.

    Trains super-nets on handwritten digits, scores cells with the shared weights, compares the scores with the
    standalone accuracies of the cells, and reports whether sharing weights helped, whether the scores can be trusted,
    and which structures the super-nets over- and under-rate: here in words, and on one page, report.html. A second run
    resumes and repeats nothing that is finished.
    """
    with user_errors():
        from shareornot.appraisal.audit_words import describe_audit
        from shareornot.cli.appraise_folder import show_folder
        from shareornot.cli.show import show_sentences
        from shareornot.progress import progress_bar
        from shareornot.report.audit_files import write_audit
        from shareornot.studies.study_settings import StudySettings
        from shareornot.studies.supernets import appraise_supernets, evaluate_supernets, train_supernets
        from shareornot.tables import open_table
        from shareornot.tables.catalogue import EMBEDDED, default_space

        if benchmark not in EMBEDDED:
            raise SettingsError(
                f"benchmark: expected {' or '.join(EMBEDDED)}, which need no download, got {benchmark!r}; train "
                "on others with: shareornot train"
            )
        started_s = time.monotonic()
        study = StudySettings(
            name="demo",
            benchmark=benchmark,
            images="digits",
            spaces=(space or default_space(open_table(benchmark)),),
            supernets=supernets,
            training={"epochs": epochs},
        )
        train_supernets(folder, study, device="cpu", num_processes=processes, bars=progress_bar)
        evaluate_supernets(
            folder, num_cells=cells or DEMO_CELLS[benchmark], device="cpu", num_processes=processes, bars=progress_bar
        )
        found = appraise_supernets(folder, bars=progress_bar)
        audits = [one.audit for one in found.chapters if one.audit is not None]
        write_audit(folder, audits, pictures=False)
        for audit in audits[:1]:
            show_sentences("Structures that the super-nets over- and under-rate", describe_audit(audit))
        # Last, so that the verdict is what one sees.
        show_folder(folder, found, started_s, seeds=list(range(supernets)), open_it=open_it)
