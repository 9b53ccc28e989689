"""Which files are pictures, clips and archives, by how their names end."""

from pathlib import Path

READABLE_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")
READABLE_CLIPS = (
    ".mp4",
    ".m4v",
    ".mov",
    ".mkv",
    ".webm",
    ".avi",
    ".ts",
    ".mts",
    ".m2ts",
    ".mpg",
    ".mpeg",
    ".wmv",
    ".flv",
    ".3gp",
    ".ogv",
    ".mxf",
    ".vob",
    ".asf",
    ".y4m",
)
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
WRITABLE_PICTURES = (".png", ".jpg", ".jpeg", ".webp")  # formats that carry XMP
WRITABLE_CLIPS = (".mp4", ".m4v", ".mov", ".mkv", ".webm")  # containers that carry tags


def is_clip(path: str | Path) -> bool:
    """Is this file a clip, by its name?"""
    return Path(path).suffix.lower() in READABLE_CLIPS
