"""CIFAR-10 from the files that people have."""

import io
import json
import tarfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shareornot.errors import DataError, MissingDataError
from shareornot.images import cifar10_files
from shareornot.images.cifar10_files import (
    CLASSES,
    TEST_MEMBER,
    TRAIN_MEMBERS,
    cifar10_provenance,
    fetch_cifar10,
    open_cifar10,
    read_archive,
    read_parquet,
)

Image = pytest.importorskip("PIL.Image")


@pytest.fixture(autouse=True)
def small(tmp_path, monkeypatch):
    """A tenth of a percent of CIFAR-10, in a data folder of its own."""
    monkeypatch.setenv("SHAREORNOT_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(cifar10_files, "NUM_TRAIN", 50)
    monkeypatch.setattr(cifar10_files, "NUM_TEST", 10)
    monkeypatch.setattr(cifar10_files, "BATCH_SIZE", 10)


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (60, 3, 32, 32), dtype=np.uint8)


@pytest.fixture
def labels():
    return np.random.default_rng(1).integers(0, 10, 60, dtype=np.uint8)


@pytest.fixture
def members(pixels, labels):
    """The files of the publisher's archive."""
    records = np.concatenate([labels[:, None], pixels.reshape(60, -1)], axis=1)
    batches = [records[i : i + 10].tobytes() for i in range(0, 60, 10)]
    return dict(zip([*TRAIN_MEMBERS, TEST_MEMBER], batches, strict=True)) | {
        "cifar-10-batches-bin/batches.meta.txt": "\n".join(CLASSES).encode(),
        "cifar-10-batches-bin/readme.html": b"<html></html>",
    }


@pytest.fixture
def write_archive(tmp_path):
    def write(members, order=None):
        path = tmp_path / "cifar-10-binary.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            for name in order or members:
                member = tarfile.TarInfo(name)
                member.size = len(members[name])
                archive.addfile(member, io.BytesIO(members[name]))
        return path

    return write


def encoded(image, kind):
    buffer = io.BytesIO()
    Image.fromarray(image.transpose(1, 2, 0)).save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
def parquet_files(tmp_path, pixels, labels):
    for name, part in (("train", slice(0, 50)), ("test", slice(50, 60))):
        images = [encoded(image, "PNG") for image in pixels[part]]
        pq.write_table(pa.table({"image": images, "label": labels[part].tolist()}), tmp_path / f"cifar-{name}.parquet")
    return tmp_path / "cifar-train.parquet", tmp_path / "cifar-test.parquet"


def assert_holds(arrays, pixels, labels):
    np.testing.assert_array_equal(arrays.train_images, pixels[:50])
    np.testing.assert_array_equal(arrays.train_labels, labels[:50])
    np.testing.assert_array_equal(arrays.test_images, pixels[50:])
    np.testing.assert_array_equal(arrays.test_labels, labels[50:])


def test_the_archive(write_archive, members, pixels, labels):
    assert_holds(read_archive(write_archive(members)), pixels, labels)


def test_the_order_of_the_archive_does_not_matter(write_archive, members, pixels, labels):
    assert_holds(read_archive(write_archive(members, sorted(members, reverse=True))), pixels, labels)


def test_from_archive_to_mapped_arrays(tmp_path, write_archive, members, pixels, labels):
    source = write_archive(members)
    path = fetch_cifar10(source=source)
    assert path == tmp_path / "data" / "cifar10.arrow"
    assert list(path.parent.iterdir()) == [path]
    arrays = open_cifar10()
    assert_holds(arrays, pixels, labels)
    assert not arrays.train_images.flags.writeable
    assert arrays.train_images.shape == (50, 3, 32, 32)
    assert cifar10_provenance()["official"] is False
    assert list(cifar10_provenance()["sources"]) == [source.name]


@pytest.mark.parametrize("which", [0, 1])
def test_from_parquet_to_mapped_arrays(parquet_files, pixels, labels, which):
    fetch_cifar10(source=parquet_files[which])
    assert_holds(open_cifar10(), pixels, labels)
    assert sorted(cifar10_provenance()["sources"]) == ["cifar-test.parquet", "cifar-train.parquet"]


def test_jpeg_and_grey_images_become_three_planes(tmp_path):
    flat = np.full((3, 32, 32), [[[200]], [[100]], [[50]]], np.uint8)
    grey = io.BytesIO()
    Image.new("L", (32, 32), 77).save(grey, "PNG")
    path = tmp_path / "two.parquet"
    pq.write_table(pa.table({"image": [encoded(flat, "JPEG"), grey.getvalue()], "label": [3, 9]}), path)
    images, labels = read_parquet(path, 2)
    assert abs(images[0].astype(int) - flat).max() <= 3
    assert (images[1] == 77).all()
    assert labels.tolist() == [3, 9]


def test_another_program_can_read_it(write_archive, members, pixels, labels):
    with pa.ipc.open_file(fetch_cifar10(source=write_archive(members))) as reader:
        table = reader.read_all()
    assert table["split"].to_pylist() == ["train"] * 50 + ["test"] * 10
    assert table["label"].to_pylist() == labels.tolist()
    assert table["image"][7].as_py() == pixels[7].tobytes()
    assert json.loads(table.schema.metadata[b"shareornot"])["classes"] == list(CLASSES)


