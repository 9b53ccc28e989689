"""Sources that the encoder sees in drawn spectacles: `data.worn_sources`."""

import itertools

import numpy as np
import pytest

from paddle_mfs.data.crops import prepare
from paddle_mfs.data.identity_cache import IdentityCache, worn
from paddle_mfs.data.pairs import PairSampler
from paddle_mfs.models import create_model
from paddle_mfs.models.embedder import FaceEmbedder
from paddle_mfs.teachers import create_teacher


@pytest.fixture(scope="module")
def crops(samples):
    return prepare(samples / "faces").resized(112)


@pytest.fixture(scope="module")
def cache(crops):
    return IdentityCache(FaceEmbedder(create_model("mobilefacenet", weights="bundled")), crops)


def sampler(crops, share, cache=None):
    return PairSampler(crops.resized(64), create_teacher({"name": "mesh"}), 3, 1, 0.2, cache=cache, worn_sources=share)


def seen_and_sources(crops, share):
    taken = itertools.islice(sampler(crops, share).stream(), 40)
    return map(np.concatenate, zip(*((batch.seen, batch.sources) for batch in taken)))


def test_as_many_as_wanted_and_nobody_else(crops):
    seen, sources = seen_and_sources(crops, 0.3)
    in_spectacles = seen != sources
    assert 0.15 < in_spectacles.mean() < 0.45
    np.testing.assert_array_equal(seen[in_spectacles], worn(sources[in_spectacles], len(crops)))
    seen, sources = seen_and_sources(crops, 0.0)
    np.testing.assert_array_equal(seen, sources)


def test_a_face_in_spectacles_is_another_picture_of_the_same_person(crops, cache):
    keys = list(range(2 * len(crops)))
    plain, _ = cache(keys)
    in_spectacles, _ = cache([worn(key, len(crops)) for key in keys])
    cosines = in_spectacles.numpy() @ plain.numpy().T
    own, others = np.diag(cosines), np.median(cosines, 1)
    assert (own < 0.995).all() and (own > others + 0.2).all()


def test_the_encoder_sees_them_and_the_result_is_held_against_the_face_without(crops, cache):
    pairs = sampler(crops, 1.0, cache)
    batch = pairs.batch(0)
    np.testing.assert_array_equal(pairs.embeddings(batch).numpy(), cache(batch.sources.tolist())[0].numpy())
    np.testing.assert_array_equal(pairs.identities(batch)[0].numpy(), cache(batch.seen.tolist())[0].numpy())
    assert not np.allclose(pairs.embeddings(batch).numpy(), pairs.identities(batch)[0].numpy(), atol=0.01)
