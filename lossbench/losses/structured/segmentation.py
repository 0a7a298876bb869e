"""Losses of a mask: one raw output z and one target y in {0, 1} for each pixel of an image.

The sample is the image, (..., images, pixels). Losses of single pixels are averaged over them, so that the number
of pixels does not scale the steps; overlap losses are computed for each image by itself, not for the batch.
Written with p = sigmoid(z) and soft counts over the pixels of an image: TP = Σ p y, FP = Σ p (1 - y), FN = Σ (1 -
p) y.
"""

from __future__ import annotations

from functools import partial

from lossbench.lazy import torch
from lossbench.losses import binary, modulated
from lossbench.losses.modulated import FOCAL_SLOPE
from lossbench.losses.overlap import ALPHA, BETA, share_missed
from lossbench.losses.record import Facts, separable, smooth_terms
from lossbench.losses.registry import register
from lossbench.spec import Parameter

EPSILON = Parameter(
    "epsilon", 1.0, low=0, open_low=True, meaning="smoothing, added to both parts of the fraction", unit="pixels"
)
WEIGHT = Parameter("weight", 1.0, low=0, open_low=True, meaning="weight of the Dice loss beside cross-entropy")

# The largest slope of Dice loss at epsilon = 1: of two pixels, one of an object at p = 0.42020, the other of the
# background at p = 0.32404; found numerically.
DICE_SLOPE = 0.12959159

_register = partial(register, task="segmentation", encoding="values", link="sigmoid")


def _bce_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return (p - y) / pixels."""
    return (raw.sigmoid() - target) / raw.shape[-1]


@_register(
    core=True,
    formula="mean over pixels of -y log p - (1 - y) log(1 - p), with p = sigmoid(z)",
    source="Ronneberger, Fischer and Brox (2015), U-Net: convolutional networks for biomedical image "
    "segmentation, MICCAI, section 3",
    slope=_bce_slope,
    facts=smooth_terms(convex=True, lipschitz=1.0, estimates="probability"),
)
def bce(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy of the pixels, each of which counts alike.

    Example:
        >>> bce(torch.tensor([[0.0, 1000.0]]), torch.tensor([[1.0, 1.0]]))
        tensor([0.3466])
    """
    return binary.bce(raw, target) / raw.shape[-1]


def _mse_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return 2 (p - y) p (1 - p) / pixels."""
    p = raw.sigmoid()
    return (p - target) * p * torch.rsub(p, 2, alpha=2) / raw.shape[-1]


@_register(
    core=True,
    aliases=("brier",),
    formula="mean over pixels of (p - y)², with p = sigmoid(z)",
    source="Brier (1950), Verification of forecasts expressed in terms of probability, Mon. Weather Rev. 78",
    range="[0, 1]",
    slope=_mse_slope,
    facts=smooth_terms(bounded=True, lipschitz=8 / 27, estimates="probability"),
)
def mse(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Squared error on the probabilities of the pixels.

    Example:
        >>> mse(torch.tensor([[0.0, 1000.0]]), torch.tensor([[1.0, 1.0]]))
        tensor([0.1250])
    """
    return binary.mse(raw, target) / raw.shape[-1]


def _focal_slope(
    raw: torch.Tensor, target: torch.Tensor, *, gamma: float | torch.Tensor, alpha: float | torch.Tensor
) -> torch.Tensor:
    """Return the slope of a pixel's own focal loss, / pixels."""
    return modulated.focal_slope(raw, target, gamma=gamma, alpha=alpha) / raw.shape[-1]


