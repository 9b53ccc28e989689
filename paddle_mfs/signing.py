"""Signed outputs: beside XMP, which anybody can change, a C2PA manifest that says who made them of what.

https://spec.c2pa.org/specifications/specifications/2.2/specs/C2PA_Specification.html. The target is the parent that was
opened and edited; of it and of the output no thumbnail is stored. The signature covers the file with its XMP. Nothing
is asked of a network: no time stamp, no revocation. The extra "c2pa" (https://github.com/contentauth/c2pa-python).
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from paddle_mfs.provenance import GENERATED, provenance
from paddle_mfs.utils.errors import UserError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

EXTRA = "pip install 'paddle_mfs[c2pa]'"
SETTINGS = {"verify": {"remote_manifest_fetch": False}, "builder": {"thumbnail": {"enabled": False}}}
CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
KINDS = "EC on P-256, P-384 or P-521, RSA of 2048 bits or more, or Ed25519"


class Signer:
    """Signs files with one certificate and its key.

    Args:
        certificates: path of a PEM file, the signer's certificate first, then those that lead to the root (which itself
            is left out). key: path of a PEM file, its private key, not encrypted.

    Attributes:
        is_self_signed: is the certificate its own issuer? Readers then call the signer untrusted.

    Raises: UserError, one line, when the extra is missing, a file cannot be read, they do not belong together, or the
        library does not sign with them (out of date, of another kind): a picture is signed here to try it.
    """

    def __init__(self, certificates: str | Path, key: str | Path):
        self._c2pa = _import_c2pa()
        certificate, chain = _certificates(certificates)
        private, algorithm = _key(key)
        if _public(certificate) != _public(private):
            raise UserError(f"{key}: is not the key of {certificates}; give the two that belong together")
        self.is_self_signed = certificate.issuer == certificate.subject
        self._info = algorithm, chain, _as_pkcs8(private)
        with io.BytesIO() as picture, io.BytesIO() as signed:
            Image.new("RGB", (8, 8)).save(picture, "PNG")
            picture.seek(0)
            try:
                self._write("png", picture, signed, provenance(digital_source_type=GENERATED))
            except self._c2pa.C2paError as error:
                raise UserError(
                    f"{certificates}: cannot be signed with ({_reason(error)}); give a certificate for signing "
                    "(digitalSignature, and emailProtection or another that C2PA names) that is valid today"
                ) from None

    def check(self, path: str | Path) -> None:
        """Raise UserError unless a file that ends like `path` can be signed."""
        if not self._takes(path):
            raise UserError(
                f"{path}: a file of this kind cannot be signed; write a .png, .jpg, .webp, .mp4 or .mov, "
                "or leave --sign out"
            )

    def of(self, output: str | Path, record: Mapping[str, Any], target: str | Path) -> Callable[[Path], None]:
        """What signs `output` once it is complete, called with the path where it lies then (of the same suffix).

        Args:
            output: what it will be called. record: the provenance written into it. target: path of what it was made of.
        The call raises UserError when the file cannot be signed.
        """

        def sign(path: Path) -> None:
            with tempfile.TemporaryFile(dir=path.parent) as signed:
                try:
                    with open(path, "rb") as plain:
                        self._write(_kind(output), plain, signed, record, Path(target))
                except self._c2pa.C2paError as error:
                    raise UserError(f"{output}: cannot be signed ({_reason(error)}); leave --sign out") from None
                signed.seek(0)
                with open(path, "wb") as file:
                    shutil.copyfileobj(signed, file)

        self.check(output)
        return sign

    def _takes(self, path: str | Path) -> bool:
        return _kind(path) in self._c2pa.Builder.get_supported_mime_types()

    def _write(self, kind, plain, signed, record, target=None):
        """Copy a file, signed. target: the path of what it was made of; None: of nothing."""
        c2pa, tool = self._c2pa, {"name": record["software"], "version": record["version"]}
        made = {"softwareAgent": tool, "digitalSourceType": record["digital_source_type"]}
        manifest = {"claim_generator_info": [tool], "format": kind}
        parent = {"title": "target", "relationship": "parentOf", "instance_id": f"xmp.iid:{uuid.uuid4()}"}
        if target is None:
            actions = [{"action": "c2pa.created", **made}]
        else:
            made["description"] = "A face was swapped by a neural network"
            opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": [parent["instance_id"]]}}
            actions = [opened, {"action": "c2pa.edited", **made}]
        manifest["assertions"] = [{"label": "c2pa.actions.v2", "data": {"actions": actions}}]
        with (
            c2pa.Context.from_dict(SETTINGS) as context,
            c2pa.Builder(json.dumps(manifest), context) as builder,
            c2pa.Signer.from_info(c2pa.C2paSignerInfo(*self._info, None)) as signer,
        ):
            if target is not None:
                _add_parent(builder, parent, target)
            builder.sign(signer, kind, plain, signed)


def _import_c2pa():
    try:
        import c2pa
        import cryptography  # noqa: F401  # c2pa wants it; here it reads certificates and keys
    except (ImportError, OSError, RuntimeError) as error:  # the last two: its own library does not load here
        raise UserError(f"--sign needs c2pa-python ({error}); install it: {EXTRA}") from None
    return c2pa


def _certificates(path: str | Path) -> tuple[Certificate, bytes]:
    """The first certificate of a PEM file, and all of the file."""
    from cryptography.x509 import load_pem_x509_certificates

    data = _read(path)
    try:
        return load_pem_x509_certificates(data)[0], data
    except ValueError:
        raise UserError(f"{path}: holds no certificate (-----BEGIN CERTIFICATE-----); give a PEM file") from None


def _key(path: str | Path) -> tuple[Any, str]:
    """The private key of a PEM file, and the algorithm that signs with it, as C2PA calls it."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(_read(path), None)
    except TypeError:
        raise UserError(f"{path}: is encrypted; decrypt it first: openssl pkey -in {path} -out key.pem") from None
    except (ValueError, UnsupportedAlgorithm):
        raise UserError(f"{path}: holds no private key (-----BEGIN PRIVATE KEY-----); give a PEM file") from None
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in CURVES:
        return key, CURVES[key.curve.name]
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return key, "ps256"
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key, "ed25519"
    raise UserError(f"{path}: C2PA signs with no key of this kind; give one of {KINDS}")


def _read(path):
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); give a PEM file") from None


def _public(holder):
    """The public key of a certificate or of a private key, as bytes."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return holder.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _as_pkcs8(key):
    """A private key as the library wants it, whatever the file had it in."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _add_parent(builder, parent, target):
    """The target with its own manifest, if it has one; where the library cannot read it, the mention of it."""
    import c2pa

    try:
        with open(target, "rb") as file:
            builder.add_ingredient(parent, _kind(target), file)
    except c2pa.C2paError:
        builder.add_ingredient(parent, "application/octet-stream", io.BytesIO())


def _kind(path):
    """What the library calls the kind of a file: how its name ends."""
    return Path(path).suffix.lower()[1:]


def _reason(error):
    """What the library says, without its kind of error."""
    return str(error).rpartition(": ")[2]
