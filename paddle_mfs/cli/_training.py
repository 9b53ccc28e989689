"""What commands that train have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paddle_mfs.engine.loop import TrainingLoop


def use_threads(count: int) -> None:
    """Let training use `count` CPU threads, and keep the memory that it frees."""
    from paddle_mfs.ops import threads

    threads.keep_pages()
    threads.use_threads(count)


def fit(trainer: TrainingLoop) -> bool:
    """Train to the end of the budget. Ctrl-C, whose checkpoint is saved, is told -> False."""
    try:
        trainer.fit()
    except KeyboardInterrupt:
        print(f"interrupted at step {trainer.step}, checkpoint saved; continue with --resume", flush=True)
        return False
    return True
