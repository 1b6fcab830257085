"""CIFAR-10 from the files that people have, as one file that is used where it lies on the disk.

The publisher's binary archive holds records of a label (1 byte) and an image (3 x 32 x 32 bytes: red, green and blue
plane, row by row). Parquet copies hold PNG or JPEG images. Either becomes one Arrow file with the columns `image`,
`label` and `split`, the 50,000 training images before the 10,000 test images, in the order of the source.

References: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
"""

import gzip
import json
import tarfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import UInt8

from shareornot.download import RemoteFile, download
from shareornot.errors import DataError, MissingDataError, MissingExtraError, message_of
from shareornot.progress import Progress, ProgressBars, Silent, no_bars
from shareornot.storage import atomic_write, data_folder, sha256_of

ARCHIVE = RemoteFile(
    url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    num_bytes=170_052_171,
)
FILE_NAME = "cifar10.arrow"
FORMAT, VERSION = "shareornot-images", 1
METADATA_KEY = b"shareornot"
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SHAPE = (3, 32, 32)
IMAGE_BYTES = 3 * 32 * 32
NUM_TRAIN, NUM_TEST = 50_000, 10_000
BATCH_SIZE = 10_000
"""Images in each file of the archive."""
TRAIN_MEMBERS = tuple(f"cifar-10-batches-bin/data_batch_{number}.bin" for number in range(1, 6))
TEST_MEMBER = "cifar-10-batches-bin/test_batch.bin"
MAX_MEMBERS = 32
"""The publisher's archive has 9; larger archives are refused."""
MAX_PADDING = 1 << 20
"""Bytes that may follow the last file of an archive."""
GZIP_MAGIC, PARQUET_MAGIC = b"\x1f\x8b", b"PAR1"


class ImageArrays(NamedTuple):
    """CIFAR-10: images as they are, labels as positions in `CLASSES`."""

    train_images: UInt8[np.ndarray, "train 3 32 32"]
    """Images in the published order; the first 40,000 are for training and the last 10,000 for validation."""
    train_labels: UInt8[np.ndarray, " train"]
    test_images: UInt8[np.ndarray, "test 3 32 32"]
    test_labels: UInt8[np.ndarray, " test"]


def fetch_cifar10(*, source: Path | None = None, bars: ProgressBars = no_bars) -> Path:
    """Put CIFAR-10 into the data folder.

    Without `source` the publisher's archive is downloaded, converted and removed; nothing is done where the file is
    there already. With `source` the file is made again from that.

    Args:
        source: the publisher's binary archive (cifar-10-binary.tar.gz), or one of two Parquet files whose names differ
            by "train" and "test", with the columns `image` and `label`.
        bars: shows what takes long, for instance `progress_bar`.

    Returns:
        Path of the file that `open_cifar10` opens.

    Raises:
        MissingDataError: `source` is not there, or the publisher cannot be reached.
        MissingExtraError: Parquet images need Pillow.
        DataError: the file is damaged or something else; the data folder is then as it was.
    """
    target = data_folder() / FILE_NAME
    if source is None and target.is_file():
        open_cifar10(target)
        return target
    path = source or download(ARCHIVE, data_folder(), bars)
    if not path.is_file():
        raise MissingDataError(f"{path}: expected a file, found none; check the name")
    with path.open("rb") as file:
        magic = file.read(4)
    with bars(f"Importing {path.name}", NUM_TRAIN + NUM_TEST) as progress:
        if magic == PARQUET_MAGIC:
            train, test = _parquet_pair(path)
            sources = [train, test]
            arrays = ImageArrays(
                *read_parquet(train, NUM_TRAIN, progress),
                *read_parquet(test, NUM_TEST, progress),
            )
        elif magic.startswith(GZIP_MAGIC):
            sources = [path]
            arrays = read_archive(path, progress)
        else:
            raise DataError(f"{path}: expected cifar-10-binary.tar.gz or a Parquet file, got another file")
    provenance = {
        "sources": {file.name: sha256_of(file) for file in sources},
        "official": sha256_of(path) == ARCHIVE.sha256,
    }
    write_arrays(target, arrays, provenance)
    if source is None:
        path.unlink()
    return target


