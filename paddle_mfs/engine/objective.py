"""The training objective: w_adv L_adv + alpha * (w_rec L_rec + w_per L_per) + w_id L_id + w_mask L_mask, and what is logged."""

import paddle
import paddle.nn as nn

from paddle_mfs.losses.adversarial import adversarial_loss, discriminator_loss
from paddle_mfs.losses.identity import identity_loss
from paddle_mfs.losses.landmarks import LandmarkLoss
from paddle_mfs.losses.mask import mask_loss
from paddle_mfs.losses.perceptual import PerceptualLoss
from paddle_mfs.losses.reconstruction import reconstruction_loss, unmasked_reconstruction_loss
from paddle_mfs.losses.reweight import alpha
from paddle_mfs.losses.texture import texture_loss


class Objective(nn.Layer):
    """MobileFaceSwap's distillation loss (arXiv 2201.03808).

    Args:
        embedder: models.embedder.FaceEmbedder, frozen.
        weights: mapping with reconstruction, unmasked, perceptual, identity, second_identity, mask, adversarial, texture,
            landmarks.
        perceptual_network: frozen feature network, or None when weights.perceptual is 0.
        perceptual_every: the perceptual term is computed on every k-th step, at k times its weight.
        reweight: how alpha is made, see losses.reweight.KINDS.
        distillation: False ablates the teacher: reconstruction and perceptual terms only where the target shows the source's
            identity and is itself what should come out.
        discriminator: models.discriminator.MultiScaleDiscriminator, or None when weights.adversarial is 0.
        quality: models.quality.QualityNet, frozen, or None: Q is 1.
        mesh: models.facemesh.FaceMesh, frozen, or None when weights.landmarks is 0.
        opening: the mask that L_mask wants in the core of the face.
        second: losses.second_identity.SecondIdentityLoss, or None when weights.second_identity is 0.

    After each call `alphas` holds alpha, (N,) float32, of that batch.
    """

    def __init__(
        self,
        embedder,
        weights,
        perceptual_network=None,
        perceptual_every=1,
        reweight="cos*q",
        distillation=True,
        discriminator=None,
        quality=None,
        mesh=None,
        opening=1.0,
        second=None,
    ):
        super().__init__()
        self.reweight, self.distillation, self.opening = reweight, distillation, opening
        self.discriminator, self.quality, self.second = discriminator, quality, second
        self.landmarks = LandmarkLoss(mesh) if mesh is not None else None
        self.embedder, self.weights, self.perceptual_every = embedder, weights, perceptual_every
        self.perceptual = PerceptualLoss(perceptual_network) if perceptual_network is not None else None

    def forward(self, swap, batch, source_embedding, step):
        """swap: Swap of the student; batch: Batch as float tensors; source_embedding (N, width) of each target's source.

        Returns: loss (scalar), {name: float} to be logged; all (N,)-losses are averaged over the batch.
        """
        w = self.weights
        with paddle.no_grad():
            taught_embedding, _ = self.embedder(batch.taught)
            quality = self.quality(batch.taught) if self.quality is not None else 1.0
            trust = alpha(taught_embedding, source_embedding, quality, self.reweight)
            if not self.distillation:
                trust = trust * batch.same
            self.alphas = trust.numpy()
        embedding, _ = self.embedder(swap.result)
        l_rec = reconstruction_loss(swap.result, batch.taught)
        l_raw = unmasked_reconstruction_loss(swap.image, batch.taught, batch.background)
        l_id = identity_loss(embedding, source_embedding)
        l_mask = mask_loss(swap.mask, batch.background, batch.core, self.opening)
        loss = (
            (trust * (w.reconstruction * l_rec + w.unmasked * l_raw)).mean()
            + w.identity * l_id.mean()
            + w.mask * l_mask
        )
        record = {
            "rec": l_rec.mean(),
            "copy": reconstruction_loss(batch.targets, batch.taught).mean(),
            "raw": l_raw.mean(),
            "id": l_id.mean(),
            "mask": l_mask,
            "open": (swap.mask * batch.core).sum() / batch.core.sum().clip(min=1),
            "alpha": trust.mean(),
        }
        if self.perceptual is not None and step % self.perceptual_every == 0:
            with paddle.no_grad():
                taught_features = self.perceptual.features(batch.taught)
            l_per = self.perceptual(self.perceptual.features(swap.result), taught_features)
            loss = loss + self.perceptual_every * w.perceptual * (trust * l_per).mean()
            record["per"] = l_per.mean()
        if self.second is not None:
            l_second = self.second(swap.result, batch.sources.tolist())
            loss = loss + w.second_identity * l_second.mean()
            record["id2"] = l_second.mean()
        if w.texture:
            l_texture = texture_loss(swap.result, batch.taught)
            loss = loss + w.texture * l_texture.mean()
            record["texture"] = l_texture.mean()
        if self.landmarks is not None:
            l_landmarks = self.landmarks(swap.result, batch.targets)
            loss = loss + w.landmarks * l_landmarks.mean()
            record["landmarks"] = l_landmarks.mean()
        if self.quality is not None:
            record["quality"] = quality.mean()
        if self.discriminator is not None:
            with self.discriminator.fixed():
                l_adv = adversarial_loss(self.discriminator(swap.result))
            loss = loss + w.adversarial * l_adv
            record["adv"] = l_adv
        return loss, {"loss": float(loss), **{name: float(value) for name, value in record.items()}}

    def discriminator_loss(self, real, fake):
        """The discriminator's own loss on target crops and the student's results, (N, 3, S, S) in [0, 1] -> scalar.

        Nothing flows back into the student.
        """
        maps = self.discriminator(paddle.concat([real, fake.detach()]))
        return discriminator_loss(*zip(*(one.split([real.shape[0], fake.shape[0]]) for one in maps)))
