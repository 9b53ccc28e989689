"""Signed outputs, read back with C2PA's own library. Where it is not installed, only what is said then is tested."""

import copy
import datetime
import io
import json
import sys

import pytest

from paddle_mfs.bench.video import write_clip
from paddle_mfs.provenance import SWAPPED, is_result, picture_sha256
from paddle_mfs.signing import Signer
from paddle_mfs.utils.errors import UserError
from paddle_mfs.video.pipeline import swap_video


@pytest.fixture(scope="module")
def c2pa():
    return pytest.importorskip("c2pa", reason="not installed: c2pa-python (make setup)")


class Certificates:
    """Makes certificates and keys, as PEM files in `folder`."""

    def __init__(self, folder):
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

        self.folder = folder
        self.keys = {
            "p256": ec.generate_private_key(ec.SECP256R1()),
            "root": ec.generate_private_key(ec.SECP256R1()),
            "p384": ec.generate_private_key(ec.SECP384R1()),
            "bitcoin": ec.generate_private_key(ec.SECP256K1()),
            "rsa": rsa.generate_private_key(65537, 2048),
            "short": rsa.generate_private_key(65537, 1024),
            "ed25519": ed25519.Ed25519PrivateKey.generate(),
        }

    def __call__(self, name, days=(-1, 30), root=None, usage="EMAIL_PROTECTION", is_root=False, style="PKCS8"):
        """Write NAME.pem and NAME.key of the key `name` -> both paths. days: from and until when it is valid."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives import serialization as pem

        key, issuer = self.keys[name], self.keys[root or name]
        names = [x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, one)]) for one in (name, root or name)]
        begin, end = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(day) for day in days)
        made = x509.CertificateBuilder(names[1], names[0], key.public_key(), x509.random_serial_number(), begin, end)
        uses = x509.KeyUsage(True, False, False, False, False, is_root, is_root, False, False)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())
        extensions = {x509.BasicConstraints(is_root, None): True, uses: True, authority: False}
        if usage:
            extensions[x509.ExtendedKeyUsage([getattr(x509.ExtendedKeyUsageOID, usage)])] = False
        for extension, is_critical in extensions.items():
            made = made.add_extension(extension, is_critical)
        signed = made.sign(issuer, None if name == "ed25519" else hashes.SHA256())
        secret = pem.BestAvailableEncryption(b"secret") if style == "secret" else pem.NoEncryption()
        kind = pem.PrivateFormat.TraditionalOpenSSL if style == "traditional" else pem.PrivateFormat.PKCS8
        paths = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        paths[0].write_bytes(signed.public_bytes(pem.Encoding.PEM))
        paths[1].write_bytes(key.private_bytes(pem.Encoding.PEM, kind, secret))
        return paths


@pytest.fixture(scope="module")
def certificates(c2pa, tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def signing_swapper(swapper, certificates):
    signing = copy.copy(swapper)
    signing.signer = Signer(*certificates("p256"))
    return signing


def state(c2pa, path, data=None):
    """What the library's Reader finds: (its verdict, codes of what failed, the manifest)."""
    with c2pa.Reader(path.suffix[1:], io.BytesIO(data or path.read_bytes())) as reader:
        failed = reader.get_validation_results()["activeManifest"]["failure"]
        return reader.get_validation_state(), [one["code"] for one in failed], reader.get_active_manifest()


