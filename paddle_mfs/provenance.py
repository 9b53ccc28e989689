"""What every output says about itself: that it is synthetic, made by what and from what.

The facts are written as an XMP packet (https://developer.adobe.com/xmp/docs/) holding IPTC's Digital Source Type
(https://cv.iptc.org/newscodes/digitalsourcetype/), which platforms read, and all facts as JSON in a property of our
own; PNG also gets text chunks, JPEG and WebP EXIF's Software and ImageDescription. Clips carry the JSON as their
comment, and MP4 and MOV the packet too. Hashes identify the pictures used; the pictures are not stored.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import printable, sha256
from paddle_mfs.utils.formats import FFMPEG, WRITABLE_PICTURES, picture_formats
from paddle_mfs.version import __version__
from paddle_mfs.weights import read_card

SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
SWAPPED = SOURCE_TYPES + "compositeWithTrainedAlgorithmicMedia"  # a picture edited with a trained network
GENERATED = SOURCE_TYPES + "trainedAlgorithmicMedia"  # a picture made by a trained network
_XMP_BOX = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")  # the `uuid` box of XMP part 3, 1.1.3 (MP4, QuickTime)
_EXIF_IFD = 0x8769
_CAMERA = (0x010F, 0x0110, 0x0132)  # Make, Model, DateTime
_TAKEN = (0x9003, 0x9004, 0x9010, 0x9011, 0x9012, 0xA433, 0xA434)  # dates, their zones, the lens
# In the names of tags that say where a clip was taken (`location`, `com.apple.quicktime.location.ISO6709`). Outputs do
# not keep it, nor pictures' GPS data: a synthetic picture was taken nowhere.
PLACE = "location"
_NAMESPACE = "urn:paddle_mfs:provenance:1"
_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:mfs="{namespace}" xmp:CreatorTool="{tool}" xmp:CreateDate="{created}"
 Iptc4xmpExt:DigitalSourceType="{kind}" mfs:provenance="{facts}"/>
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def provenance(**facts: Any) -> dict[str, Any]:
    """The facts of one output, for JSON: software, version, synthetic, digital_source_type, created (UTC), and `facts`.

    Usual facts: source_sha256, target_sha256, weights ({file, sha256, licence}). None values are left out.
    """
    created = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    record = {
        "software": "paddle_mfs",
        "version": __version__,
        "synthetic": True,
        "digital_source_type": SWAPPED,
        "created": created,
    }
    return {**record, **{key: value for key, value in facts.items() if value is not None}}


def picture_sha256(picture: str | Path | np.ndarray) -> str:
    """Hex SHA-256 of a picture: of the file's bytes for a path, of shape and pixels for an array."""
    if isinstance(picture, np.ndarray):
        return hashlib.sha256(str(picture.shape).encode() + np.ascontiguousarray(picture).tobytes()).hexdigest()
    return sha256(picture)


def weights_facts(path: str | Path) -> dict[str, str]:
    """{file, sha256, licence} of a weights file, and the file it lies `over` if it does; the licence is the one its
    card names, "not stated" without a card. Raises UserError for a damaged card."""
    card = read_card(path)
    facts = {"file": printable(Path(path).name), "sha256": sha256(path), "licence": card.get("licence") or "not stated"}
    return {**facts, "over": card["over"]["file"]} if card.get("over") else facts


def check_format(path: str | Path, formats: Sequence[str] = WRITABLE_PICTURES) -> None:
    """Raise UserError unless `path` ends like one of the formats, all of which can carry provenance."""
    if Path(path).suffix.lower() not in formats:
        raise UserError(
            f"{path}: outputs are written as {', '.join(formats)} (formats that carry their provenance); "
            "choose one of them"
        )


def xmp_packet(record: Mapping[str, Any]) -> bytes:
    """The XMP packet (bytes, UTF-8) of a provenance record."""

    def quoted(text):
        return html.escape(text, quote=True)

    text = _PACKET.format(
        namespace=_NAMESPACE,
        tool=quoted(f"{record['software']} {record['version']}"),
        created=record["created"],
        kind=quoted(record["digital_source_type"]),
        facts=quoted(json.dumps(record, ensure_ascii=False)),
    )
    return text.encode("utf-8")


