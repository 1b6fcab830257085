"""Why a method cannot work on a space, in one sentence."""

from shareornot.errors import SettingsError
from shareornot.spaces import ProductSpace, Space


def check_whole_product(method: str, space: Space, num_architectures: int) -> None:
    """Refuse a space in which not every combination of choices is an architecture to train.

    Raises:
        SettingsError: the space is no product, or only a part of it is trained.
    """
    if isinstance(space, ProductSpace) and num_architectures == len(space):
        return
    raise SettingsError(
        f"method {method}: expected a whole product space, in which every combination of choices is an architecture, "
        f"such as nasbench201 or S1, got {num_architectures:,} architectures of {space.name}"
    )


def mixing_refused(method: str, space: Space) -> SettingsError:
    """The error for a super-net that cannot mix options."""
    return SettingsError(
        f"method {method}: expected a super-net with the method mix, such as that of nasbench201, got one of "
        f"{space.name} without; on S1 to S3 and S3-5, set network.choices to the name of the space"
    )


def groups_missing(method: str) -> SettingsError:
    """The error for a super-net whose architectures all share their weights."""
    return SettingsError(
        f"method {method}: expected a super-net with groups, got one without; set network.groups, for example to "
        "random:4 or, on nasbench201, to decision:edge_0_1"
    )


def hyper_units_missing(method: str) -> SettingsError:
    """The error for a super-net whose convolutions have weights of their own."""
    return SettingsError(
        f"method {method}: expected a super-net with a hyper-network, got one without; set network.hyper_units, for "
        "example to 16"
    )
