"""IIN and IDN: size, one way through for batched and baked identities, the public checkpoint layout, strict loading."""

import numpy as np
import paddle
import pytest

from paddle_mfs.data.crops import load_crops
from paddle_mfs.models.embedder import check_widths, load_encoder
from paddle_mfs.models.idn import IDN
from paddle_mfs.models.mfs import MobileFaceSwap, load_mfs
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256
from paddle_mfs.weights import bundled, load_state, read_card, save_state, write_card

PUBLIC_BYTES = 82_834_948  # MobileFaceSwap_224.pdparams as its authors released it
ENCODER, DECODER_IN, DECODER_OUT = [3, 32, 64, 128, 256, 512], [512, 512, 256, 128], [256, 128, 64, 32]


def public_layout(width=512):
    """{name: shape} of the public checkpoint, written out from its description and not from our classes."""

    def conv(name, i, o, k):
        return {f"{name}.weight": (o, i, k, k), f"{name}.bias": (o,)}

    def norm(name, c):
        return {f"{name}.{part}": (c,) for part in ("weight", "bias", "_mean", "_variance")}

    layout = {}
    for kind, widths in (("Encoder", zip(ENCODER, ENCODER[1:])), ("Decoder", zip(DECODER_IN, DECODER_OUT))):
        for n, (i, o) in enumerate(widths):
            prefix = f"{kind}Modulation.{n}"
            layout |= {
                f"{prefix}.weight": (o, i, 1, 1),
                f"{prefix}.style.weight": (width, i),
                f"{prefix}.style.bias": (i,),
            }
    layout |= conv("predictor.first", 512, 512, 4) | norm("predictor.norm", 512)
    layout |= conv("predictor.first_decoder", 512, 512, 2) | norm("predictor.decoder_norm", 512)
    for kind, widths in (("encoder", [512, 256, 128, 64, 32, 3]), ("decoder", [512, *DECODER_IN])):
        for n, (i, o) in enumerate(zip(widths, widths[1:])):
            prefix = f"predictor.{kind}.{n}"
            layout |= conv(f"{prefix}.conv", i, o, 3) | norm(f"{prefix}.norm", o) | conv(f"{prefix}.weight", o, o, 3)
    layout |= conv("final.1", 32, 8, 1) | norm("final.2", 8) | conv("final.4", 8, 3, 3) | norm("final.5", 3)
    layout |= conv("final.7", 3, 3, 3)
    mask = [512, 128, 64, 32, 8, 2]
    for n, (i, o) in enumerate(zip(mask, mask[1:])):
        layout |= {f"mask.{n}.1.weight": (i, 1, 3, 3), f"mask.{n}.1.bias": (i,)}
        layout |= conv(f"mask.{n}.2", i, o, 1) | norm(f"mask.{n}.3", o)
    return layout | conv("mask.5", 2, 1, 3)


def state_of(layout, seed=0):
    """Arrays of a layout, nowhere degenerate: BN statistics and biases away from 0 and 1, outputs not saturated."""
    rng, state = np.random.RandomState(seed), {}
    for name, shape in layout.items():
        fan_in = int(np.prod(shape[1:])) if len(shape) == 4 else shape[0]
        if name.endswith("_variance"):
            state[name] = rng.uniform(0.5, 1.5, shape)
        elif len(shape) == 1:
            state[name] = rng.uniform(0.6, 1.2, shape) if name.endswith(".weight") else rng.normal(0, 0.1, shape)
        else:
            state[name] = rng.normal(0, 1.0 if "style" in name else fan_in**-0.5, shape)  # style: of a unit embedding
        state[name] = state[name].astype(np.float32)
    return state


@pytest.fixture(scope="module")
def public_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("public") / "MobileFaceSwap_224.pdparams"
    paddle.save({name: paddle.to_tensor(value) for name, value in state_of(public_layout()).items()}, str(path))
    return path


def random_identity(net, count, seed=3):
    paddle.seed(seed)
    embedding = paddle.nn.functional.normalize(paddle.randn([count, net.embedding_width]))
    return embedding, paddle.randn([count, net.feature_width, 7, 7]) * 0.3


@pytest.fixture(scope="module")
def faces(samples):
    """Six real crops, (6, 3, 224, 224) in [0, 1]: on noise the mask of trained weights is shut."""
    crops = load_crops(samples / "faces").images[:6]
    return paddle.to_tensor(crops.transpose(0, 3, 1, 2).astype(np.float32) / 255)


def assert_batched_equals_baked(net, x):
    embedding, feature = random_identity(net, 3)
    with paddle.no_grad():
        batch, idn = net(x, embedding, feature), None
        for g in range(3):
            mine = slice(2 * g, 2 * g + 2)
            idn = net.bake(embedding[g : g + 1], feature[g : g + 1], into=idn)
            result, mask = idn(x[mine])
            np.testing.assert_allclose(result.numpy(), batch.result[mine].numpy(), atol=1e-4)
            np.testing.assert_allclose(mask.numpy(), batch.mask[mine].numpy(), atol=1e-4)
    change = (batch.result - x).abs()
    assert float(change.mean()) > 0.002 and float(change.max()) > 0.1
    one, other = net.bake(embedding[:1], feature[:1])(x[:1])[0], net.bake(embedding[1:2], feature[1:2])(x[:1])[0]
    assert float((one - other).abs().max()) > 1e-3, "another identity must give another picture"