def camera_exif(path: str | Path) -> Image.Exif:
    """When and with what camera and lens a picture was taken, as far as its EXIF says; not where: see `PLACE`."""
    kept = Image.Exif()
    with contextlib.suppress(Exception), Image.open(path) as picture:  # damaged EXIF raises almost anything
        found = picture.getexif()
        inner = found.get_ifd(_EXIF_IFD)
        kept.update({tag: found[tag] for tag in _CAMERA if isinstance(found.get(tag), str)})
        kept.get_ifd(_EXIF_IFD).update({tag: inner[tag] for tag in _TAKEN if isinstance(inner.get(tag), str)})
    return kept


def without_place(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags of a clip but for those that say where it was taken."""
    return {key: value for key, value in tags.items() if PLACE not in key.lower()}


def save_options(path: str | Path, record: Mapping[str, Any], taken: Image.Exif | None = None) -> dict[str, Any]:
    """Keyword arguments for Pillow's `Image.save` that embed `record` in a file named `path` (PNG, JPEG or WebP).

    taken: what else its EXIF says, see `camera_exif`.

    Raises UserError for another format: an output that cannot say what it is, is not written.
    """
    check_format(path)
    packet = xmp_packet(record)
    tool, description = (
        f"{record['software']} {record['version']}",
        "Synthetic picture: a face was swapped by a neural network",
    )
    if Path(path).suffix.lower() == ".png":
        chunks = PngImagePlugin.PngInfo()
        chunks.add_itxt("XML:com.adobe.xmp", packet.decode("utf-8"))
        chunks.add_text("Software", tool)
        chunks.add_text("Description", description)
        chunks.add_itxt("provenance", json.dumps(record, ensure_ascii=False))
        return {"pnginfo": chunks, **({"exif": taken.tobytes()} if taken else {})}
    exif = Image.Exif() if taken is None else taken
    exif[0x0131], exif[0x010E] = tool, description  # Software, ImageDescription
    return {"xmp": packet, "exif": exif.tobytes()}


def video_tags(record: Mapping[str, Any]) -> dict[str, str]:
    """Container tags (a dict) that carry `record` in a clip: players and ffprobe show them."""
    return {
        "comment": json.dumps(record, ensure_ascii=False),
        "description": "Synthetic video: a face was swapped by a neural network",
    }


def append_xmp(path: str | Path, record: Mapping[str, Any]) -> None:
    """Append the XMP packet of `record` to a finished MP4 or MOV, as the `uuid` box that XMP readers look for."""
    packet = _XMP_BOX + xmp_packet(record)
    with open(path, "ab") as file:
        file.write((len(packet) + 8).to_bytes(4, "big") + b"uuid" + packet)


def read_provenance(path: str | Path) -> dict[str, Any] | None:
    """The record a picture or clip carries, or None when it carries none of ours.

    Raises UserError when the file is missing or neither picture nor clip.
    """
    try:
        with Image.open(path, formats=picture_formats()) as picture:
            if picture.format == "GIF":
                return _own(picture.info.get("comment", b""))
            packet = picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp") or b""
    except OSError as error:
        if error.strerror or Path(path).suffix.lower() in WRITABLE_PICTURES:
            raise UserError(
                f"{path}: cannot be read as a picture ({error.strerror or 'not a picture'}); "
                "give a PNG, JPEG, WebP or clip"
            ) from None
        return _clip_record(path)
    except Exception as error:  # Pillow's readers raise nearly anything on damaged files, and refuse what is too large
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: cannot be read as a picture ({reason}); give another one") from None
    text = packet.decode("utf-8", "replace") if isinstance(packet, bytes) else packet
    found = re.search(r'mfs:provenance="([^"]*)"', text) if _NAMESPACE in text else None
    return _parsed(html.unescape(found.group(1))) if found else None


def is_result(path: str | Path) -> bool:
    """Whether a picture or clip says that this program swapped a face in it. Raises like `read_provenance`."""
    record = read_provenance(path)
    return isinstance(record, dict) and record.get("digital_source_type") == SWAPPED


def _clip_record(path):
    import av

    try:
        with av.open(str(path), metadata_errors="replace", options=FFMPEG) as clip:
            tags = {key.lower(): value for key, value in clip.metadata.items()}
    except (av.error.FFmpegError, OSError):
        raise UserError(f"{path}: neither a picture nor a clip; give a PNG, JPEG, WebP or clip") from None
    return _own(tags.get("comment", ""))


def _own(comment):
    """The record that a comment is, or None: other programs write comments too."""
    record = _parsed(comment)
    return record if isinstance(record, dict) and record.get("software") == "paddle_mfs" else None


def _parsed(text):
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
