"""Bookkeeping against a plain simulation, on random graphs."""

from hypothesis import given
from hypothesis import strategies as st

from shareornot.studies.execution import Resources, Task
from shareornot.studies.execution.schedule import Schedule, in_order


@st.composite
def graphs(draw):
    """Name, needs and cores of each task, in an order of its own; and which tasks fail."""
    number = draw(st.integers(1, 12))
    needs = {one: draw(st.sets(st.integers(0, one - 1))) if one else set() for one in range(number)}
    order = draw(st.permutations(range(number)))
    return [(one, needs[one], draw(st.integers(1, 2))) for one in order], draw(st.sets(st.integers(0, number - 1)))


def tasks_of(graph):
    return [
        Task(name=str(one), needs=tuple(map(str, needs)), work=print, resources=Resources(num_cores=num_cores))
        for one, needs, num_cores in graph[0]
    ]


@given(graphs())
def test_every_task_comes_after_what_it_needs(graph):
    tasks = tasks_of(graph)
    ordered = in_order(tasks)
    assert sorted(task.name for task in ordered) == sorted(task.name for task in tasks)
    for place, task in enumerate(ordered):
        assert set(task.needs) <= {other.name for other in ordered[:place]}


@given(graphs())
def test_failures_block_exactly_what_needs_them(graph):
    tasks, failing = tasks_of(graph), graph[1]
    needs = {task.name: set(task.needs) for task in tasks}
    schedule = Schedule(tasks)
    done, failed, blocked = set(), set(), []
    while task := schedule.take():
        if int(task.name) in failing:
            failed.add(task.name)
            blocked += schedule.fail(task.name)
        else:
            done.add(task.name)
            schedule.finish(task.name)
    lost = set(failed)
    for one in sorted(needs, key=int):
        if needs[one] & lost:
            lost.add(one)
    assert sorted(blocked) == sorted(lost - failed)  # each reported once
    assert done == needs.keys() - lost


@given(graphs())
def test_only_what_fits_is_taken_and_the_first_of_it(graph):
    tasks = tasks_of(graph)
    schedule = Schedule(tasks)
    ready = [task.name for task in tasks if not task.needs]
    small = [task.name for task in tasks if not task.needs and task.resources.num_cores == 1]
    taken = schedule.take(lambda resources: resources.num_cores == 1)
    assert (taken.name if taken else None) == (small[0] if small else None)
    if taken:
        schedule.put_back(taken.name)
    assert schedule.take().name == ready[0]
