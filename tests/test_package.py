"""What `import paddle_mfs` does, and what it leaves for later."""

import subprocess
import sys

import paddle_mfs


def python(code, root):
    return subprocess.run([sys.executable, "-c", code], cwd=root, text=True, capture_output=True)


def test_importing_it_does_not_load_paddle(root):
    done = python("import sys, paddle_mfs; print('paddle' in sys.modules, 'numpy' in sys.modules)", root)
    assert done.stdout == "False False\n", done.stderr


def test_a_png_can_be_written_after_paddle_was_loaded(root):
    """Paddle brings a zlib of its own; where no other was loaded before, Pillow calls that one and the process dies."""
    code = (
        "import io, paddle_mfs, paddle, numpy; from PIL import Image; file = io.BytesIO(); "
        "Image.fromarray(numpy.random.randint(0, 255, (300, 300), 'uint8')).save(file, 'PNG'); "
        "print(len(file.getvalue()) > 0)"
    )
    done = python(code, root)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


def test_a_name_that_is_not_there():
    assert not hasattr(paddle_mfs, "FaceSwap") and "FaceSwapper" in paddle_mfs.__all__
