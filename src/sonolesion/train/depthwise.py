"""Depthwise convolutions whose backward pass runs in float32 on a CPU.

oneDNN has no fast bfloat16 kernel for the gradients of depthwise convolutions in channels-last
layout: strided ones and those of 5x5 take several times as long as in float32
(`benchmarks/depthwise_backward.py`). The forward pass is fast in both, so only the backward pass
changes, and only under bfloat16 autocast on a CPU. Weights keep their names and values.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class _FloatBackward(torch.autograd.Function):
    """A convolution in its input's precision, with gradients that are computed in float32."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor, convolution: nn.Conv2d) -> Tensor:
        ctx.save_for_backward(images, weight)
        ctx.convolution = convolution
        return nn.functional.conv2d(
            images,
            weight,
            None,
            convolution.stride,
            convolution.padding,
            convolution.dilation,
            convolution.groups,
        )

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        images, weight = ctx.saved_tensors
        own: nn.Conv2d = ctx.convolution
        to_images, to_weight, _ = torch.ops.aten.convolution_backward(
            grads[0].float(),
            images.float(),
            weight.float(),
            None,
            own.stride,
            own.padding,
            own.dilation,
            False,  # not transposed
            [0, 0],
            own.groups,
            [True, True, False],
        )
        return to_images.to(images.dtype), to_weight.to(weight.dtype), None


class DepthwiseConv(nn.Conv2d):
    """A depthwise convolution without bias, as `nn.Conv2d` with the same weights.

    One that gets a bias later on (`fold_norms`) computes as any other.

    Args:
        like: the layer that it replaces; its parameter is taken over, not copied. Where that
            layer pads by the size of its input (TensorFlow's "same", timm's `Conv2dSame`), this
            one does too.
    """

    def __init__(self, like: nn.Conv2d) -> None:
        super().__init__(
            like.in_channels,
            like.out_channels,
            (like.kernel_size[0], like.kernel_size[1]),
            stride=(like.stride[0], like.stride[1]),
            padding=like.padding,  # type: ignore[arg-type]
            dilation=(like.dilation[0], like.dilation[1]),
            groups=like.groups,
            bias=False,
        )
        self.weight = like.weight
        self.pads_same = type(like).__name__ == "Conv2dSame"

    def forward(self, images: Tensor) -> Tensor:
        """Convolve images (B, C, H, W)."""
        if self.pads_same:
            from timm.layers.padding import pad_same

            images = pad_same(
                images, list(self.kernel_size), list(self.stride), list(self.dilation)
            )
        is_plain = self.bias is not None or not torch.is_grad_enabled()
        if is_plain or not _is_bfloat16_on_cpu(images):
            return super().forward(images)
        with torch.autocast("cpu", enabled=False):
            out: Tensor = _FloatBackward.apply(images.bfloat16(), self.weight.bfloat16(), self)
        return out


def speed_up_depthwise(network: nn.Module) -> None:
    """Replace the slow depthwise convolutions inside `network`, in place; all others stay.

    Slow are those with a stride or of more than 3x3 weights; for others the casts to float32 cost
    what the kernel gains.
    """
    for name, child in network.named_children():
        if isinstance(child, nn.Conv2d):
            is_depthwise = child.groups == child.in_channels > 1 and child.bias is None
            if is_depthwise and (max(child.stride) > 1 or max(child.kernel_size) > 3):
                setattr(network, name, DepthwiseConv(child))
        else:
            speed_up_depthwise(child)


def _is_bfloat16_on_cpu(images: Tensor) -> bool:
    return (
        images.device.type == "cpu"
        and torch.is_autocast_enabled("cpu")
        and torch.get_autocast_dtype("cpu") == torch.bfloat16
    )
