"""What pyproject.toml, the place of the metadata, cannot say: weights, samples, configs, licence are in the package.

They lie at the top of the checkout and are copied to paddle_mfs/resources, where paddle_mfs/utils/resources.py finds
them. An editable install uses the checkout's own.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
PATTERNS = (
    "LICENSE",
    "NOTICE",
    "weights/*.pdparams",
    "weights/*.json",
    "weights/check_faces.png",
    "samples/**/*.jpg",
    "samples/**/*.png",
    "samples/**/*.json",
    "samples/*.md",
    "configs/**/*.yml",
)


class BuildWithResources(build_py):
    """build_py that copies the resources beside the modules."""

    def resources(self):
        """{path in the checkout: path in the built package}."""
        target = Path(self.build_lib) / "paddle_mfs" / "resources"
        left_out = ("squeezenet.",)  # converted by a user, not ours to give on
        return {
            path: target / path.relative_to(ROOT)
            for pattern in PATTERNS
            for path in sorted(ROOT.glob(pattern))
            if not path.name.startswith(left_out)
        }

    def run(self):
        super().run()
        if self.editable_mode:
            return
        for path, copy in self.resources().items():
            self.mkpath(str(copy.parent))
            self.copy_file(str(path), str(copy))

    def get_outputs(self, include_bytecode=True):
        own = [] if self.editable_mode else [str(copy) for copy in self.resources().values()]
        return super().get_outputs(include_bytecode) + own


setup(cmdclass={"build_py": BuildWithResources})