def test_idn_size_is_the_papers():
    idn = IDN()
    total = sum(int(value.size) for value in idn.state_dict().values())
    assert total == 500_315 and total <= 501_000
    biases = [
        p
        for name, p in idn.named_parameters()
        if name.split(".")[0] in ("encoder", "decoder") and name.endswith("bias")
    ]
    assert sum(int(p.size) for p in biases) == 3_363 and not any(p.numpy().any() for p in biases)


def test_batched_equals_baked_with_the_bundled_weights(faces):
    assert_batched_equals_baked(load_mfs(), faces)


def test_batched_equals_baked_with_public_weights(public_file):
    assert_batched_equals_baked(load_mfs(public_file), paddle.rand([6, 3, 96, 96]))


def test_public_checkpoint_loads_by_its_own_names(public_file):
    net = load_mfs(public_file)
    assert not net.residual and net.embedding_width == 512
    layout = public_layout()
    assert {name: tuple(value.shape) for name, value in net.state_dict().items()} == layout
    size = sum(4 * int(np.prod(shape)) for shape in layout.values())
    assert size < PUBLIC_BYTES < size + 50_000  # names and pickle framing are the rest
    np.testing.assert_array_equal(net.state_dict()["mask.2.2.weight"].numpy(), state_of(layout)["mask.2.2.weight"])


def test_our_state_dict_is_the_public_one_plus_base_kernels():
    ours = {name: tuple(value.shape) for name, value in MobileFaceSwap(embedding_width=192).state_dict().items()}
    extra = ours.keys() - public_layout().keys()
    assert extra == {f"predictor.base_enc.{i}" for i in range(5)} | {f"predictor.base_dec.{i}" for i in range(4)}
    assert {k: v for k, v in ours.items() if k not in extra} == public_layout(width=192)


def test_residual_form_with_zero_bases_and_tenfold_heads_is_the_public_form(public_file):
    public = load_mfs(public_file)
    residual = MobileFaceSwap(embedding_width=512)
    state = load_state(public_file)
    for name in [n for n in state if ".weight.weight" in n or ".weight.bias" in n]:
        state[name] = state[name] * 10
    bases = {n: np.zeros(v.shape, np.float32) for n, v in residual.state_dict().items() if ".base_" in n}
    residual.set_state_dict(state | bases)
    residual.eval()
    identity, x = random_identity(public, 1), paddle.rand([1, 3, 64, 64])
    with paddle.no_grad():
        np.testing.assert_allclose(
            residual(x, *identity).result.numpy(), public(x, *identity).result.numpy(), atol=1e-4
        )


def test_training_reaches_every_parameter_and_bake_keeps_training_mode():
    net = MobileFaceSwap()
    net.train()
    swap = net(paddle.rand([4, 3, 64, 64]), *random_identity(net, 2))
    (swap.result.mean() + swap.image.square().mean()).backward()
    silent = [
        name
        for name, p in net.named_parameters()
        if not p.stop_gradient and (p.grad is None or not np.abs(p.grad.numpy()).max() > 0)
    ]
    # a bias right before a batch norm may cancel to an exact zero; everything else must learn
    assert not [name for name in silent if not name.endswith(".bias")], silent
    net.bake(*random_identity(net, 1))
    assert net.training


@pytest.mark.parametrize(
    "damage, expected",
    [
        (lambda s: s.pop("final.7.bias"), "missing keys: final.7.bias"),
        (lambda s: s.update({"final.9.bias": s["final.7.bias"]}), "unexpected keys: final.9.bias"),
        (
            lambda s: s.update({"mask.5.weight": np.zeros((1, 3, 3, 3), np.float32)}),
            "wrong shapes: mask.5.weight (1, 3, 3, 3)",
        ),
    ],
)
def test_wrong_weights_are_refused_by_name(tmp_path, damage, expected):
    state = load_state(bundled("mfs_224"))
    damage(state)
    path = tmp_path / "odd.pdparams"
    save_state(path, state, half=True)
    with pytest.raises(UserError) as error:
        load_mfs(path)
    assert str(path) in str(error.value) and expected in str(error.value) and "\n" not in str(error.value)


def test_other_network_is_refused():
    with pytest.raises(UserError, match="missing keys.*unexpected keys"):
        load_mfs(bundled("blazeface"))


def test_an_encoder_of_other_widths_is_refused(public_file):
    with pytest.raises(UserError, match=f"{public_file.name}.*512.*192.*--encoder"):
        check_widths(load_mfs(public_file), load_encoder(), public_file, None)


