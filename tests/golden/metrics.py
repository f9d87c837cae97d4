# SPDX-License-Identifier: BSD-2-Clause
"""Writes the metric_*.safetensors files: features, and what metrics make of them, in float64 by NumPy and SciPy. Random
subsets, directions and pairs come from Philox4x32-10, written here once more from its paper.

usage: metrics.py [FOLDER]"""
import numpy as np
import scipy.linalg
import scipy.special
import scipy.stats
import torch
from scipy.ndimage import correlate1d
from scipy.spatial.distance import cdist, pdist
from vectors import folder, save

SEED, STREAM = 42, 13
DIRECTIONS, PAIRS = 2**32 - 1, 2**32 - 2
random = np.random.default_rng(7)


def philox(position, substream):
    c = [position & 0xFFFFFFFF, position >> 32, STREAM, substream]
    k = [SEED & 0xFFFFFFFF, SEED >> 32]
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k[1], a & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def wide(position, substream, half):
    c = philox(position, substream)
    return c[2 * half] << 32 | c[2 * half + 1]


def bounded(bits, n):
    return bits * n >> 64


def subset(n, m, substream):
    order = list(range(n))
    for i in range(m):
        j = i + bounded(wide(i // 2, substream, i % 2), n - i)
        order[i], order[j] = order[j], order[i]
    return order[:m]


def directions(count, d):
    result = []
    for i in range(count):
        numbers = []
        for block in range((d + 3) // 4):
            bits = philox(i * ((d + 3) // 4) + block, DIRECTIONS)
            for a, b in (bits[:2], bits[2:]):
                radius = np.sqrt(-2 * np.log((a + 1) / 2**32))
                numbers += [radius * np.cos(2 * np.pi * b / 2**32), radius * np.sin(2 * np.pi * b / 2**32)]
        v = np.array(numbers[:d], dtype=np.float32).astype(np.float64)
        result.append(v / np.linalg.norm(v))
    return np.array(result)


def frechet(x, y):
    a, b = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    difference = x.mean(0) - y.mean(0)
    return difference @ difference + np.trace(a) + np.trace(b) - 2 * np.trace(scipy.linalg.sqrtm(a @ b)).real


def frechet_of_few(x, y):
    """By the singular values of the centred samples' products, which needs no root of a singular matrix."""
    a, b = (x - x.mean(0)) / np.sqrt(len(x) - 1), (y - y.mean(0)) / np.sqrt(len(y) - 1)
    difference = x.mean(0) - y.mean(0)
    product = scipy.linalg.svdvals(a @ b.T).sum()
    return difference @ difference + (a**2).sum() + (b**2).sum() - 2 * product


def kernel(x, y, subsets, size):
    values = []
    for s in range(subsets):
        a, b = x[subset(len(x), size, 2 * s)], y[subset(len(y), size, 2 * s + 1)]
        aa, bb, ab = (((u @ v.T) / x.shape[1] + 1) ** 3 for u, v in ((a, a), (b, b), (a, b)))
        same = sum(k.sum() - np.trace(k) for k in (aa, bb)) / (size * (size - 1))
        values.append(same - 2 * ab.mean())
    part = size / min(len(x), len(y))
    return np.mean(values), np.std(values), np.std(values) * np.sqrt(1 / (subsets - 1) + part / (1 - part))


def radii(x, k):
    return np.sort(cdist(x, x), axis=1)[:, k]


def precision_recall(x, y, k):
    d = cdist(x, y)
    return (d <= radii(x, k)[:, None]).any(0).mean(), (d <= radii(y, k)[None]).any(1).mean()


def density_coverage(x, y, k):
    inside = cdist(x, y) <= radii(x, k)[:, None]
    return inside.sum() / (k * len(y)), inside.any(1).mean()


def wasserstein(x, y, count, order):
    total = 0
    for v in directions(count, x.shape[1]):
        a, b = x @ v, y @ v
        if order == 1:
            total += scipy.stats.wasserstein_distance(a, b)
        else:  # both as samples of equal number
            n = np.lcm(len(a), len(b))
            total += ((np.repeat(np.sort(a), n // len(a)) - np.repeat(np.sort(b), n // len(b))) ** 2).mean()
    return (total / count) ** (1 / order)


def classifier(p, splits):
    scores = []
    for s in range(splits):
        part = p[s * len(p) // splits : (s + 1) * len(p) // splits]
        scores.append(np.exp(scipy.stats.entropy(part, part.mean(0, keepdims=True), axis=1).mean()))
    return np.mean(scores), np.std(scores), scipy.stats.entropy(p.mean(0)), scipy.stats.entropy(p, axis=1).mean()


def ssim_parts(x, y, value_range):
    size = min(11, *x.shape)
    window = scipy.stats.norm.pdf(np.arange(size) - (size - 1) / 2, scale=1.5 * size / 11)
    window /= window.sum()
    inside = tuple(slice(size // 2, n - (size - 1) // 2) for n in x.shape)

    def mean(z):
        return correlate1d(correlate1d(z, window, axis=0), window, axis=1)[inside]

    c1, c2 = (0.01 * value_range) ** 2, (0.03 * value_range) ** 2
    mx, my = mean(x), mean(y)
    sx, sy, sxy = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    cs = (2 * sxy + c2) / (sx + sy + c2)
    return cs.mean(), (cs * (2 * mx * my + c1) / (mx**2 + my**2 + c1)).mean()


def ms_ssim(images, pairs, scales, value_range):
    exponents = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])[:scales]
    exponents /= exponents.sum()
    values = []
    for pair in range(pairs):
        a = bounded(wide(pair, PAIRS, 0), len(images))
        b = bounded(wide(pair, PAIRS, 1), len(images) - 1)
        b += b >= a
        channels = []
        for c in range(images.shape[3]):
            x, y, product = images[a, :, :, c], images[b, :, :, c], 1
            for scale in range(scales):
                parts = ssim_parts(x, y, value_range)
                product *= max(0, parts[scale == scales - 1]) ** exponents[scale]
                h, w = (n // 2 * 2 for n in x.shape)
                x, y = (z[:h, :w].reshape(h // 2, 2, w // 2, 2).mean((1, 3)) for z in (x, y))
            channels.append(product)
        values.append(np.mean(channels))
    return np.mean(values), np.std(values, ddof=1) / np.sqrt(pairs)


def floats(x):
    return np.asarray(x, dtype=np.float32).astype(np.float64)


def write(name, tensors, **settings):
    numbers = {key: repr(float(value)) for key, value in settings.items()}
    save(folder(), f"metric_{name}", {key: torch.from_numpy(value) for key, value in tensors.items()}, **numbers)


def samples(n, d, mean, scale):
    mix = np.random.default_rng(d).normal(size=(d, d)) / np.sqrt(d)
    return floats(mean + scale * random.normal(size=(n, d)) @ mix)


def everything(name, x, y, frechet_by, subsets, size, projections):
    kid, kid_deviation, kid_error = kernel(x, y, subsets, size)
    precision, recall = precision_recall(x, y, 3)
    density, coverage = density_coverage(x, y, 5)
    d = cdist(y, x)
    order = np.argsort(d, axis=1)[:, :2]
    tensors = {"real": x, "generated": y, "nearest": order.astype(float), "distances": np.take_along_axis(d, order, 1)}
    write(name, tensors,
          subsets=subsets, subset_size=size, projections=projections, frechet=frechet_by(x, y), kernel=kid,
          kernel_deviation=kid_deviation, kernel_error=kid_error, precision=precision, recall=recall, density=density,
          coverage=coverage, wasserstein_1=wasserstein(x, y, projections, 1),
          wasserstein_2=wasserstein(x, y, projections, 2), pairwise=pdist(y).mean())


everything("features", samples(60, 8, 0, 1), samples(45, 8, 0.3, 0.8), frechet, 5, 20, 7)
everything("far_from_zero", samples(50, 5, 300, 1), samples(50, 5, 300.5, 1.2), frechet, 3, 30, 70)
everything("few", samples(14, 33, 0, 1), samples(11, 33, 0.2, 1), frechet_of_few, 2, 8, 3)

logits = floats(2 * random.normal(size=(31, 7)))
score, deviation, marginal, conditional = classifier(scipy.special.softmax(logits, axis=1), 4)
write("logits", {"outputs": logits}, splits=4, score=score, score_deviation=deviation, marginal=marginal,
      conditional=conditional)
p = floats(random.dirichlet(np.full(5, 0.3), size=20))
p[3] = [0, 0, 1, 0, 0]
score, deviation, marginal, conditional = classifier(p, 1)
write("probabilities", {"outputs": p}, splits=1, probabilities=1, score=score, score_deviation=deviation,
      marginal=marginal, conditional=conditional)

base = random.normal(size=(1, 16, 16, 3))
for name, images, pairs, scales, value_range in (
    ("pictures", np.tanh(base + 0.7 * random.normal(size=(6, 16, 16, 3))), 20, 3, 2),
    ("pictures_odd", random.uniform(size=(1, 13, 21, 1)) + 0.2 * random.uniform(size=(5, 13, 21, 1)), 9, 4, 1),
):
    images = floats(images)
    similarity, error = ms_ssim(images, pairs, scales, value_range)
    write(name, {"images": images}, pairs=pairs, scales=scales, range=value_range, similarity=similarity,
          similarity_error=error)

modes = random.integers(0, 12, size=40) ** 2 // 8
distances = floats(random.uniform(size=40))
histogram = np.bincount(modes[distances <= np.float32(0.75)], minlength=20)
write("modes", {"modes": modes.astype(float), "mode_distances": distances}, mode_count=20, limit=0.75,
      covered=(histogram > 0).sum(), counted=histogram.sum(), divergence=scipy.stats.entropy(histogram, np.ones(20)))
