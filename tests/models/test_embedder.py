"""z_id: the identity embedding and the feature map of aligned crops."""

import numpy as np
import pytest

from paddle_mfs.data.crops import load_crops
from paddle_mfs.models.embedder import SAME_PERSON_COSINE, FaceEmbedder, load_encoder


@pytest.fixture(scope="module")
def embedded(samples):
    crops = load_crops(samples / "faces").images[:4]
    embedder = FaceEmbedder(load_encoder())
    return [value.numpy() for value in embedder.embed(crops)], [value.numpy() for value in embedder.embed(crops[2:3])]


def test_embeddings_have_unit_length_and_maps_their_size(embedded):
    (embedding, feature), _ = embedded
    assert embedding.shape == (4, 192) and feature.shape == (4, 512, 7, 7)
    np.testing.assert_allclose(np.linalg.norm(embedding, axis=1), 1, atol=1e-5)
    cosines = embedding @ embedding.T
    assert (cosines[~np.eye(4, dtype=bool)] < SAME_PERSON_COSINE).all(), "different people"


def test_each_crop_by_itself(embedded):
    (embedding, feature), (alone, its_map) = embedded
    np.testing.assert_allclose(alone[0], embedding[2], atol=1e-4)
    np.testing.assert_allclose(its_map[0], feature[2], atol=1e-3)