def read_archive(path: Path, progress: Progress | None = None) -> ImageArrays:
    """Read the publisher's binary archive; nothing of it is written to the disk.

    Raises:
        DataError: damaged, or without the files that the publisher put there.
    """
    progress = progress or Silent()
    batches: dict[str, UInt8[np.ndarray, "images 3073"]] = {}
    wanted = {*TRAIN_MEMBERS, TEST_MEMBER}
    num_bytes = BATCH_SIZE * (1 + IMAGE_BYTES)
    try:
        with gzip.open(path) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            for number, member in enumerate(archive):
                if number == MAX_MEMBERS or member.size > num_bytes:
                    raise DataError(f"expected the files of CIFAR-10, got {member.name!r} with {member.size:,} bytes")
                if member.name not in wanted:
                    continue
                file = archive.extractfile(member)
                content = file.read(num_bytes + 1) if file else b""
                if len(content) != num_bytes:
                    raise DataError(f"{member.name}: expected {num_bytes:,} bytes, got {len(content):,}")
                batches[member.name] = np.frombuffer(content, np.uint8).reshape(BATCH_SIZE, 1 + IMAGE_BYTES)
                progress.advance(BATCH_SIZE)
            if len(stream.read(MAX_PADDING)) == MAX_PADDING:  # reading to the end has the checksum verified
                raise DataError("expected the end of the archive, got more")
    except (tarfile.TarError, zlib.error, EOFError, OSError, DataError) as error:
        raise DataError(
            f"{path}: not a CIFAR-10 binary archive, or damaged: {message_of(error)}; download it again"
        ) from error
    if missing := sorted(wanted - batches.keys()):
        raise DataError(f"{path}: expected the publisher's binary archive, {missing[0]} is missing")
    train = np.concatenate([batches[name] for name in TRAIN_MEMBERS])
    test = batches[TEST_MEMBER]
    arrays = ImageArrays(
        train[:, 1:].reshape(-1, *SHAPE), train[:, 0].copy(), test[:, 1:].reshape(-1, *SHAPE), test[:, 0].copy()
    )
    _check_labels(path, arrays.train_labels)
    _check_labels(path, arrays.test_labels)
    return arrays


