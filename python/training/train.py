"""Trains the detector of burned-in text from a seed and writes its weights.

    python3 train.py WEIGHTS [--start WEIGHTS] [--steps 8000] [--rate 3e-3] [--seed 1] [--device cpu] [--threads 2]
"""

import argparse
import multiprocessing
import pathlib
import time

import numpy as np
import torch
from torch.nn import functional

import backgrounds
import burned_text
import network

CROP, EDGE, BATCH = 208, 8, 12
POOL, POOL_SIZE = 64, 448  # backgrounds in memory: each is cut, turned and flipped often before it goes


def make_crop(random, pool):
    """@return windows 3 x CROP x CROP, region CROP x CROP"""
    slot = random.integers(POOL)
    if pool[slot] is None or random.random() < 0.06:
        pool[slot] = backgrounds.make_background(random, POOL_SIZE)
    inner = CROP - 2 * EDGE
    y, x = random.integers(0, POOL_SIZE - inner + 1, 2)
    if random.random() < 0.5:  # corners, where annotations stand
        y, x = random.choice([0, POOL_SIZE - inner], 2)
    image = np.rot90(pool[slot][y:y + inner, x:x + inner], random.integers(4)).copy()
    if random.random() < 0.3:
        image = 1 - image
    image = image * random.uniform(0.3, 1) + random.uniform(0, 0.3)
    _glyphs, region = burned_text.add_text(image, random, "train")
    windows = burned_text.rendered(burned_text.degrade(image, random), random)
    edge = ((EDGE, EDGE), (EDGE, EDGE))  # a slice is continued by its edge before it is looked at
    return np.pad(windows, ((0, 0), *edge), "edge"), np.pad(region, edge)


def produce(seed, queue):
    random = np.random.default_rng(seed)
    torch.set_num_threads(1)
    pool = [None] * POOL
    while True:
        crops = [make_crop(random, pool) for _ in range(BATCH)]
        queue.put((np.stack([windows for windows, _ in crops]).astype(np.float16), np.stack([region for _, region in crops])))


def loss_of(logits, region):
    """Cross-entropy, in which text and what is hard weigh more, and overlap."""
    edge = slice(EDGE, -EDGE)
    logits, target = logits[:, edge, edge], region[:, edge, edge].float()
    each = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    hard = each.flatten(1).topk(each[0].numel() // 16, 1).values.mean()
    probability = torch.sigmoid(logits)
    overlap = 1 - (2 * (probability * target).sum() + 1) / (probability.sum() + target.sum() + 1)
    return each.mean() + hard + overlap


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("--start", type=pathlib.Path, help="weights to go on from")
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--rate", type=float, default=3e-3, help="of learning, at its highest")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    queue = multiprocessing.Queue(8)
    multiprocessing.Process(target=produce, args=(options.seed, queue), daemon=True).start()
    model = network.TextNetwork()
    if options.start:
        model.start_from(options.start)
    model.to(options.device).train(not options.start)
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.rate, weight_decay=1e-4)
    start, recent = time.monotonic(), []
    for step in range(1, options.steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = options.rate * min(1, step / 100) * (0.5 * (1 + np.cos(np.pi * step / options.steps)) + 0.005)
        windows, region = (torch.from_numpy(part).to(options.device) for part in queue.get())
        loss = loss_of(model(windows.float()), region)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
        recent.append(loss.item())
        if step % 100 == 0 or step == 20:
            print(f"{step} {time.monotonic() - start:.0f} s loss {np.mean(recent[-100:]):.3f}", flush=True)
            if step % 500 == 0:
                network.write_weights(model.cpu().eval(), options.weights)
                model.to(options.device).train(not options.start)
    print(network.write_weights(model.cpu().eval(), options.weights))


if __name__ == "__main__":
    main()