def check_manifest(c2pa, path):
    verdict, failed, manifest = state(c2pa, path)
    assert verdict == "Valid" and failed == ["signingCredential.untrusted"]  # signed by itself
    [parent] = manifest["ingredients"]
    assert parent["relationship"] == "parentOf" and "thumbnail" not in json.dumps(manifest)
    [actions] = [one["data"]["actions"] for one in manifest["assertions"] if one["label"].startswith("c2pa.actions")]
    assert [action["action"] for action in actions] == ["c2pa.opened", "c2pa.edited"]
    assert actions[1]["digitalSourceType"] == SWAPPED and "digitalSourceType" not in actions[0]
    assert is_result(path), "what readers of XMP and tags see is there as before"
    return parent


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_a_picture(c2pa, signing_swapper, samples, tmp_path, suffix):
    output = tmp_path / f"swapped{suffix}"
    signing_swapper.swap_file(samples / "target.jpg", output)
    check_manifest(c2pa, output)
    assert list(tmp_path.iterdir()) == [output]
    data = bytearray(output.read_bytes())
    data[len(data) * 3 // 4] ^= 1
    assert (
        state(c2pa, output, data)[:2][0] == "Invalid" and "assertion.dataHash.mismatch" in state(c2pa, output, data)[1]
    )
    again = tmp_path / f"again{suffix}"
    signing_swapper.swap_file(output, again)  # what the target says of itself goes along
    assert check_manifest(c2pa, again)["active_manifest"].startswith("urn:c2pa:")


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_a_clip(c2pa, signing_swapper, target, tmp_path, pictures_of, suffix):
    clip, output = tmp_path / "clip.mp4", tmp_path / f"swapped{suffix}"
    write_clip(clip, target, (160, 160), 3)
    swap_video(signing_swapper, clip, output)
    check_manifest(c2pa, output)
    assert len(pictures_of(output)) == 3 and sorted(tmp_path.iterdir()) == sorted([clip, output])
    data = bytearray(output.read_bytes())
    data[data.rindex(b"mdat") + 1000] ^= 1
    assert state(c2pa, output, data)[0] == "Invalid"


@pytest.mark.parametrize("name", ["rsa", "ed25519", "p384"])
def test_keys_that_sign(c2pa, certificates, name):
    assert Signer(*certificates(name, style="PKCS8" if name == "ed25519" else "traditional")).is_self_signed


def test_a_chain(c2pa, certificates):
    root, _ = certificates("root", usage=None, is_root=True)
    chain, key = certificates("p256", root="root")
    chain.write_bytes(chain.read_bytes() + root.read_bytes())
    assert not Signer(chain, key).is_self_signed


def test_what_does_not_sign_is_said_before_the_work(c2pa, certificates, tmp_path):
    good, key = certificates("p256")
    words = tmp_path / "words.pem"
    words.write_text("these are words")

    def refused(certificate, key, told):
        with pytest.raises(UserError, match=told) as error:
            Signer(certificate, key)
        assert "\n" not in str(error.value) and str(certificate) in str(error.value) or str(key) in str(error.value)

    refused(tmp_path / "none.pem", key, "none.pem: cannot be read .No such file")
    refused(good, tmp_path, "cannot be read .Is a directory")
    refused(words, key, "words.pem: holds no certificate")
    refused(good, words, "words.pem: holds no private key")
    refused(key, good, "p256.key: holds no certificate")
    refused(good, certificates("rsa")[1], "rsa.key: is not the key of .*p256.pem")
    refused(*certificates("bitcoin"), "bitcoin.key: C2PA signs with no key of this kind; give one of EC on P-256")
    refused(*certificates("short"), "short.key: C2PA signs with no key of this kind")
    refused(*certificates("ed25519", style="secret"), "ed25519.key: is encrypted; decrypt it first: openssl pkey")
    refused(*certificates("p256", days=(-9, -2)), "p256.pem: cannot be signed with .the certificate was not valid")
    refused(*certificates("p256", days=(2, 9)), "p256.pem: cannot be signed with .the certificate was not valid")
    refused(*certificates("p256", usage="SERVER_AUTH"), "p256.pem: cannot be signed with .the certificate is invalid")
    refused(*certificates("p256", is_root=True), "p256.pem: cannot be signed with")


def test_the_tool(c2pa, certificates, run_here, samples, tmp_path):
    pair, faces = certificates("p256"), ("--source", samples / "source.jpg", "--target", samples / "target.jpg")
    output = tmp_path / "swapped.jpg"
    done = run_here("swap", *faces, "--output", output, "--sign", *pair)
    assert done.returncode == 0 and check_manifest(c2pa, output), done.stderr
    assert done.stderr == (
        f"warning: {pair[0]}: signed by itself: readers call the signature valid, the signer untrusted\n"
    )
    before = output.read_bytes()
    done = run_here("swap", *faces, "--output", output, "--sign", pair[0], certificates("rsa")[1])
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "is not the key of" in done.stderr
    assert output.read_bytes() == before
    clip = tmp_path / "clip.mkv"
    clip.write_bytes(b"words")
    done = run_here("swap", *faces[:2], "--target", clip, "--output", tmp_path / "out.mkv", "--sign", *pair)
    assert done.returncode == 2 and "out.mkv: a file of this kind cannot be signed; write a .png" in done.stderr


def test_a_target_that_the_library_cannot_read(c2pa, signing_swapper, samples, tmp_path, target):
    """A damaged manifest in it, or a kind of picture it does not know."""
    from PIL import Image

    Image.fromarray(target).save(tmp_path / "target.bmp")
    signing_swapper.swap_file(samples / "target.jpg", tmp_path / "signed.jpg")
    data = bytearray((tmp_path / "signed.jpg").read_bytes())
    data[data.index(b"c2pa.actions") + 40] ^= 0xFF
    (tmp_path / "damaged.jpg").write_bytes(data)
    for name in ("target.bmp", "damaged.jpg"):
        signing_swapper.swap_file(tmp_path / name, tmp_path / "swapped.png")
        check_manifest(c2pa, tmp_path / "swapped.png")


def test_the_facts_are_signed_too(c2pa, signing_swapper, samples, tmp_path):
    output = tmp_path / "swapped.png"
    signing_swapper.swap_file(samples / "target.jpg", output)
    digest = picture_sha256(samples / "target.jpg").encode()
    data = output.read_bytes()
    assert digest in data and state(c2pa, output, data.replace(digest, b"0" * 64))[0] == "Invalid"


def test_without_the_library(monkeypatch, samples):
    monkeypatch.setitem(sys.modules, "c2pa", None)
    with pytest.raises(UserError, match=r"--sign needs c2pa-python .*; install it: pip install 'paddle_mfs\[c2pa\]'"):
        Signer(samples / "source.jpg", samples / "source.jpg")
