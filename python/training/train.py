"""Trains the detector of burned-in text from a seed and writes its weights.

    python3 train.py WEIGHTS [--start WEIGHTS] [--steps 8000 | --minutes 60] [--rate 3e-3] [--seed 1] [--device cpu]
                     [--workers 1] [--batch 12] [--fresh 12] [--kept 2000] [--hard 0.5] [--threads 2]

Workers make crops, each from a seed of its own. In every step `fresh` of them join those that are kept; with --minutes
only where they are ready. A batch is drawn from those that are kept, the share `hard` of it by how hard each crop was
when it was drawn last. Each time that a crop is drawn, it is seen in other windows. The weights that are written are a
moving average of those that are trained.
"""

import argparse
import copy
import multiprocessing
import pathlib
import queue
import time

import numpy as np
import torch
from torch.nn import functional

import backgrounds
import burned_text
import network

CROP, EDGE = 208, 8
INNER = CROP - 2 * EDGE
POOL, POOL_SIZE = 64, 448  # backgrounds in memory: each is cut, turned and flipped often before it goes
NEW, FILLING = 0.03, 0.25  # how many a crop, and before there are so many
AVERAGED_STEPS = 500


def make_crop(random, pool):
    """@return image and region, INNER x INNER, and the range of the image"""
    if not pool or random.random() < (NEW if len(pool) == POOL else FILLING):
        pool.append(backgrounds.make_background(random, POOL_SIZE))
        del pool[:-POOL]
    background = pool[random.integers(len(pool))]
    y, x = random.integers(0, POOL_SIZE - INNER + 1, 2)
    if random.random() < 0.5:  # corners, where annotations stand
        y, x = random.choice([0, POOL_SIZE - INNER], 2)
    image = np.rot90(background[y:y + INNER, x:x + INNER], random.integers(4))
    image = (image if random.random() < 0.5 else image[:, ::-1]).copy()
    if random.random() < 0.3:
        image = 1 - image
    image = image * random.uniform(0.3, 1) + random.uniform(0, 0.3)
    _glyphs, region = burned_text.add_text(image, random, "train")
    image = burned_text.degrade(image, random)
    return image.astype(np.float16), region, burned_text.range_of(image)


def produce(seed, count, made):
    random = np.random.default_rng(seed)
    torch.set_num_threads(1)
    pool = []
    while True:
        made.put(tuple(np.stack(part) for part in zip(*(make_crop(random, pool) for _ in range(count)))))


class Crops:
    """The crops that are kept, on the device that trains."""

    def __init__(self, options):
        self.device, self.fresh, self.hard = options.device, options.fresh, options.hard
        self.count, self.at = 0, 0
        self.queues = [multiprocessing.Queue(3) for _ in range(options.workers)]
        for n, made in enumerate(self.queues):
            multiprocessing.Process(target=produce, args=((options.seed, n), options.fresh, made), daemon=True).start()
        self.images = torch.empty((options.kept, INNER, INNER), dtype=torch.float16, device=options.device)
        self.regions = torch.empty((options.kept, INNER, INNER), dtype=torch.uint8, device=options.device)
        self.ranges = np.empty((options.kept, 4), np.float32)
        self.hardness = torch.ones(options.kept, device=options.device)

    def renew(self, step, can_wait=True):
        """Takes `fresh` crops of the worker whose turn it is, in place of the oldest."""
        try:
            images, regions, ranges = self.queues[step % len(self.queues)].get(can_wait, 600)
        except queue.Empty:
            if can_wait:
                raise
            return
        place = np.arange(self.at, self.at + self.fresh) % len(self.ranges)
        self.ranges[place] = ranges
        place = torch.from_numpy(place).to(self.device)
        self.images[place] = torch.from_numpy(images).to(self.device)
        self.regions[place] = torch.from_numpy(regions).to(self.device)
        self.hardness[place] = self.hardness[:max(self.count, 1)].mean()
        self.at += self.fresh
        self.count = min(self.at, len(self.ranges))

    def draw(self, random, count):
        """@return windows count x 3 x CROP x CROP, region count x INNER x INNER, which crops"""
        chosen = random.integers(self.count, size=count)
        if count == self.fresh:  # each is drawn once
            chosen = np.arange(self.at - count, self.at) % len(self.ranges)
        elif self.hard > 0:
            most = round(self.hard * count)
            chosen[:most] = torch.multinomial(self.hardness[:self.count], most, True).cpu().numpy()
        windows = torch.from_numpy(burned_text.windows_of(self.ranges[chosen], random)).to(self.device)
        chosen = torch.from_numpy(chosen).to(self.device)
        black, white = windows[..., 0, None, None], windows[..., 1, None, None]
        seen = ((self.images[chosen, None].float() - black) / (white - black).clamp(min=1e-6)).clamp(0, 1)
        is_negative = torch.from_numpy(random.random((count, 1, 1, 1)) < 0.1).to(self.device)
        seen = torch.where(is_negative, 1 - seen, seen)
        # A slice is continued by its edge before it is looked at.
        return functional.pad(seen, (EDGE,) * 4, "replicate"), self.regions[chosen], chosen

    def weigh(self, chosen, losses):
        """What cannot be learnt, since it cannot be seen, must not be all that is drawn: hardness has a limit."""
        self.hardness[chosen] = losses.clamp(max=4 * losses.mean()) + 0.01


