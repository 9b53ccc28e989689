"""Teachers: aligned source and target crops -> the image the student should make."""
from paddle_mfs.errors import UserError
from paddle_mfs.teachers.mesh import MeshTeacher

TEACHERS = {MeshTeacher.name: MeshTeacher}


def create_teacher(name):
    """A teacher by its name. Raises UserError for an unknown one."""
    if name not in TEACHERS:
        raise UserError(f"teacher.name: no teacher named {name!r}; known: {', '.join(sorted(TEACHERS))}")
    return TEACHERS[name]()
