"""The memory and the accelerators of this machine."""

import os


def total_memory_bytes() -> int:
    """Main memory of the machine; a limit on this process alone is not seen."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def visible_devices() -> tuple[str, ...]:
    """Accelerators that this process may use, each as CUDA_VISIBLE_DEVICES would name it; none without PyTorch.

    They are counted without starting CUDA, so that processes started later can each have one to themselves.
    """
    try:
        import torch
    except ImportError:
        return ()
    number = torch.cuda.device_count()
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    return tuple(named.split(",")[:number]) if named else tuple(map(str, range(number)))
