import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from shareornot.studies import read_study
from shareornot.tables import benchmark_path

TINY = ["--benchmark", "digits", "--space", "num_vertices<=3", "--epochs", "1"]
PROGRAM = [sys.executable, "-c", "from shareornot.cli import main; main()"]
WITHOUT_TORCH = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ImportError("no torch here")
sys.meta_path.insert(0, Block())
from shareornot.cli import main
main()
"""


def test_every_option_reaches_the_settings(shareornot, tmp_path):
    options = [
        "--variant",
        "pro-rata",
        "--seed",
        "7",
        "--filters",
        "4",
        "--batch-size",
        "100",
        "--learning-rate",
        "0.5",
    ]
    shown = shareornot("train", tmp_path / "a", *TINY, *options, "--device", "cpu")
    assert shown.code == 0
    assert shown.out == f"Trained: {tmp_path / 'a'}, seed 7\nNext: shareornot evaluate {tmp_path / 'a'}\n"
    assert shown.err.startswith("Training 1 super-net ...\n")
    supernet = read_study(tmp_path / "a").chapters()[0].supernet
    assert (supernet.benchmark, supernet.images, supernet.space) == ("digits", "digits", "num_vertices<=3")
    assert (supernet.variant, supernet.training.method, supernet.training.seed) == ("pro-rata", "pro-rata", 7)
    assert (supernet.network.num_filters, supernet.training.epochs, supernet.training.batch_size) == (4, 1, 100)
    assert supernet.training.optimizer.learning_rate == 0.5


def test_a_training_that_learns_nothing_is_reported(shareornot, tmp_path):
    shown = shareornot("train", tmp_path, *TINY, "--learning-rate", "1000", "--device", "cpu")
    assert shown.code == 0
    assert "shareornot: num_vertices<=3 baseline, seed 0: has learnt nothing: its loss in epoch 1 was" in shown.err
    assert shown.err.endswith("and guessing gives 2.303; train longer, or with a lower --learning-rate\n")


def test_a_table_of_digits_by_its_path_from_any_folder(shareornot, tmp_path, monkeypatch):
    (tmp_path / "mine.arrow").write_bytes(benchmark_path("digits").read_bytes())
    monkeypatch.chdir(tmp_path)
    options = ["--space", "num_vertices<=3", "--epochs", "1", "--device", "cpu"]
    assert shareornot("train", "a", "--benchmark", "mine.arrow", *options).code == 0
    study = read_study(Path("a"))
    assert study.benchmark == str(tmp_path / "mine.arrow")
    assert study.images == "digits"
    monkeypatch.chdir("/")
    assert shareornot("evaluate", tmp_path / "a", "--cells", "2", "--device", "cpu").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--benchmark", "digits", "--space", "A9"], "space: expected one of A1"),
        (
            ["--benchmark", "digits", "--space", "A4"],
            "space A4: expected at least one architecture among the first 2,532",
        ),
        (["--benchmark", "digits", "--recipe", "as-published"], "recipe: expected tuned on digits"),
        (["--benchmark", "digits", "--device", "abacus"], "device: expected auto, cpu, cuda or another accelerator"),
        (["--space", "A4"], "run: shareornot data fetch nasbench101"),
        ([*TINY, "--method", "fairnass"], "got 'fairnass'; try 'fairnas'"),
        ([*TINY, "--method", "fairnas", "--set", "meen=true"], "method fairnas: expected one of mean, got 'meen'"),
        ([*TINY, "--method", "fairnas", "--set", "mean=3"], "method fairnas, mean: expected true or false, got 3"),
        ([*TINY, "--method", "darts"], "method darts: expected a whole product space"),
        ([*TINY, "--method", "few-shot"], "method few-shot: expected a super-net with groups, got one without"),
        ([*TINY, "--method", "smash"], "method smash: expected a super-net with a hyper-network, got one without"),
        ([*TINY, "--method", "rsws", "--set", "num_finalists=0"], "method rsws: expected num_batches from 1 and"),
        ([*TINY, "--method", "fairnas", "--variant", "pro-rata"], "both select a method"),
        ([*TINY, "--set", "network.choices=S1"], "network.choices: expected the space itself"),
    ],
)
def test_what_cannot_be_trained(refused, tmp_path, arguments, message):
    assert message in refused("train", tmp_path / "a", *arguments)
    assert not (tmp_path / "a").exists()


def test_options_of_a_method_and_settings_by_name(shareornot, tmp_path):
    changes = ["--set", "mean=true", "--set", "training.optimizer.clip_norm=2.0"]
    assert shareornot("train", tmp_path / "a", *TINY, "--method", "fairnas", *changes, "--device", "cpu").code == 0
    training = read_study(tmp_path / "a").chapters()[0].supernet.training
    assert (training.method, dict(training.options), training.optimizer.clip_norm) == ("fairnas", {"mean": True}, 2.0)


def test_other_settings_in_the_same_folder(shareornot, refused, tmp_path):
    shareornot("train", tmp_path, *TINY, "--device", "cpu")
    told = refused("train", tmp_path, *TINY[:-1], "2", "--device", "cpu")
    assert "holds super-nets of other settings (training.epochs: 1, now 2); choose another folder" in told


def test_a_folder_that_is_a_file(refused, tmp_path):
    (tmp_path / "a").touch()
    assert "finished results are kept" in refused("train", tmp_path / "a", *TINY, "--device", "cpu")


def run(*arguments, program=PROGRAM, **options):
    return subprocess.run(
        [*program, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False, **options
    )


def test_without_pytorch(tmp_path):
    done = run("train", tmp_path, *TINY, program=[sys.executable, "-c", WITHOUT_TORCH])
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "shareornot: error: training needs PyTorch; install it with: pip install 'shareornot[train]'"
    ]


def test_appraising_needs_no_pytorch(scored):
    done = run("appraise", scored, "--json", program=[sys.executable, "-c", WITHOUT_TORCH])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["benchmark"] == "digits"


def test_a_disk_that_is_full(tmp_path):
    """Files of at most 20 kB: the settings fit, the checkpoint does not."""
    limit = (20_000, 20_000)
    done = run(
        "train",
        tmp_path / "a",
        *TINY,
        "--device",
        "cpu",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].endswith("finished results are kept")
    (job,) = (tmp_path / "a" / "jobs").iterdir()
    assert {path.name for path in job.iterdir()} == {"log.jsonl", "failed.json"}


def test_a_training_that_does_not_learn_is_noticed_early_and_marked_at_the_end(shareornot, tmp_path):
    options = ["--learning-rate", "1e-9", "--supernets", "1", "--device", "cpu"]
    shown = shareornot("train", tmp_path, *TINY[:-1], "80", *options)
    assert shown.code == 0
    assert shown.err.count("the super-net learns nothing so far; the likely cause is") == 1
    shown = shareornot("evaluate", tmp_path, "--images", "100", "--device", "cpu")
    assert shown.code == 0
    assert "on 100 validation images" in shown.out
    shown = shareornot("appraise", tmp_path, "--json")
    assert "learnt nothing: the training loss stayed at that of guessing" in shown.out


def test_a_batch_larger_than_the_images_is_one_sentence(shareornot, tmp_path):
    shown = shareornot("train", tmp_path, *TINY, "--batch-size", "201", "--device", "cpu")
    assert shown.code != 0
    assert "batch_size: expected at most the 200 training images, got 201" in shown.err


def test_an_invalid_number_of_images_is_refused(shareornot, tmp_path):
    shown = shareornot("evaluate", tmp_path, "--images", "many")
    assert shown.code == 2
    assert "--images: expected a number of at least 2, all or auto, got 'many'" in shown.err
