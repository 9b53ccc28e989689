"""Work in several processes: answers in order, tasks taken as they are needed, errors and deaths told, nobody left."""

import contextlib
import functools
import itertools
import multiprocessing
import os

import pytest

from paddle_mfs.data.worker_pool import AHEAD, ordered
from paddle_mfs.utils.errors import UserError


@pytest.mark.parametrize("workers, start", [(0, "spawn"), (2, "spawn"), (2, "fork")])
def test_answers_come_in_order_and_tasks_are_taken_as_needed(workers, start):
    taken = []

    def tasks():
        for number in itertools.count():
            taken.append(number)
            yield number

    with contextlib.closing(ordered(functools.partial, (pow, 2), tasks(), workers, start)) as answers:
        assert list(itertools.islice(answers, 9)) == [2**number for number in range(9)]
        assert len(taken) <= 9 + AHEAD * workers
    assert not multiprocessing.active_children()


def test_all_of_few_tasks_are_done():
    assert list(ordered(functools.partial, (pow, 2), range(3), 2, "fork")) == [1, 2, 4]
    assert not multiprocessing.active_children()


def test_an_error_is_raised_here_and_a_death_told():
    with pytest.raises(ValueError, match="invalid literal"):
        list(ordered(functools.partial, (int,), ["1", "x"], 1, "fork"))
    with pytest.raises(UserError, match="a worker process has died"):
        list(ordered(functools.partial, (os._exit,), [9], 2, "fork"))
    assert not multiprocessing.active_children()