def read_parquet(
    path: Path, num_images: int, progress: Progress | None = None
) -> tuple[UInt8[np.ndarray, "images 3 32 32"], UInt8[np.ndarray, " images"]]:
    """Decode the images of a Parquet file.

    Args:
        path: a file with the columns `image` (PNG or JPEG, as bytes) and `label` (0 to 9).
        num_images: how many there must be.
        progress: receives the number of images that are done.

    Raises:
        MissingExtraError: Pillow is not installed.
        DataError: damaged, or other images than those of CIFAR-10.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError(
            "images in Parquet files need Pillow; install it: pip install shareornot[train]"
        ) from error
    progress = progress or Silent()
    try:
        table = pq.read_table(path, columns=["image", "label"])
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: not a Parquet file with the columns image and label, or damaged: {error}") from error
    if len(table) != num_images:
        raise DataError(f"{path}: expected {num_images:,} images, got {len(table):,}")
    images = np.empty((num_images, *SHAPE), np.uint8)
    for row, value in enumerate(table["image"]):
        try:
            with Image.open(BytesIO(value.as_py()), formats=("PNG", "JPEG")) as image:
                if image.size != SHAPE[1:]:
                    raise DataError(f"expected 32 x 32 pixels, got {image.size[0]} x {image.size[1]}")
                images[row] = np.asarray(image.convert("RGB")).transpose(2, 0, 1)
        except (OSError, TypeError, ValueError, SyntaxError) as error:
            raise DataError(f"{path}: image {row}: expected a PNG or JPEG image: {error}") from error
        if row % 1000 == 999:
            progress.advance(1000)
    labels = table["label"].to_pylist()
    if not set(range(len(CLASSES))) >= set(labels):
        raise DataError(f"{path}: expected labels from 0 to {len(CLASSES) - 1}")
    return images, np.array(labels, np.uint8)


def write_arrays(path: Path, arrays: ImageArrays, provenance: dict[str, Any]) -> None:
    """Write the file that `open_cifar10` opens, whole or not at all.

    Args:
        path: where to.
        arrays: images and labels.
        provenance: where they come from, for the file's metadata.
    """
    images = np.concatenate([arrays.train_images, arrays.test_images])
    splits = np.repeat(np.array([0, 1], np.int8), [len(arrays.train_images), len(arrays.test_images)])
    columns = [
        pa.FixedSizeBinaryArray.from_buffers(pa.binary(IMAGE_BYTES), len(images), [None, pa.py_buffer(images)]),
        pa.array(np.concatenate([arrays.train_labels, arrays.test_labels])),
        pa.DictionaryArray.from_arrays(pa.array(splits), ["train", "test"]),
    ]
    content = {"format": FORMAT, "version": VERSION, "data_set": "CIFAR-10", "shape": SHAPE, "classes": CLASSES}
    schema = _schema().with_metadata({METADATA_KEY: json.dumps(content | {"provenance": provenance}).encode()})
    with atomic_write(path) as file, pa.ipc.new_file(file, schema) as writer:
        writer.write_batch(pa.record_batch(columns, schema=schema))


def open_cifar10(path: Path | None = None) -> ImageArrays:
    """Map CIFAR-10 into memory.

    Args:
        path: a file that `write_arrays` wrote; in the data folder if None.

    Returns:
        Read-only arrays, on the disk until they are used.

    Raises:
        MissingDataError: it was not fetched yet.
        DataError: damaged, or something else.
    """
    path = path or data_folder() / FILE_NAME
    batch = _read_batch(path)
    num_train = NUM_TRAIN
    images = np.frombuffer(batch.column("image").buffers()[1], np.uint8, len(batch) * IMAGE_BYTES).reshape(-1, *SHAPE)
    labels = np.frombuffer(batch.column("label").buffers()[1], np.uint8, len(batch))
    _check_labels(path, labels)
    return ImageArrays(images[:num_train], labels[:num_train], images[num_train:], labels[num_train:])


def cifar10_provenance(path: Path | None = None) -> dict[str, Any]:
    """Where the images come from: names and SHA-256 of the sources, and whether they are the publisher's.

    Raises:
        MissingDataError, DataError: as `open_cifar10`.
    """
    metadata = _read_batch(path or data_folder() / FILE_NAME).schema.metadata
    return dict(json.loads(metadata[METADATA_KEY])["provenance"])


def _read_batch(path: Path) -> pa.RecordBatch:
    if not path.is_file():
        raise MissingDataError(f"{path}: expected CIFAR-10, found no file; run: shareornot data fetch cifar10")
    try:
        with pa.ipc.open_file(pa.memory_map(str(path))) as reader:
            content = json.loads((reader.schema.metadata or {}).get(METADATA_KEY, b"{}"))
            if (content.get("format"), content.get("version")) != (FORMAT, VERSION):
                raise DataError(f"expected the format {FORMAT}, version {VERSION}")
            if not reader.schema.equals(_schema()) or reader.num_record_batches != 1:
                raise DataError("expected one batch with the columns image, label and split")
            batch = reader.get_batch(0)
            batch.validate()
        if batch.nbytes > path.stat().st_size:
            raise DataError("expected an uncompressed file")
        if len(batch) != NUM_TRAIN + NUM_TEST or any(column.null_count or column.offset for column in batch.columns):
            raise DataError(f"expected {NUM_TRAIN:,} training and {NUM_TEST:,} test images")
        splits = np.frombuffer(batch.column("split").indices.buffers()[1], np.int8, len(batch))
        if batch.column("split").dictionary.to_pylist() != ["train", "test"] or (
            not np.array_equal(np.sort(splits), splits) or np.count_nonzero(splits == 0) != NUM_TRAIN
        ):
            raise DataError("expected the training images before the test images")
    except (pa.ArrowException, OSError, ValueError, AttributeError) as error:
        raise DataError(
            f"{path}: not an image file of CIFAR-10, or damaged: {message_of(error)}; fetch them again"
        ) from error
    return batch


def _schema() -> pa.Schema:
    columns = [
        ("image", pa.binary(IMAGE_BYTES)),
        ("label", pa.uint8()),
        ("split", pa.dictionary(pa.int8(), pa.string())),
    ]
    return pa.schema([pa.field(*column, nullable=False) for column in columns])


def _parquet_pair(path: Path) -> tuple[Path, Path]:
    """Training and test file, from either of them."""
    if ("train" in path.name) == ("test" in path.name):
        raise DataError(
            f"{path}: expected a file name that contains train or test, from which the name of the other file follows"
        )
    train, test = path.name.replace("test", "train"), path.name.replace("train", "test")
    for name in (train, test):
        if not path.with_name(name).is_file():
            raise MissingDataError(f"{path.with_name(name)}: expected beside {path.name}, found no file")
    return path.with_name(train), path.with_name(test)


def _check_labels(path: Path, labels: UInt8[np.ndarray, " images"]) -> None:
    if labels.max() >= len(CLASSES):
        raise DataError(f"{path}: expected labels from 0 to {len(CLASSES) - 1}, got {labels.max()}")
