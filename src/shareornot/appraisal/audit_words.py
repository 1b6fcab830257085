"""A bias audit in words: structures as people name them, and the sentences that carry the result."""

import re
from collections.abc import Sequence

from shareornot.appraisal.audit import BiasCost, SpaceAudit
from shareornot.statistics import SIGNIFICANCE, Condition, RatedGroup, StructureEffect

_EDGE_OPERATIONS = ("nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3", "skip_connect", "none")
"""Operations of NAS-Bench-201."""

_COUNTS = {
    "num_vertices": "vertices",
    "num_edges": "edges",
    "num_output_edges": "vertices at the output",
    "num_conv3x3": "conv3x3 vertices",
    "num_conv1x1": "conv1x1 vertices",
    "num_maxpool3x3": "maxpool3x3 vertices",
    **{f"num_{name}": f"{name} edges" for name in _EDGE_OPERATIONS},
}
_PATHS = {
    "residual": "edge input to output",
    "connected": "path input to output",
    "skip_path": "path of skips alone",
    **{f"output_{name}": f"{name} at the output" for name in ("conv3x3", "conv1x1", "maxpool3x3")},
}

_WHOLE = {*_COUNTS, "depth", "width"}


def structure_in_words(feature: str, level: str | None = None) -> str:
    """Short words for a structure, such as `conv3x3 on vertex 1`; names that are not of a cell stay as they are.

    Args:
        feature: such as `operation_1`.
        level: which of its words, for a feature in words.
    """
    vertex = feature.removeprefix("operation_")
    if level and vertex != feature:
        return f"{level} on vertex {vertex}"
    if level and (edge := re.fullmatch(r"edge_(\d+)_(\d+)", feature)):
        return f"{level} on edge {edge[1]} to {edge[2]}"
    if level:
        return f"{feature} = {level}"
    return _PATHS.get(feature) or _COUNTS.get(feature, feature)


def condition_in_words(condition: Condition) -> str:
    """Words that complete `architectures with ...`, such as `at most 1 maxpool3x3 vertex`."""
    words = structure_in_words(condition.feature, condition.level)
    if condition.above is None:
        return words if condition.holds else f"no {words}"
    bound = f"{'more than' if condition.holds else 'at most'} {condition.above:g}"
    if condition.feature not in _COUNTS:
        return f"{words} {bound}"
    if condition.above == 0:
        return f"any {words}" if condition.holds else f"no {words}"
    if condition.above == 1:
        words = words.replace("vertices", "vertex").replace("edges", "edge")
    return f"{bound} {words}"


def group_in_words(group: RatedGroup) -> str:
    """The conditions of a group, or `all architectures`; a number with two bounds in one, such as `depth 4 to 5`."""
    phrases: dict[str, str] = {}
    for condition in group.conditions:
        above, at_most = (
            next((c.above for c in group.conditions if c.feature == condition.feature and c.holds == side), None)
            for side in (True, False)
        )
        if above is not None and at_most is not None and condition.feature in _WHOLE:
            between = f"{at_most:g}" if above + 1 == at_most else f"{above + 1:g} to {at_most:g}"
            words = structure_in_words(condition.feature)
            phrases[condition.feature] = f"{between} {words}" if condition.feature in _COUNTS else f"{words} {between}"
        else:
            phrases[str(condition)] = condition_in_words(condition)
    return ", ".join(phrases.values()) or "all architectures"


def strongest(audit: SpaceAudit, rating: str) -> StructureEffect | None:
    """The structure with the largest effect among those with a rating such as `over-rated`; None without any."""
    return next((effect for effect in audit.bias.effects if effect.rating == rating), None)


def describe_audit(audit: SpaceAudit) -> tuple[str, ...]:
    """Describe the result in sentences: over- and under-rated structures, their share of the error, and its cost."""
    rated = [
        f"Most {rating}: {'larger ' * found.is_number}{_strength(found)}."
        for rating in ("over-rated", "under-rated")
        if (found := strongest(audit, rating))
    ]
    count = len(audit.bias.scores)
    of_one = " The result applies to this super-net alone." if count == 1 else ""
    explained = (
        f"On held-out architectures, groups by structure explain {_percent(audit.bias.explained_share)} of the "
        f"variance of the rank residuals, and all structures together {_percent(audit.bias.linear_share)}, over "
        f"{count} super-net{'s' * (count > 1)}.{of_one}"
    )
    return (
        *(rated or ["No structure is significantly over- or under-rated beyond the effect of noise in the scores."]),
        explained,
        _cost_in_words(audit.costs),
    )


def _strength(effect: StructureEffect) -> str:
    per = " per standard deviation" if effect.is_number else ""
    equal = effect.at_equal_accuracy
    return (
        f"{structure_in_words(effect.feature, effect.level)}, by {abs(effect.points) * 100:.0f} points of rank{per} "
        f"(d {effect.effect.d:+.2f}, {effect.effect.confidence * 100:g} % interval {effect.effect.low:+.2f} to "
        f"{effect.effect.high:+.2f}; same sign in {effect.num_same_sign} of {len(effect.each)} super-nets; at equal "
        f"accuracy by {abs(equal.points) * 100:.0f} points, d {equal.d:+.2f})"
    )


def _percent(share: float) -> str:
    return f"{max(share, 0) * 100:.0f} %"


def _cost_in_words(costs: Sequence[BiasCost]) -> str:
    significant = [cost for cost in costs if cost.p_value is not None and cost.p_value < SIGNIFICANCE]
    if not significant:
        budgets = ", ".join(f"TOP-{cost.num_trained}" for cost in costs)
        shown = "; ".join(f"{cost.difference.mean * 100:+.2f}" for cost in costs)
        return (
            f"Without the explained bias the regret of the guided search would change by {shown} points ({budgets}): "
            + (
                "which is not significant."
                if costs and costs[0].p_value is not None
                else "which cannot be tested with one super-net."
            )
        )
    cost = max(significant, key=lambda one: abs(one.difference.mean))
    interval = cost.difference
    effect = "helps" if interval.mean > 0 else "costs"
    return (
        f"The bias {effect} the search: without it, training the {cost.num_trained} best architectures would end "
        f"{abs(interval.mean) * 100:.2f} points {'further from' if interval.mean > 0 else 'closer to'} the best one "
        f"(p = {cost.p_value:.2g} after Holm)."
    )
