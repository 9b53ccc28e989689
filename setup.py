"""Packaging: `pip install -e .[lite,dev]`. The runtime requirements are read from requirements.txt."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
LINES = [line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()]
RUNTIME = [line for line in LINES if line]
LITE = [line for line in RUNTIME if line.startswith("paddlelite")]  # wheels for few Pythons: asked for by name
ONNX = ["onnxruntime>=1.17"]
VERSION = re.search(r'__version__ = "(.+)"', (ROOT / "paddle_mfs" / "__init__.py").read_text(encoding="utf-8")).group(1)

setup(
    name="paddle_mfs",
    version=VERSION,
    description="MobileFaceSwap in PaddlePaddle: a face swap network small enough for a phone",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10,<3.11",
    packages=find_packages(include=["paddle_mfs", "paddle_mfs.*"]),
    install_requires=[line for line in RUNTIME if line not in LITE],
    extras_require={
        "lite": LITE,  # exporting .nb files and running them
        "web": ["gradio==6.31.0"],  # the page of tools/web.py
        "visualdl": ["visualdl>=2.5"],  # curves of a training run in the browser
        "onnx": ONNX,  # teachers in .onnx files
        "parity": ["torch>=2.0"],  # tests that hold the teachers' networks against PyTorch
        "dev": LITE + ONNX + ["onnx>=1.16", "webdataset>=0.2", "pytest>=7", "pytest-xdist>=3"],
    },
)
