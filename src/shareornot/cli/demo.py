"""`shareornot demo`."""

import time
from pathlib import Path
from typing import Annotated

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import Open, Processes

DEMO_EPOCHS, DEMO_SUPERNETS, DEMO_CELLS = 300, 4, 600


def demo(
    folder: Annotated[Path, typer.Argument(help="Folder for the results.")] = Path("shareornot-results/demo"),
    supernets: Annotated[int, typer.Option(min=1, help="Super-nets to train.")] = DEMO_SUPERNETS,
    epochs: Annotated[int, typer.Option(min=1, help="Epochs of each.")] = DEMO_EPOCHS,
    cells: Annotated[int, typer.Option(min=20, help="Cells that each scores, of 2,532.")] = DEMO_CELLS,
    space: Annotated[str, typer.Option(help="Space of cells, of those with at most 5 vertices.")] = "A_FULL",
    processes: Processes = None,
    open_it: Open = False,
) -> None:
    """Do the whole job on real images, on this machine, in about two minutes.

    Trains super-nets on handwritten digits, scores cells with the shared weights, compares the scores with what
    training each cell alone gave, and says whether sharing weights helped, and what the super-nets misjudge: here in
    words, and on one page, report.html. What is done already is not done again.
    """
    with user_errors():
        from shareornot.appraisal.audit_words import describe_audit
        from shareornot.cli.page import publish, typed_command
        from shareornot.cli.show import show_appraisal, show_sentences
        from shareornot.progress import progress_bar
        from shareornot.report import write_report
        from shareornot.report.audit_files import write_audit
        from shareornot.report.chapter import Chapter
        from shareornot.studies.provenance import make_provenance
        from shareornot.studies.settings import digits_settings
        from shareornot.studies.supernets import (
            appraise_supernets,
            audit_supernets,
            evaluate_supernets,
            settings_used,
            train_supernets,
        )
        from shareornot.tables import benchmark_path

        started_s = time.monotonic()
        settings = digits_settings(space, epochs=epochs)
        train_supernets(
            folder, settings, num_supernets=supernets, device="cpu", num_processes=processes, bars=progress_bar
        )
        evaluate_supernets(folder, num_cells=cells, device="cpu", num_processes=processes, bars=progress_bar)
        with progress_bar("Simulating searches", 1) as progress:
            appraisal, audit = appraise_supernets(folder), audit_supernets(folder)
            progress.advance()
        picture = write_report(folder, appraisal)
        write_audit(folder, [audit], pictures=False)
        show_sentences("What the super-nets misjudge", describe_audit(audit))
        show_appraisal(appraisal, picture)  # last, so that the verdict is what one sees
        provenance = make_provenance(
            f"Weight sharing on handwritten digits, {appraisal.space}",
            command=typed_command(),
            seeds=range(supernets),
            settings=settings_used(folder),
            data_files={"digits": benchmark_path("digits")},
            duration_s=time.monotonic() - started_s,
        )
        publish(folder, [Chapter(appraisal=appraisal, audit=audit)], provenance, open_it=open_it)
