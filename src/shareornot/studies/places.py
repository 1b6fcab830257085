"""The place where jobs run: executor, device, and resources of each job."""

from dataclasses import dataclass

from shareornot.errors import SettingsError
from shareornot.images import image_source
from shareornot.studies.devices import choose_device
from shareornot.studies.execution import (
    Executor,
    InProcess,
    LocalProcesses,
    RayCluster,
    Resources,
    num_usable_cores,
    visible_devices,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Executor and device of jobs."""

    executor: Executor
    device: str
    resources: Resources
    """What a job that trains or scores takes."""


def choose_place(
    images: str,
    device: str = "auto",
    num_processes: int | None = None,
    *,
    ray: str | None = None,
    most: int | None = None,
) -> Place:
    """Choose an executor.

    Args:
        images: name of the image set. Networks on digits are small: they run on one core each, on a processor.
        device: as PyTorch names it, or "auto".
        num_processes: jobs at the same time; 0 does them here. By default one per core for small networks, else
            one, or one per accelerator. Several processes per GPU share it.
        ray: address of a Ray cluster, "local" to start one on this machine, None for no cluster.
        most: jobs that can run at the same time; where it is given, a processor gets one job per core at most, and a
            single job runs in this process.

    Returns:
        The executor, with the device of its jobs.

    Raises:
        SettingsError: both `num_processes` and `ray`, or a device that is not there.
        MissingExtraError: PyTorch is not installed.
    """
    if num_processes is not None and ray is not None:
        raise SettingsError("--processes: expected only one of --processes and --ray, got both")
    small = image_source(images).is_small
    if small and device == "auto":
        device = "cpu"
    if ray is None or device == "auto":
        device = choose_device(device)  # which fails here rather than in every job
    on_cpu, cores = device == "cpu", num_usable_cores()
    if ray is not None:
        gpus = 0.0 if on_cpu or small else 1.0
        return Place(
            executor=RayCluster(address=None if ray == "local" else ray),
            device=device if gpus else "cpu",
            resources=Resources(num_cores=1 if small or gpus else cores, num_gpus=gpus),
        )
    devices = () if on_cpu else visible_devices()
    number = num_processes
    if number is None:
        number = max(1, len(devices)) if not on_cpu else cores if small or most is not None else 1
    if most is not None:
        number = min(number, most)
    if number == 0 or (most is not None and number == 1):
        return Place(executor=InProcess(), device=device, resources=Resources(num_cores=1 if small else cores))
    sharing = -(-number // len(devices)) if devices else 1
    return Place(
        executor=LocalProcesses(num_processes=number, devices=devices),
        device=device,
        resources=Resources(
            num_cores=1 if small else max(1, cores // number), num_gpus=1 / sharing if devices else 0.0
        ),
    )
