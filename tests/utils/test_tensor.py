"""Pictures become batches and batches pictures, exactly."""

import numpy as np
import paddle
import pytest

from paddle_mfs.utils.tensor import to_batch, to_image, to_images

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@pytest.fixture
def images():
    """Three pictures in which every value of a byte occurs."""
    return np.random.default_rng(0).permutation(np.arange(3 * 16 * 20 * 3) % 256).astype(np.uint8).reshape(3, 16, 20, 3)


@pytest.mark.parametrize("mean, std", [(0, 1), (0.5, 0.5), IMAGENET], ids=["unit", "signed", "imagenet"])
def test_there_and_back_is_the_same_picture(images, mean, std):
    batch = to_batch(images, mean, std)
    assert batch.shape == (3, 3, 16, 20) and batch.dtype == np.float32 and batch.flags.c_contiguous
    for values, image in zip(batch, images):
        back = to_image(values, mean, std)
        np.testing.assert_array_equal(back, image)
        assert back.dtype == np.uint8 and back.flags.c_contiguous


def test_a_batch_is_pixels_less_the_mean_by_the_deviation(images):
    expected = (images / 255 - IMAGENET[0]) / IMAGENET[1]
    np.testing.assert_allclose(to_batch(images, *IMAGENET), expected.transpose(0, 3, 1, 2), atol=1e-6)
    assert to_batch(np.full((1, 1, 3), 255, np.uint8)).max() == 1


def test_one_or_several_images_make_a_batch(images):
    one = to_batch(images[0])
    assert one.shape == (1, 3, 16, 20)
    np.testing.assert_array_equal(to_batch(list(images)), to_batch(images))
    np.testing.assert_array_equal(one, to_batch(images)[:1])
    np.testing.assert_array_equal(to_image(one), to_image(one[0]))


def test_values_are_clipped_and_rounded_to_the_nearest():
    values = np.array([-1, 0, 0.4 / 255, 0.6 / 255, 254.4 / 255, 254.6 / 255, 1, 7], np.float32)
    image = to_image(np.broadcast_to(values, (3, 1, 8)))
    assert image.shape == (1, 8, 3)
    assert image[0, :, 0].tolist() == [0, 0, 0, 1, 254, 255, 255, 255]


def test_a_mask_comes_out_grey():
    mask = np.array([[[0, 0.5], [1, 0.2]]], np.float32)
    image = to_image(mask)
    assert image.shape == (2, 2, 3) and (image == image[:, :, :1]).all()
    assert image[:, :, 0].tolist() == [[0, 128], [255, 51]]


def test_tensors_are_taken_and_nothing_given_is_changed(images):
    batch = to_batch(images)
    kept = batch.copy()
    for found in (to_images(paddle.to_tensor(batch)), to_images(batch)):
        assert isinstance(found, list)
        np.testing.assert_array_equal(found, images)
    np.testing.assert_array_equal(to_image(paddle.to_tensor(batch[:1])), images[0])
    np.testing.assert_array_equal(batch, kept)