@_register(
    core=True,
    formula="mean over pixels of -w (1 - q)^gamma log q, q = sigmoid(s z), s = 2y - 1, w = 2 alpha if y = 1 else "
    "2 (1 - alpha)",
    source="Lin, Goyal, Girshick, He and Dollár (2017), Focal loss for dense object detection, ICCV, section 3",
    parameters=(modulated.GAMMA, modulated.ALPHA),
    slope=_focal_slope,
    facts=separable(differentiable=True, lipschitz=FOCAL_SLOPE, estimates="a probability drawn towards ½"),
)
def focal(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    gamma: float | torch.Tensor = modulated.GAMMA.default,
    alpha: float | torch.Tensor = modulated.ALPHA.default,
) -> torch.Tensor:
    """Cross-entropy of the pixels that fades for those which are already right; `bce` at gamma = 0.

    Example:
        >>> focal(torch.tensor([[0.0, 1000.0]]), torch.tensor([[1.0, 1.0]]), gamma=1)
        tensor([0.1733])
    """
    return modulated.focal(raw, target, gamma=gamma, alpha=alpha) / raw.shape[-1]


@_register(
    core=True,
    formula="1 - (2 TP + epsilon) / (2 TP + FP + FN + epsilon) of an image, with TP = Σ p y, FP = Σ p (1 - y), "
    "FN = Σ (1 - p) y, p = sigmoid(z)",
    source="Milletari, Navab and Ahmadi (2016), V-Net: fully convolutional neural networks for volumetric medical "
    "image segmentation, 3DV",
    range="[0, 1)",
    parameters=(EPSILON,),
    # not symmetric: pixels rightly found to be background count for nothing
    facts=Facts(
        bounded=True, differentiable=True, lipschitz=DICE_SLOPE, estimates="the mask with the best mean Dice"
    ),
)
def dice(
    raw: torch.Tensor, target: torch.Tensor, *, epsilon: float | torch.Tensor = EPSILON.default
) -> torch.Tensor:
    """One minus the soft Dice coefficient of an image.

    The paper squares p in the denominator and has no epsilon; without squares the coefficient of masks of 0 and 1
    is the same. Epsilon keeps an image without an object from being 0 / 0; it weighs as much as epsilon pixels.

    Example:
        >>> dice(torch.tensor([[0.0, 0.0, -1000.0]]), torch.tensor([[1.0, 0.0, 0.0]]))
        tensor([0.3333])
    """
    p = raw.sigmoid()
    return _missed(2 * p * target, (p - target).abs(), epsilon)


@_register(
    formula="1 - (2 TP + epsilon) / (2 TP + 2 alpha FP + 2 beta FN + epsilon) of an image, with TP = Σ p y, "
    "FP = Σ p (1 - y), FN = Σ (1 - p) y, p = sigmoid(z)",
    source="Salehi, Erdogmus and Gholipour (2017), Tversky loss function for image segmentation using 3D fully "
    "convolutional deep networks, MLMI",
    range="[0, 1)",
    parameters=(ALPHA, BETA, EPSILON),
    # Lipschitz: of a single pixel, at y = 1 and p = 4/9
    facts=Facts(
        bounded=True, differentiable=True, lipschitz=7 / 48, estimates="the mask with the best mean Tversky index"
    ),
)
def tversky(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    alpha: float | torch.Tensor = ALPHA.default,
    beta: float | torch.Tensor = BETA.default,
    epsilon: float | torch.Tensor = EPSILON.default,
) -> torch.Tensor:
    """Dice loss with one weight for pixels that are wrongly in the mask and one for those missed.

    It is `dice` where both are ½. The paper has no epsilon; the twos let it mean what it means in `dice`.

    Example:
        >>> tversky(torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 0.0]]))
        tensor([0.3333])
    """
    p = raw.sigmoid()
    weight = 2 * (alpha * (1 - target) + beta * target)
    return _missed(2 * p * target, weight * (p - target).abs(), epsilon)


