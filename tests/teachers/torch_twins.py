"""PyTorch twins of the teachers' networks, at reduced width, under the public parameter names; run as a script of its
own.

    python torch_twins.py FOLDER [--small | --simswap]

writes for each network NAME.pth (its state_dict), NAME.npz (inputs and output in eval mode), and, of one, the other
forms in which torch.save keeps a network. Weights and running statistics are random. --small: small enough to be kept
in tests/fixtures; --simswap: SimSwap's two networks in full size, 430 MB.
Needs PyTorch and numpy, nothing of this repository.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

# name -> arguments of the network, side of its picture
SIZES = {
    "simswap": {"widths": (16, 24, 32, 48), "blocks": 3, "identity": 40, "side": 48},
    "faceshifter": {"widths": (8, 12, 16, 24, 24), "identity": 40, "side": 64},
    "simswap_arcface": {"layers": ((64, 2, 1), (64, 1, 2), (80, 1, 2), (96, 2, 2)), "grid": 3, "side": 48},
    "faceshifter_arcface": {
        "stem": 16,
        "layers": ((16, 2), (24, 2), (32, 3), (48, 2)),
        "size": 64,
        "embedding": 40,
        "side": 64,
    },
}
SMALL = {
    "simswap": {"widths": (4, 6, 8, 8), "blocks": 1, "identity": 8, "side": 24},
    "faceshifter": {"widths": (4, 6, 6), "identity": 8, "side": 16},
    "faceshifter_arcface": {"stem": 16, "layers": ((16, 1), (16, 1)), "size": 8, "embedding": 8, "side": 8},
}
FULL = {
    "simswap": {"widths": (64, 128, 256, 512), "blocks": 9, "identity": 512, "side": 32},
    "simswap_arcface": {"layers": ((64, 3, 1), (128, 4, 2), (256, 23, 2), (512, 3, 2)), "grid": 7, "side": 112},
}


class Norm(nn.Module):
    def forward(self, x):
        x = x - x.mean((2, 3), keepdim=True)
        return x / torch.sqrt(x.square().mean((2, 3), keepdim=True) + 1e-8)


class Style(nn.Module):
    def __init__(self, identity, channels):
        super().__init__()
        self.linear = nn.Linear(identity, channels * 2)

    def forward(self, x, z):
        style = self.linear(z).view(-1, 2, x.shape[1], 1, 1)
        return x * (style[:, 0] + 1) + style[:, 1]


class SimSwapBlock(nn.Module):
    def __init__(self, identity, channels):
        super().__init__()
        for i in "12":
            setattr(self, f"conv{i}", nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), Norm()))
            setattr(self, f"style{i}", Style(identity, channels))

    def forward(self, x, z):
        return x + self.style2(self.conv2(F.relu(self.style1(self.conv1(x), z))), z)


class SimSwap(nn.Module):
    def __init__(self, widths, blocks, identity):
        super().__init__()
        a, b, c, d = widths
        self.first_layer = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(3, a, 7), nn.BatchNorm2d(a), nn.ReLU())
        for i, (n, m) in enumerate(((a, b), (b, c), (c, d)), 1):
            setattr(self, f"down{i}", nn.Sequential(nn.Conv2d(n, m, 3, 2, 1), nn.BatchNorm2d(m), nn.ReLU()))
        self.BottleNeck = nn.Sequential(*(SimSwapBlock(identity, d) for _ in range(blocks)))
        for i, (n, m) in zip((3, 2, 1), ((d, c), (c, b), (b, a))):
            setattr(
                self,
                f"up{i}",
                nn.Sequential(
                    nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
                    nn.Conv2d(n, m, 3, 1, 1),
                    nn.BatchNorm2d(m),
                    nn.ReLU(),
                ),
            )
        self.last_layer = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(a, 3, 7), nn.Tanh())

    def forward(self, x, z):
        x = self.down3(self.down2(self.down1(self.first_layer(x))))
        for block in self.BottleNeck:
            x = block(x, z)
        return self.last_layer(self.up1(self.up2(self.up3(x)))) / 2 + 0.5


def double(x):
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)


class Deconv(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.deconv, self.bn = nn.ConvTranspose2d(n, m, 4, 2, 1, bias=False), nn.BatchNorm2d(m)

    def forward(self, x, skip):
        return torch.cat((F.leaky_relu(self.bn(self.deconv(x)), 0.1), skip), 1)


class Attributes(nn.Module):
    def __init__(self, widths):
        super().__init__()
        self.levels = len(widths)
        for i in range(self.levels):
            n, m = (3, *widths)[i : i + 2]
            layers = nn.Conv2d(n, m, 4, 2, 1, bias=False), nn.BatchNorm2d(m), nn.LeakyReLU(0.1)
            setattr(self, f"conv{i + 1}", nn.Sequential(*layers))
        for i in range(1, self.levels):
            n = widths[-1] if i == 1 else 2 * widths[-i]
            setattr(self, f"deconv{i}", Deconv(n, widths[-i - 1]))

    def forward(self, x):
        maps = []
        for i in range(self.levels):
            maps.append(x := getattr(self, f"conv{i + 1}")(x))
        out = [x]
        for i in range(1, self.levels):
            out.append(x := getattr(self, f"deconv{i}")(x, maps[-i - 1]))
        return out + [double(x)]


class AAD(nn.Module):
    def __init__(self, c, attr, identity):
        super().__init__()
        self.conv1, self.conv2, self.conv_h = nn.Conv2d(attr, c, 1), nn.Conv2d(attr, c, 1), nn.Conv2d(c, 1, 1)
        self.fc1, self.fc2, self.norm = nn.Linear(identity, c), nn.Linear(identity, c), nn.InstanceNorm2d(c)

    def forward(self, h, attr, z):
        h = self.norm(h)
        mask = torch.sigmoid(self.conv_h(h))
        identity = self.fc1(z)[..., None, None] * h + self.fc2(z)[..., None, None]
        return mask * identity + (1 - mask) * (self.conv1(attr) * h + self.conv2(attr))


class AADBlock(nn.Module):
    def __init__(self, n, m, attr, identity):
        super().__init__()
        for i, out in enumerate((n, m, m) if n != m else (n, m), 1):
            setattr(self, f"AAD{i}", AAD(n, attr, identity))
            setattr(self, f"conv{i}", nn.Conv2d(n, out, 3, 1, 1, bias=False))

    def forward(self, h, attr, z):
        x = self.conv1(F.relu(self.AAD1(h, attr, z)))
        x = self.conv2(F.relu(self.AAD2(x, attr, z)))
        return x + (self.conv3(F.relu(self.AAD3(h, attr, z))) if hasattr(self, "AAD3") else h)


class Generator(nn.Module):
    def __init__(self, widths, identity):
        super().__init__()
        top = widths[-1]
        self.up1 = nn.ConvTranspose2d(identity, top, 2)
        attributes = [top, *(2 * w for w in reversed(widths[:-1])), 2 * widths[0]]
        ladder = [top, top, *reversed(widths[1:])]
        for i, attr in enumerate(attributes):
            setattr(self, f"AADBlk{i + 1}", AADBlock(ladder[i], (ladder + [3])[i + 1], attr, identity))

    def forward(self, attributes, z):
        x = self.AADBlk1(self.up1(z[..., None, None]), attributes[0], z)
        for i, attr in enumerate(attributes[1:], 2):
            x = getattr(self, f"AADBlk{i}")(double(x), attr, z)
        return torch.tanh(x)


class FaceShifter(nn.Module):
    def __init__(self, widths, identity):
        super().__init__()
        self.encoder, self.generator = Attributes(widths), Generator(widths, identity)

    def forward(self, x, z):
        return self.generator(self.encoder(x), z)


class SE(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(c, c // 16), nn.PReLU(), nn.Linear(c // 16, c), nn.Sigmoid())

    def forward(self, x):
        return x * self.fc(x.mean((2, 3)))[..., None, None]


class IRBlock(nn.Module):
    def __init__(self, n, m, stride):
        super().__init__()
        self.bn0, self.conv1, self.bn1 = nn.BatchNorm2d(n), nn.Conv2d(n, n, 3, 1, 1, bias=False), nn.BatchNorm2d(n)
        self.prelu, self.conv2, self.bn2 = nn.PReLU(), nn.Conv2d(n, m, 3, stride, 1, bias=False), nn.BatchNorm2d(m)
        self.downsample = None
        if stride != 1 or n != m:
            self.downsample = nn.Sequential(nn.Conv2d(n, m, 1, stride, bias=False), nn.BatchNorm2d(m))
        self.se = SE(m)

    def forward(self, x):
        y = self.se(self.bn2(self.conv2(self.prelu(self.bn1(self.conv1(self.bn0(x)))))))
        return self.prelu(y + (self.downsample(x) if self.downsample else x))


class SimSwapArcFace(nn.Module):
    def __init__(self, layers, grid):
        super().__init__()
        self.conv1, self.bn1, self.prelu = nn.Conv2d(3, 64, 3, bias=False), nn.BatchNorm2d(64), nn.PReLU()
        self.maxpool, n = nn.MaxPool2d(2, 2), 64
        for i, (m, count, stride) in enumerate(layers, 1):
            setattr(
                self, f"layer{i}", nn.Sequential(IRBlock(n, m, stride), *(IRBlock(m, m, 1) for _ in range(count - 1)))
            )
            n = m
        self.bn2, self.dropout = nn.BatchNorm2d(n), nn.Dropout()
        self.fc, self.bn3 = nn.Linear(n * grid * grid, 512), nn.BatchNorm1d(512)

    def forward(self, x):
        x = self.maxpool(self.prelu(self.bn1(self.conv1(x))))
        x = self.bn2(self.layer4(self.layer3(self.layer2(self.layer1(x)))))
        return self.bn3(self.fc(self.dropout(x).flatten(1)))


class SEConv(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(c, c // 16, 1, bias=False), nn.Conv2d(c // 16, c, 1, bias=False)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1)))))


class Unit(nn.Module):
    def __init__(self, n, m, stride):
        super().__init__()
        self.shortcut_layer = (
            nn.MaxPool2d(1, stride)
            if n == m
            else nn.Sequential(nn.Conv2d(n, m, 1, stride, bias=False), nn.BatchNorm2d(m))
        )
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(n),
            nn.Conv2d(n, m, 3, 1, 1, bias=False),
            nn.PReLU(m),
            nn.Conv2d(m, m, 3, stride, 1, bias=False),
            nn.BatchNorm2d(m),
            SEConv(m),
        )

    def forward(self, x):
        return self.res_layer(x) + self.shortcut_layer(x)


class FaceShifterArcFace(nn.Module):
    def __init__(self, stem, layers, size, embedding):
        super().__init__()
        self.input_layer = nn.Sequential(nn.Conv2d(3, stem, 3, 1, 1, bias=False), nn.BatchNorm2d(stem), nn.PReLU(stem))
        units, n = [], stem
        for m, count in layers:
            units += [Unit(n, m, 2), *(Unit(m, m, 1) for _ in range(count - 1))]
            n = m
        self.body = nn.Sequential(*units)
        grid = size >> len(layers)
        self.output_layer = nn.Sequential(
            nn.BatchNorm2d(n),
            nn.Dropout(0.6),
            nn.Flatten(),
            nn.Linear(n * grid * grid, embedding),
            nn.BatchNorm1d(embedding),
        )

    def forward(self, x):
        return F.normalize(self.output_layer(self.body(self.input_layer(x))))


TWINS = {
    "simswap": SimSwap,
    "faceshifter": FaceShifter,
    "simswap_arcface": SimSwapArcFace,
    "faceshifter_arcface": FaceShifterArcFace,
}


def shuffled(net, generator):
    """Random weights of a scale that keeps signals alive, random slopes and running statistics."""
    for name, value in net.state_dict().items():
        if value.dtype != torch.float32:
            continue
        noise = torch.randn(value.shape, generator=generator)
        leaf = name.rpartition(".")[2]
        if leaf == "running_var" or (value.ndim == 1 and leaf == "weight"):
            value.copy_(0.6 + 0.2 * noise.abs())
        elif value.ndim > 1:
            value.copy_(noise * (1.4 / value[0].numel()) ** 0.5)
        else:
            value.copy_(0.2 * noise)
    return net.eval()


def main(folder, sizes):
    for name, options in sizes.items():
        generator = torch.Generator().manual_seed(7)
        side, options = options["side"], {key: value for key, value in options.items() if key != "side"}
        net = shuffled(TWINS[name](**options), generator)
        inputs = [torch.rand((2, 3, side, side), generator=generator)]
        if "identity" in options:
            inputs.append(F.normalize(torch.randn((2, options["identity"]), generator=generator)))
        with torch.no_grad():
            output = net(*inputs)
        torch.save(net.state_dict(), folder / f"{name}.pth")
        np.savez(folder / f"{name}.npz", *(value.numpy() for value in inputs), output=output.numpy())
        if name == "faceshifter_arcface":
            in_other_forms(folder, net)


def in_other_forms(folder, net):
    """A whole model, the older form, both as arcface_checkpoint.tar has them, and half precision from several GPUs."""
    torch.save(net, folder / "whole.pth")
    torch.save(net.state_dict(), folder / "legacy.pth", _use_new_zipfile_serialization=False)
    wrapped = {"epoch": 3, "model": nn.DataParallel(net), "metric_fc": nn.Linear(2, 2)}
    torch.save(wrapped, folder / "wrapped.tar", _use_new_zipfile_serialization=False)
    torch.save(
        {"state_dict": {f"module.{key}": value.half() for key, value in net.state_dict().items()}}, folder / "half.pth"
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]), {"--small": SMALL, "--simswap": FULL}.get(sys.argv[-1], SIZES))
