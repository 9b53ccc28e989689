"""Work in several processes: answers in order, tasks taken as they are needed, errors and deaths told, nobody left."""

import contextlib
import functools
import gc
import itertools
import multiprocessing
import os

import pytest

from paddle_mfs.data.worker_pool import AHEAD, ordered
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.interrupt import StopRequest


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


class Network:
    """In a cycle, so that it stays until garbage is collected; tells in which process that was."""

    def __init__(self, told):
        self.itself, self.told = self, told

    def __del__(self):
        self.told.write_text(str(os.getpid()))


def test_a_forked_worker_leaves_its_parents_garbage_alone(tmp_path):
    """A network has threads, for which its end would wait in vain there."""
    gc.disable()
    try:
        Network(tmp_path / "told")
        assert list(ordered(functools.partial, (collected,), range(2), 1, "fork")) == [0, 1]
        assert not (tmp_path / "told").exists()
    finally:
        gc.enable()
    gc.collect()
    assert (tmp_path / "told").read_text() == str(os.getpid())


def collected(task):
    gc.collect()
    return task


def test_an_error_is_raised_here():
    with pytest.raises(ValueError, match="invalid literal"):
        list(ordered(functools.partial, (int,), ["1", "x"], 1, "fork"))
    assert not multiprocessing.active_children()


def test_a_death_is_told_and_ends_the_others_though_signals_are_held_back():
    with StopRequest(), pytest.raises(UserError, match="a worker process has died"):
        list(ordered(functools.partial, (os._exit,), [9], 2, "fork"))
    assert not multiprocessing.active_children()
