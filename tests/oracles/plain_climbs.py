"""Local search and tournaments on any space in plain NumPy: what the compiled ones must equal, number for number."""

import numpy as np

from shareornot.search import Answer


def plain_local_search(landscape, space, rng, take_first, num_runs, num_evaluations):
    """The architectures that each run evaluates, a list for each."""
    room = min(num_evaluations, len(landscape.candidates))
    return [plain_climbs(landscape, space, rng, take_first, room) for _ in range(num_runs)]


def plain_climbs(landscape, space, rng, take_first, room):
    """Climbs from random starts until `room` architectures are evaluated."""
    answers, scores = landscape.answers, landscape.scores
    met = np.zeros(len(answers), bool)
    evaluated = []
    for start in rng.permutation(landscape.candidates).tolist():
        if len(evaluated) == room:
            break
        if met[start]:
            continue
        met[start] = True
        evaluated.append(start)
        current = start
        while True:
            around = space.neighbours(current)
            new = rng.permutation(around[around < len(answers)])
            new = new[~met[new]]
            answered = answers[new] == Answer.EVALUATED
            better = answered & (scores[new] > scores[current])
            if take_first and better.any():
                last = int(better.argmax()) + 1
                new, answered = new[:last], answered[:last]
            met[new] = True
            found = new[answered][: room - len(evaluated)]
            evaluated += found.tolist()
            best = int(found[scores[found].argmax()]) if len(found) else current
            if not scores[best] > scores[current]:
                break
            current = best
    return evaluated


def plain_tournaments(draws, scores, births, num_entrants):
    """The position of the best of the members with the lowest draws, in each row; of equals the youngest."""
    winners = []
    for draw, score, birth in zip(draws, scores, births, strict=True):
        entrants = sorted(range(len(draw)), key=lambda member: draw[member])[:num_entrants]
        winners.append(max(entrants, key=lambda member: (score[member], birth[member])))
    return winners
