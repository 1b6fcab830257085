"""Notices early, from its losses, that a training learns nothing.

A network that guesses has a cross-entropy of ln(classes). Whether a training is better than that shows after a small
part of its steps.
"""

import math
from collections import deque

PART, LEAST_STEPS = 0.05, 300
"""The check comes after this part of the steps, and not before the number below; a shorter training ends without
one."""
RECENT = 100
"""Losses that it looks at, the last ones."""
NUM_ERRORS = 2.0
"""Number of standard errors of their mean by which these losses must lie below that of guessing."""


class LearningCheck:
    """Watches the losses of a training until it is clear whether it learns.

    Args:
        num_classes: number of classes of the images.
        num_steps: number of steps of the whole training.
        steps_done: before the first loss that it will see. A training that is resumed after the check gets no other.
    """

    def __init__(self, num_classes: int, num_steps: int, steps_done: int = 0) -> None:
        self.guessing = math.log(num_classes)
        self.due = max(LEAST_STEPS, math.ceil(PART * num_steps))
        self._recent: deque[float] = deque(maxlen=RECENT)
        self._steps_done = steps_done
        self._is_over = steps_done >= self.due

    def add(self, losses: list[float]) -> str | None:
        """Take the losses of the next steps.

        Returns:
            A sentence with the likely cause if the check is due and the training has learnt nothing, once; None else.
        """
        for loss in losses:
            self._recent.append(loss)
            self._steps_done += 1
            if not self._is_over and self._steps_done >= self.due and len(self._recent) == self._recent.maxlen:
                self._is_over = True
                return self._warning()
        return None

    def _warning(self) -> str | None:
        """The sentence for the losses at hand."""
        number, steps = len(self._recent), self._steps_done
        if not all(map(math.isfinite, self._recent)):
            return (
                f"the loss is not finite after {steps:,} steps: the training has diverged; the likely cause is a "
                "learning rate that is too high"
            )
        mean = math.fsum(self._recent) / number
        variance = math.fsum((loss - mean) ** 2 for loss in self._recent) / max(number - 1, 1)
        if mean < self.guessing - NUM_ERRORS * math.sqrt(variance / number):
            return None
        cause = (
            "the likely cause is a learning rate that is too high"
            if mean > 1.05 * self.guessing
            else "the likely cause is an optimizer or a learning rate that does not fit, or paths that disagree from "
            "the start; see: shareornot probe"
        )
        return (
            f"the loss after {steps:,} steps is {mean:.3f}, and guessing gives {self.guessing:.3f}: the super-net "
            f"learns nothing so far; {cause}"
        )