@_register(
    formula="1 - (TP + epsilon) / (TP + FP + FN + epsilon) of an image, with TP = Σ p y, FP = Σ p (1 - y), "
    "FN = Σ (1 - p) y, p = sigmoid(z)",
    source="Rahman and Wang (2016), Optimizing intersection-over-union in deep neural networks for image "
    "segmentation, ISVC, section 3",
    range="[0, 1)",
    parameters=(EPSILON,),
    # Lipschitz: of a single pixel, at y = 0 and p = 1/3
    facts=Facts(
        bounded=True, differentiable=True, lipschitz=1 / 8, estimates="the mask with the best mean Jaccard index"
    ),
)
def jaccard(
    raw: torch.Tensor, target: torch.Tensor, *, epsilon: float | torch.Tensor = EPSILON.default
) -> torch.Tensor:
    """One minus the soft Jaccard index of an image: intersection over union with probabilities.

    The paper has no epsilon; it weighs as much as epsilon pixels.

    Example:
        >>> jaccard(torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 0.0]]))
        tensor([0.4000])
    """
    p = raw.sigmoid()
    return _missed(p * target, (p - target).abs(), epsilon)


@_register(
    core=True,
    formula="bce + weight (1 - (2 TP + epsilon) / (2 TP + FP + FN + epsilon)) of an image, with TP = Σ p y, "
    "FP = Σ p (1 - y), FN = Σ (1 - p) y, p = sigmoid(z)",
    source="Isensee, Jaeger, Kohl, Petersen and Maier-Hein (2021), nnU-Net: a self-configuring method for deep "
    "learning-based biomedical image segmentation, Nature Methods 18, online methods",
    parameters=(WEIGHT, EPSILON),
    # Lipschitz: of a single pixel that is far on the wrong side, where Dice is flat
    facts=Facts(
        differentiable=True, lipschitz=1.0, estimates="a mask between the probabilities and the best Dice"
    ),
)
def bce_dice(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    weight: float | torch.Tensor = WEIGHT.default,
    epsilon: float | torch.Tensor = EPSILON.default,
) -> torch.Tensor:
    """The sum of `bce` and of `dice`: a slope for every pixel, and the overlap.

    Example:
        >>> bce_dice(torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 0.0]]))
        tensor([1.0265])
    """
    p = raw.sigmoid()
    overlap = weight * share_missed(2 * p * target, (p - target).abs(), epsilon, axis=-1)
    return bce(raw, target) + overlap.squeeze(-1)


@_register(
    core=True,
    link="margin",
    formula="Σ over the pixels of an image, by falling m = max(0, 1 - s z), of m times what the pixel adds to one "
    "minus the Jaccard index where it and those before are wrong, s = 2y - 1",
    source="Berman, Rannen Triki and Blaschko (2018), The Lovász-softmax loss: a tractable surrogate for the "
    "optimization of the intersection-over-union measure in neural networks, CVPR, section 2 (Lovász hinge)",
    # Lipschitz: the weights add up to one, and in an image without an object the first has all of it
    facts=Facts(convex=True, lipschitz=1.0, estimates="the mask with the best mean Jaccard index"),
)
def lovasz(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Lovász hinge: the convex closure of one minus the Jaccard index of an image, as a function of wrong pixels.

    The larger a pixel's error, the earlier it counts, by what it takes from the index.

    Example:
        >>> lovasz(torch.tensor([[0.5, -2.0, 0.0]]), torch.tensor([[1.0, 0.0, 0.0]]))
        tensor([0.7500])
    """
    margins, order = (1 + binary.minus_sign(target) * raw).sort(dim=-1, descending=True, stable=True)
    sorted_target = target.gather(-1, order)
    present = target.sum(-1, keepdim=True)
    left, said = present - sorted_target.cumsum(-1), (1 - sorted_target).cumsum(-1)
    index_lost = 1 - left / (present + said)
    steps = torch.cat([index_lost[..., :1], index_lost[..., 1:] - index_lost[..., :-1]], dim=-1)
    return (margins.clamp(min=0) * steps).sum(-1)


def _missed(hits: torch.Tensor, errors: torch.Tensor, epsilon: float | torch.Tensor) -> torch.Tensor:
    """Return errors / (errors + hits + epsilon) of each image, (...), from those of its pixels."""
    return share_missed(hits, errors, epsilon, axis=-1).squeeze(-1)
