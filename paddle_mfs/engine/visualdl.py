"""A training run's curves and previews for VisualDL (https://github.com/PaddlePaddle/VisualDL), an optional extra."""

from pathlib import Path

from paddle_mfs.utils.errors import UserError


class VisualDL:
    """Writes <output>/visualdl: every number of the log and of evaluations as a curve over steps, the previews as pictures.

    Raises UserError when visualdl is not installed.
    """

    def __init__(self, output):
        try:
            from visualdl import LogWriter
        except ImportError:
            raise UserError(
                "run.visualdl: visualdl is not installed; pip install -e .[visualdl], or set run.visualdl to false"
            ) from None
        self._writer_class, self.folder = LogWriter, str(Path(output) / "visualdl")

    def on_start(self, trainer):
        self._writer = self._writer_class(logdir=self.folder, display_name=trainer.output.name)

    def on_log(self, trainer, line):
        self._scalars("train", line)

    def on_evaluation(self, trainer, line):
        self._scalars("heldout", line)

    def on_preview(self, trainer, picture):
        self._writer.add_image("preview", picture, trainer.step)

    def on_end(self, trainer):
        self._writer.close()

    def _scalars(self, group, line):
        for name, value in line.items():
            if name != "step":
                self._writer.add_scalar(f"{group}/{name}", value, line["step"])
