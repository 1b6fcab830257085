"""The folder of a study: what is finished, what is damaged, what is left behind."""

import json
from types import SimpleNamespace

import pytest

from shareornot.errors import DataError, MissingDataError
from shareornot.studies.naming import content_hash
from shareornot.studies.store import Store

NAME = "train-0123456789abcdef0123"


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "study")


def job(name=NAME, kind="train", needs=(), spec=None):
    return SimpleNamespace(name=name, kind=kind, label=f"job {name}", needs=needs, identity={"kind": kind}, spec=spec)


@pytest.fixture
def finished(store):
    """A store with one finished job of one result."""
    store.path(NAME).mkdir(parents=True)
    (store.path(NAME) / "result.bin").write_bytes(b"weights")
    store.finish(job(), ["result.bin"], duration_s=1.23456, about={"device": "cpu"})
    return store


def test_a_job_is_finished_once_it_is_marked(store):
    assert (store.begun(), store.finished([NAME]), store.is_finished(NAME)) == (set(), set(), False)
    store.path(NAME).mkdir(parents=True)
    assert (store.begun(), store.is_finished(NAME)) == ({NAME}, False)
    with pytest.raises(MissingDataError, match=r"expected it finished in .*jobs, found no job\.json"):
        store.verify(NAME)


def test_what_is_stored_of_a_finished_job(finished):
    content = finished.verify(NAME)
    assert (content["name"], content["identity"], content["duration_s"]) == (NAME, {"kind": "train"}, 1.235)
    assert content["files"]["result.bin"]["size_bytes"] == 7
    assert finished.finished([NAME, "train-00"]) == {NAME}
    assert finished.size_bytes() > 7


@pytest.mark.parametrize("content", [b"", b"weightz", b"weights and more"])
def test_a_result_that_changed_is_damaged(finished, content):
    (finished.path(NAME) / "result.bin").write_bytes(content)
    with pytest.raises(DataError, match=r"result\.bin: the checksum does not match the contents"):
        finished.verify(NAME)


def test_a_result_that_is_gone(finished):
    (finished.path(NAME) / "result.bin").unlink()
    with pytest.raises(DataError, match=r"result\.bin: expected a result, found none"):
        finished.verify(NAME)


@pytest.mark.parametrize("change", ["files", "identity", "name", "format", "checksum"])
def test_a_record_that_changed_is_damaged(finished, change):
    path = finished.path(NAME) / "job.json"
    content = json.loads(path.read_bytes())
    content[change] = "other"
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match=r"job\.json: "):
        finished.verify(NAME)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"null"])
def test_something_else_is_no_record(finished, content):
    (finished.path(NAME) / "job.json").write_bytes(content)
    with pytest.raises(DataError, match=r"job\.json: expected"):
        finished.verify(NAME)


def test_a_record_never_leads_out_of_its_folder(finished, tmp_path):
    """Even with a checksum that fits."""
    (tmp_path / "secret").write_bytes(b"weights")
    path = finished.path(NAME) / "job.json"
    content = json.loads(path.read_bytes())
    content.pop("checksum")
    content["files"] = {"../../../secret": content["files"]["result.bin"]}
    path.write_text(json.dumps(content | {"checksum": content_hash(content)}))
    with pytest.raises(DataError, match="expected a result, found none"):
        finished.verify(NAME)


def test_damaged_jobs_are_set_aside_with_the_reason(finished):
    first = finished.set_aside(NAME, "bad bits")
    assert (first.place.name, first.why, finished.begun()) == (f"{NAME}.0", "bad bits", set())
    finished.path(NAME).mkdir()
    assert finished.set_aside(NAME, "again").place.name == f"{NAME}.1"
    assert {place: one.why for place, one in finished.damage_so_far().items()} == {
        f"{NAME}.0": "bad bits",
        f"{NAME}.1": "again",
    }
    assert finished.set_aside(NAME, "another was quicker").place.name == f"{NAME}.2"
    assert f"{NAME} was damaged" in str(first)


def test_temporary_files_go_from_the_folder_and_from_unfinished_jobs(finished):
    other = finished.path("score-00-0-00")
    other.mkdir()
    for place in (finished.folder, other, finished.path(NAME)):
        (place / ".a.b.part").touch()
    assert finished.remove_leftovers(["score-00-0-00", "train-00"]) == 2
    assert (finished.path(NAME) / ".a.b.part").exists()  # of a finished job nothing is touched


def test_others_of_one_family(store):
    for name in ("score-aa-0-11", "score-aa-0-22", "score-aa-250-33", "score-bb-0-11"):
        store.path(name).mkdir(parents=True)
    assert [path.name for path in store.others("score-aa-0-", "score-aa-0-11")] == ["score-aa-0-22"]


def test_a_plan_survives_its_file(store):
    chapter = SimpleNamespace(
        experiment="", supernet=SimpleNamespace(space="A3", variant="baseline"), evaluation="bns-ft", seeds=(0,)
    )
    spec = SimpleNamespace(chapter=chapter, shards=(("score-00-0-11",),))
    store.write_plan([job("score-00-0-11", "score", ("train-00",)), job("appraise-00", "appraise", spec=spec)])
    first, second = store.read_plan()
    assert (first.name, first.needs, first.chapter) == ("score-00-0-11", ("train-00",), None)
    assert (second.chapter.space, second.chapter.shards) == ("A3", (("score-00-0-11",),))


@pytest.mark.parametrize("name", ["../../home", "/etc", "train-00/../../..", "train"])
def test_a_plan_with_a_name_that_is_a_path_is_damaged(store, name):
    store.write_plan([job(name)])
    with pytest.raises(DataError, match="expected the plan of a study, got a damaged file; run the study again"):
        store.read_plan()


def test_failures_are_kept_until_they_are_forgotten(finished):
    assert finished.read_failure(NAME) is None
    finished.write_failure(NAME, "Traceback")
    assert finished.read_failure(NAME) == "Traceback"
    (finished.path(NAME) / "failed.json").write_bytes(b"{")
    assert finished.read_failure(NAME) == "its failed.json is damaged"
    finished.forget_failure(NAME)
    assert finished.read_failure(NAME) is None
