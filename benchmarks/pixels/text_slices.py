"""Slices with text that training never saw: other fonts, other backgrounds, other ways of writing.

The glyphs of each item are known to the pixel: a glyph pixel is one that ink covers by more than half and whose value
changed by 5 % of the slice's range at least, which runs from its 0.5 to its 99.5 percentile. An item stays only where
half of what ink covers is so seen.
"""

import io

import numpy as np
from PIL import Image, ImageDraw

import fonts

CATEGORIES = ("upright", "rotated", "large", "tiny", "clipped", "jpeg", "semi-transparent", "inverted", "noisy",
              "single", "korean")
NAMES = ("HONG^GILDONG", "Baker, Susan", "OTTO KRAUSE", "JEONG MINJAE", "Ms. Iyer", "Dr Rossi", "TANAKA YOKO")
KOREAN_NAMES = ("홍길동", "정민재", "한소희 여", "환자명 김도윤", "서울병원 2023", "등록번호 00381", "촬영일 2021.03.04", "남궁 민")
LATERALITY = "RLAPHF"
VISIBLE_CHANGE, VISIBLE_SHARE = 0.05, 0.5


def phrase(random, category):
    if category == "korean":
        return random.choice(KOREAN_NAMES)
    if category == "single":
        return random.choice(list(LATERALITY + "0123456789"))
    kind = random.integers(6)
    if kind == 0:
        return random.choice(NAMES)
    if kind == 1:
        return f"{random.integers(1950, 2026)}.{random.integers(1, 13):02}.{random.integers(1, 29):02}"
    if kind == 2:
        return f"PID {random.integers(10000, 99999999)}"
    if kind == 3:
        return f"{random.integers(0, 24):02}:{random.integers(0, 60):02}:{random.integers(0, 60):02}"
    if kind == 4:
        return f"Acq {random.integers(1, 20)} Slice {random.integers(1, 300)}"
    return f"{random.choice(['St. Mary Hospital', 'UNIVERSITY CLINIC', 'Radiology Dept 2', 'CT ABDOMEN C+'])}"


def ink_of(random, category):
    size = {"large": random.integers(32, 61), "tiny": random.integers(7, 11), "single": random.integers(10, 40)}.get(
        category, random.integers(11, 30))
    script = fonts.KOREAN if category == "korean" else fonts.LATIN
    font = fonts.choose(random, "test", script, int(size))
    text = phrase(random, category)
    box = font.getbbox(text)
    image = Image.new("L", (box[2] - box[0] + 2, box[3] - box[1] + 2))
    draw = ImageDraw.Draw(image)
    if random.random() < 0.3:
        draw.fontmode = "1"
    draw.text((1 - box[0], 1 - box[1]), text, font=font, fill=255)
    ink = np.asarray(image, np.float32) / 255
    if category == "rotated":
        ink = np.rot90(ink, random.choice([1, 3]))
    return ink, text


def burn(slice_, random, category, taken):
    """Writes one item. @return its glyph mask and text, or None where no place was found"""
    low, high = np.percentile(slice_, (0.5, 99.5))
    if low == high:
        low, high = slice_.min(), slice_.max()
    ink, text = ink_of(random, category)
    for _ in range(30):
        room = [n - m for n, m in zip(slice_.shape, ink.shape)]
        if min(room) <= 4:
            return None
        y, x = (int(random.integers(2, n - 1)) for n in room)
        if random.random() < 0.5:
            y, x = random.choice([2, room[0] - 3]), random.choice([2, room[1] - 3])
        kept = ink
        if category == "clipped":
            cut = ink.shape[1] // 4
            x, kept = (0, ink[:, cut:]) if random.random() < 0.5 else (slice_.shape[1] - ink.shape[1] + cut,
                                                                     ink[:, :ink.shape[1] - cut])
        h, w = kept.shape
        if taken[max(0, y - 6):y + h + 6, max(0, x - 6):x + w + 6].any():
            continue
        covered = kept > 0.5
        if covered.sum() < 8:
            return None  # thinner than a pixel: grey all over
        page = slice_[y:y + h, x:x + w]
        dark = category == "inverted"
        value = low if dark else high + random.uniform(0, 1) * (high - low)
        if dark and page.mean() < low + 0.35 * (high - low):
            continue  # dark on dark is no text
        opacity = random.uniform(0.5, 0.8) if category == "semi-transparent" else 1
        change = opacity * kept * (value - page)
        visible = covered & (np.abs(change) >= VISIBLE_CHANGE * (high - low))
        if visible.sum() < VISIBLE_SHARE * covered.sum():
            continue
        page += change
        glyphs = np.zeros(slice_.shape, bool)
        glyphs[y:y + h, x:x + w] = visible
        taken[y:y + h, x:x + w] = True
        return glyphs, text
    return None


def degrade(slice_, random, category):
    low, high = float(slice_.min()), float(slice_.max())
    if category == "jpeg":
        coded = io.BytesIO()
        grey = ((slice_ - low) / max(high - low, 1e-6) * 255).astype(np.uint8)
        Image.fromarray(grey).save(coded, "JPEG", quality=int(random.integers(40, 80)))
        return np.asarray(Image.open(coded), np.float32) / 255 * (high - low) + low
    if category == "noisy":
        p_low, p_high = np.percentile(slice_, (0.5, 99.5))
        return slice_ + random.normal(0, 0.06 * (p_high - p_low), slice_.shape).astype(np.float32)
    return slice_
