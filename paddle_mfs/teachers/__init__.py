"""Teachers: aligned source and target crops -> the image the student should make."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from paddle_mfs.utils.errors import UserError

if TYPE_CHECKING:
    from paddle_mfs.teachers.teacher import Teacher

# name -> module and class, imported when asked for: a network takes seconds to import and needs its own packages.
TEACHERS = {
    "mesh": ("mesh", "MeshTeacher"),
    "simswap": ("simswap", "SimSwapTeacher"),
    "faceshifter": ("faceshifter", "FaceShifterTeacher"),
    "onnx": ("onnx", "OnnxTeacher"),
    "folder": ("folder", "FolderTeacher"),
}
OPTIONS = ("weights", "encoder", "onnx")


def create_teacher(section: Mapping[str, Any], workers: int = 0) -> Teacher:
    """The teacher of a config's `teacher:` section; its licence is printed.

    Args:
        section: dict with `name` and, as that teacher takes them, `weights`, `encoder` and `onnx` (null or empty: not
            given).
        workers: forked processes that are going to ask it.
    Raises: UserError for an unknown name, a setting that the teacher does not take or that it misses, and what the
        teacher itself refuses; for workers, of a teacher that does not run in forked processes.
    """
    name = section["name"]
    if name not in TEACHERS:
        raise UserError(f"teacher.name: no teacher named {name!r}; known: {', '.join(sorted(TEACHERS))}")
    module, cls = TEACHERS[name]
    teacher_class = getattr(importlib.import_module(f"paddle_mfs.teachers.{module}"), cls)
    given = {key: section[key] for key in OPTIONS if section.get(key)}
    for key in given.keys() - set(teacher_class.options):
        raise UserError(f"teacher.{key}: the {name} teacher takes none; leave it out")
    for key in teacher_class.required:
        if key not in given:
            raise UserError(f"teacher.{key}: the {name} teacher needs it; docs/teachers.md says where it comes from")
    teacher = teacher_class(**given)
    if workers and not teacher.may_fork:
        raise UserError(
            f"data.workers: the {name} teacher cannot run here in forked processes; set it to 0, or make the "
            "teacher's pictures beforehand with tools/make_pairs.py"
        )
    if teacher.licence:
        print(f"teacher {name}: licence: {teacher.licence}", flush=True)
    return teacher