def loss_of(logits, region):
    """Cross-entropy, in which text and what is hard weigh more, and overlap. @return in all, and of each crop"""
    edge = slice(EDGE, -EDGE)
    logits, target = logits[:, edge, edge].float(), (region > 0).float()
    weight = torch.where(region > 0, region.float() / 16, 1)
    each = weight * functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    hard = each.flatten(1).topk(each[0].numel() // 16, 1, sorted=False).values.mean(1)
    probability = torch.sigmoid(logits)
    overlap = 1 - (2 * (weight * probability * target).sum() + 1) / ((weight * (probability + target)).sum() + 1)
    return each.mean() + hard.mean() + overlap, hard.detach()


def average(averaged, model, step):
    """Moves the average towards the model, at first as the mean of all steps."""
    share = max(1 / AVERAGED_STEPS, 1 / step)
    for mean, value in zip(averaged.state_dict().values(), model.state_dict().values()):
        if mean.is_floating_point():
            mean.lerp_(value, share)


def write(averaged, path):
    return network.write_weights(copy.deepcopy(averaged).cpu().eval(), path)


def options_of_call():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("--start", type=pathlib.Path, help="weights to go on from")
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--minutes", type=float, help="ends then, and not after a number of steps")
    parser.add_argument("--rate", type=float, default=3e-3, help="of learning, at its highest")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--fresh", type=int, default=12, help="crops that are new in each step")
    parser.add_argument("--kept", type=int, default=2000)
    parser.add_argument("--hard", type=float, default=0.5, help="share of a batch that is drawn by how hard it is")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def train(options):
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    torch.backends.cudnn.benchmark = True
    start, random, crops = time.monotonic(), np.random.default_rng(options.seed), Crops(options)
    model = network.TextNetwork()
    if options.start:
        model.start_from(options.start)
    model.to(options.device, memory_format=torch.channels_last).train(not options.start)
    averaged = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.rate, weight_decay=1e-3)
    for step in range(options.workers * 4):  # something to draw from
        crops.renew(step)
    print(f"0 {time.monotonic() - start:.0f} s", flush=True)
    losses, step, done = [], 0, 0.0
    while done < 1:
        step += 1
        for group in optimizer.param_groups:
            group["lr"] = options.rate * min(1, step / 200) * (0.5 * (1 + np.cos(np.pi * done)) + 0.002)
        crops.renew(step, options.minutes is None)
        windows, region, chosen = crops.draw(random, options.batch)
        with torch.autocast(options.device.split(":")[0], torch.bfloat16, enabled=options.device != "cpu"):
            logits = model(windows.contiguous(memory_format=torch.channels_last))
        loss, losses_of_crops = loss_of(logits, region)
        crops.weigh(chosen, losses_of_crops)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
        average(averaged, model, step)
        losses.append(loss.detach())
        done = (time.monotonic() - start) / 60 / options.minutes if options.minutes else step / options.steps
        if step % 100 == 0 or step == 20:
            print(f"{step} {time.monotonic() - start:.0f} s loss {torch.stack(losses[-100:]).mean():.3f}", flush=True)
        if step % 500 == 0:
            write(averaged, options.weights)
    print(f"{step} steps, {crops.at} crops, SHA-256 {write(averaged, options.weights)}")


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    backgrounds.volumes(), backgrounds.pictures()  # read once, before there are workers
    train(options_of_call())
