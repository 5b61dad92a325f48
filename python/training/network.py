"""The detector: three windows of a slice in, the probability that a pixel belongs to text out.

    in 3 x H x W, H and W multiples of 8
    unshuffle 2      12 x H/2 x W/2
    stem             24                      3x3
    down1            48 x H/4 x W/4          3x3, stride 2
    mid              48                      3x3
    down2            80 x H/8 x W/8          3x3, stride 2
    deep1..deep4     80                      3x3, dilations 1 2 4 2, each added to what came in
    up2              48 x H/4 x W/4          1x1, each value doubled along both axes, added to mid
    merge2           48                      3x3
    up1              24 x H/2 x W/2          1x1, doubled, added to stem
    merge1           24                      3x3
    head             4                       3x3, shuffle 2 to 1 x H x W, logistic

All but up1, up2 and head end in max(0, x); outside of the image is 0. kernels/text_network.h runs the same in C++.
"""

import hashlib
import struct

import numpy as np
import torch
from torch import nn
from torch.nn import functional

# Name, channels in and out, size, stride, dilation.
LAYERS = (
    ("stem", 12, 24, 3, 1, 1),
    ("down1", 24, 48, 3, 2, 1),
    ("mid", 48, 48, 3, 1, 1),
    ("down2", 48, 80, 3, 2, 1),
    ("deep1", 80, 80, 3, 1, 1),
    ("deep2", 80, 80, 3, 1, 2),
    ("deep3", 80, 80, 3, 1, 4),
    ("deep4", 80, 80, 3, 1, 2),
    ("up2", 80, 48, 1, 1, 1),
    ("merge2", 48, 48, 3, 1, 1),
    ("up1", 48, 24, 1, 1, 1),
    ("merge1", 24, 24, 3, 1, 1),
    ("head", 24, 4, 3, 1, 1),
)
PLAIN = ("up1", "up2", "head")  # without normalisation and max(0, x)
MAGIC, VERSION = b"NARUTXT\0", 1


class TextNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        for name, inputs, outputs, size, stride, dilation in LAYERS:
            convolution = nn.Conv2d(inputs, outputs, size, stride, dilation * (size // 2), dilation,
                                    bias=name in PLAIN)
            setattr(self, name, convolution)
            if name not in PLAIN:
                setattr(self, f"{name}_norm", nn.BatchNorm2d(outputs))

    def start_from(self, path):
        """Takes over a file of weights. Its normalisation is in the weights: what is left of it only shifts."""
        for name, (weights, bias, *_) in Detector(path).layers.items():
            getattr(self, name).weight.data.copy_(weights)
            if name in PLAIN:
                getattr(self, name).bias.data.copy_(bias)
                continue
            norm = getattr(self, f"{name}_norm")
            norm.running_var.fill_(1 - norm.eps)
            norm.bias.data.copy_(bias)

    def layer(self, name, x):
        x = getattr(self, name)(x)
        return x if name in PLAIN else functional.relu(getattr(self, f"{name}_norm")(x))

    def forward(self, x):
        """Batch x 3 x H x W. @return logits, batch x H x W"""
        stem = self.layer("stem", functional.pixel_unshuffle(x, 2))
        mid = self.layer("mid", self.layer("down1", stem))
        deep = self.layer("down2", mid)
        for name in ("deep1", "deep2", "deep3", "deep4"):
            deep = deep + self.layer(name, deep)
        up = functional.interpolate(self.layer("up2", deep), scale_factor=2, mode="nearest")
        up = self.layer("merge2", up + mid)
        up = functional.interpolate(self.layer("up1", up), scale_factor=2, mode="nearest")
        up = self.layer("merge1", up + stem)
        return functional.pixel_shuffle(self.layer("head", up), 2)[:, 0]

    def folded(self, name):
        """Weights and bias of a layer with its normalisation in them."""
        convolution = getattr(self, name)
        if name in PLAIN:
            return convolution.weight.detach(), convolution.bias.detach()
        norm = getattr(self, f"{name}_norm")
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        return (convolution.weight * scale[:, None, None, None]).detach(), (norm.bias - norm.running_mean * scale).detach()


def write_weights(network, path):
    """Little-endian: magic, version, count of layers; of each layer inputs, outputs, size, stride, dilation (uint32),
    bias (float32) and weights (float16, output x input x row x column). @return SHA-256 of the file"""
    parts = [MAGIC, struct.pack("<II", VERSION, len(LAYERS))]
    for name, *shape in LAYERS:
        weights, bias = network.folded(name)
        parts += [struct.pack("<5I", *shape), bias.numpy().astype("<f4").tobytes(),
                  weights.numpy().astype("<f2").tobytes()]
    data = b"".join(parts)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


class Detector:
    """The network as it is shipped: from the file, with rounded weights."""

    def __init__(self, path):
        data = path.read_bytes()
        if data[:8] != MAGIC or struct.unpack_from("<II", data, 8) != (VERSION, len(LAYERS)):
            raise SystemExit(f"{path} is no file of weights of this version")
        at, self.layers = 16, {}
        for name, *shape in LAYERS:
            if struct.unpack_from("<5I", data, at) != tuple(shape):
                raise SystemExit(f"{path} is of another network")
            inputs, outputs, size, stride, dilation = shape
            at += 20
            bias = np.frombuffer(data, "<f4", outputs, at).copy()
            at += 4 * outputs
            count = outputs * inputs * size * size
            weights = np.frombuffer(data, "<f2", count, at).astype(np.float32)
            at += 2 * count
            self.layers[name] = (torch.from_numpy(weights.reshape(outputs, inputs, size, size)), torch.from_numpy(bias),
                                 stride, dilation * (size // 2), dilation)

    def layer(self, name, x):
        weights, bias, stride, padding, dilation = self.layers[name]
        x = functional.conv2d(x, weights, bias, stride, padding, dilation)
        return x if name in PLAIN else functional.relu(x)

    forward = TextNetwork.forward

    def probability(self, windows):
        """3 x H x W float32 in [0, 1]. @return H x W"""
        with torch.no_grad():
            return torch.sigmoid(self.forward(torch.from_numpy(windows)[None]))[0].numpy()