def test_mobile_variant_batched_equals_baked(faces):
    assert_batched_equals_baked(load_mfs().as_variant(mobile=True), faces)


def test_the_forms_of_upsampling_share_their_weights_and_differ_in_pixels():
    net = load_mfs()
    mobile = net.as_variant(mobile=True)
    assert mobile.mobile and not net.mobile and net.as_variant(False) is net
    assert mobile.state_dict().keys() - net.state_dict().keys() == {"half_pixel"}
    back, identity, x = mobile.as_variant(mobile=False), random_identity(net, 1), paddle.rand([1, 3, 64, 64])
    with paddle.no_grad():
        wanted = net(x, *identity).result.numpy()
        np.testing.assert_array_equal(back(x, *identity).result.numpy(), wanted)
        assert np.abs(mobile(x, *identity).result.numpy() - wanted).max() > 0.01


def test_a_file_over_another_is_both(tmp_path):
    """What differs from a file beside it, as the bundled mobile weights are stored."""
    state = load_state(bundled("mfs_224"))
    save_state(tmp_path / "under.pdparams", state, half=True)
    upper = {"half_pixel": np.ones(1, np.float32), "final.7.bias": state["final.7.bias"] + 1}
    save_state(tmp_path / "over.pdparams", upper)
    write_card(
        tmp_path / "over.pdparams", {"over": {"file": "under.pdparams", "sha256": sha256(tmp_path / "under.pdparams")}}
    )
    net = load_mfs(tmp_path / "over.pdparams")
    assert net.mobile
    np.testing.assert_array_equal(net.state_dict()["final.7.bias"].numpy(), upper["final.7.bias"])
    np.testing.assert_array_equal(net.state_dict()["mask.5.weight"].numpy(), state["mask.5.weight"])
    save_state(tmp_path / "under.pdparams", {**state, "final.7.bias": upper["final.7.bias"]}, half=True)
    with pytest.raises(UserError, match="under.pdparams: is not the file that over.pdparams was made for"):
        load_mfs(tmp_path / "over.pdparams")


def test_bundled_mobile_weights_keep_what_predicts_kernels():
    mobile, aligned = load_mfs(bundled("mfs_224_mobile")), load_mfs().state_dict()
    card = read_card(bundled("mfs_224_mobile"))
    assert mobile.mobile and "non-commercial" in card["licence"] and card["made"]["config"]["model"]["mobile"]
    assert card["heldout"]["progress"]["value"] > 0.9 and card["heldout"]["weights"]["sha256"] == card["sha256"]
    changed = {
        name
        for name, value in mobile.state_dict().items()
        if name not in aligned or not np.array_equal(value.numpy(), aligned[name].numpy())
    }
    assert changed == load_state(bundled("mfs_224_mobile")).keys() and "predictor.first.weight" not in changed


@pytest.mark.parametrize("missing", [("prediction",), ("modulation",), ("prediction", "modulation"), ("masked",)])
def test_ablated_networks_bake_train_and_are_known_by_their_file(tmp_path, missing):
    paddle.seed(1)
    net = MobileFaceSwap(**dict.fromkeys(missing, False))
    net.train()
    identity, x = random_identity(net, 2), paddle.rand([4, 3, 64, 64])
    net(x, *identity).result.mean().backward()
    assert all(
        p.grad is not None for name, p in net.named_parameters() if not p.stop_gradient and not name.startswith("mask")
    )
    net.eval()
    save_state(tmp_path / "net.pdparams", net.state_dict())
    again = load_mfs(tmp_path / "net.pdparams")
    assert [getattr(again, name) for name in ("prediction", "modulation", "masked")] == [
        name not in missing for name in ("prediction", "modulation", "masked")
    ]
    with paddle.no_grad():
        batch = again(x, *identity)
        np.testing.assert_array_equal(batch.result.numpy(), net(x, *identity).result.numpy())
        results = []
        for g in range(2):
            idn = again.bake(identity[0][g : g + 1], identity[1][g : g + 1])
            np.testing.assert_allclose(
                idn(x[2 * g : 2 * g + 2])[0].numpy(), batch.result[2 * g : 2 * g + 2].numpy(), atol=1e-4
            )
            results.append(idn(x[:1])[0].numpy())
    identity_matters = (results[0] != results[1]).any()
    assert identity_matters == (missing != ("prediction", "modulation"))
    if missing == ("masked",):
        np.testing.assert_array_equal(batch.result.numpy(), batch.image.numpy())
    assert set(again.state_dict()) <= set(MobileFaceSwap().state_dict())


def test_ablated_networks_take_an_encoder_of_any_width_where_they_do_not_look_at_it():
    encoder = load_encoder()
    check_widths(MobileFaceSwap(300, 100, prediction=False, modulation=False), encoder, None, None)
    with pytest.raises(UserError, match="want an identity encoder"):
        check_widths(MobileFaceSwap(512, 100, prediction=False), encoder, None, None)