def test_a_download(tmp_path, write_archive, members, monkeypatch, pixels, labels):
    def download(remote, folder, bars):  # noqa: ARG001
        folder.mkdir()
        return write_archive(members).rename(folder / remote.name)

    monkeypatch.setattr(cifar10_files, "download", download)
    path = fetch_cifar10()
    assert list((tmp_path / "data").iterdir()) == [path], "the download is removed"
    monkeypatch.setattr(cifar10_files, "download", None)
    assert fetch_cifar10() == path, "nothing is downloaded again"
    assert_holds(open_cifar10(), pixels, labels)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda members: members.pop(TEST_MEMBER), "test_batch.bin is missing"),
        (lambda members: members.update({TEST_MEMBER: b"short"}), "expected 30,730 bytes, got 5"),
        (lambda members: members.update({"large": bytes(30_731)}), "expected the files of CIFAR-10, got 'large'"),
        (lambda members: members.update({TEST_MEMBER: b"\x0a" * 30_730}), "labels from 0 to 9, got 10"),
        (lambda members: members.update({str(i): b"" for i in range(40)}), "expected the files of CIFAR-10"),
        (lambda members: members.update({f"../{TEST_MEMBER}": members.pop(TEST_MEMBER)}), "test_batch.bin is missing"),
    ],
)
def test_refuses_other_archives(tmp_path, write_archive, members, change, message):
    change(members)
    with pytest.raises(DataError, match=message):
        fetch_cifar10(source=write_archive(members))
    assert not (tmp_path / "data").exists()


def test_refuses_links_in_an_archive(write_archive, members):
    path = write_archive(members)
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo(TEST_MEMBER)
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)
    with pytest.raises(DataError, match="not a CIFAR-10 binary archive"):
        read_archive(path)


@pytest.mark.parametrize("cut", [10, 100, 5000])
def test_refuses_truncated_archives(write_archive, members, cut):
    path = write_archive(members)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DataError, match="damaged"):
        read_archive(path)


def test_refuses_a_flipped_bit_in_an_archive(write_archive, members):
    path = write_archive(members)
    for at in np.linspace(100, path.stat().st_size - 1, 25).astype(int):
        content = bytearray(path.read_bytes())
        content[at] ^= 16
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"damaged|missing"):
            read_archive(path)
        content[at] ^= 16
        path.write_bytes(content)


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"\x80\x04pickle"])
def test_refuses_other_files(tmp_path, content):
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"expected cifar-10-binary.tar.gz or a Parquet file"):
        fetch_cifar10(source=path)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"image": [b"no image"], "label": [1]}, "image 0: expected a PNG or JPEG image"),
        ({"image": [None], "label": [1]}, "image 0"),
        ({"image": [encoded(np.zeros((3, 8, 8), np.uint8), "PNG")], "label": [1]}, "32 x 32 pixels, got 8 x 8"),
        ({"image": [encoded(np.zeros((3, 32, 32), np.uint8), "GIF")], "label": [1]}, "expected a PNG or JPEG"),
        ({"image": [encoded(np.zeros((3, 32, 32), np.uint8), "PNG")], "label": [10]}, "labels from 0 to 9"),
        ({"image": [encoded(np.zeros((3, 32, 32), np.uint8), "PNG")], "label": [None]}, "labels from 0 to 9"),
        ({"image": [b"", b""], "label": [1, 1]}, "expected 1 images, got 2"),
        ({"picture": [b""], "label": [1]}, "the columns image and label"),
    ],
)
def test_refuses_other_parquet(tmp_path, columns, message):
    path = tmp_path / "other.parquet"
    pq.write_table(pa.table(columns), path)
    with pytest.raises(DataError, match=message):
        read_parquet(path, 1)


def test_the_other_parquet_file_must_be_there(parquet_files, tmp_path):
    parquet_files[1].unlink()
    with pytest.raises(MissingDataError, match=r"cifar-test.parquet: expected beside cifar-train.parquet"):
        fetch_cifar10(source=parquet_files[0])
    renamed = parquet_files[0].rename(tmp_path / "images.parquet")
    with pytest.raises(DataError, match="contains train or test"):
        fetch_cifar10(source=renamed)


def test_missing_files_are_reported_with_a_remedy():
    with pytest.raises(MissingDataError, match="run: shareornot data fetch cifar10"):
        open_cifar10()
    with pytest.raises(MissingDataError, match="check the name"):
        fetch_cifar10(source=cifar10_files.data_folder() / "nowhere")


def test_refuses_what_was_not_written_by_it(write_archive, members):
    path = fetch_cifar10(source=write_archive(members))
    content = path.read_bytes()
    for damaged in (content[:-1], b"", content.replace(b"shareornot-images", b"shareornot-imagez")):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="not an image file of CIFAR-10, or damaged"):
            open_cifar10()


def test_real_images(shared_data, monkeypatch):
    monkeypatch.setattr(cifar10_files, "NUM_TEST", 10_000)
    images, labels = read_parquet(shared_data / "cifar10-jpeg-test.parquet", 10_000)
    assert np.bincount(labels).tolist() == [1000] * 10
    assert 110 < images.mean() < 130
    assert images.reshape(10_000, -1).std(axis=1).min() > 5
