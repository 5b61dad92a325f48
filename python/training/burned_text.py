"""Text as it is burned into images: what is written, how it looks, where it stands, and the mask of it."""

import io

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

import fonts

SURNAMES = "KIM LEE PARK CHOI JUNG KANG CHO YOON JANG LIM SMITH JONES GARCIA MILLER DAVIS LOPEZ MULLER NGUYEN WANG".split()
GIVEN = "JOHN MARY ANNA MINSU JIHOON SEOYEON HYUN PETER LINDA CARLOS EMMA YUKI WEI THOMAS ELENA OLGA".split()
KOREAN_SURNAMES = "김이박최정강조윤장임한오서신권황안송류홍"
KOREAN_SYLLABLES = "민서지우현준영수진희경호성미은정하윤채원도혁태연규빈나래슬기동철순자옥석훈"
KOREAN_WORDS = ("환자", "이름", "생년월일", "성별", "남", "여", "세", "병원", "서울대학교병원", "촬영일", "검사", "등록번호", "영상의학과",
                "우", "좌", "상", "하", "전", "후", "조영제", "담당의", "대학교", "의료원", "주사", "호흡정지")
HANJA_LETTERS = "金李朴崔鄭姜趙尹張林韓吳徐申權黃安宋柳洪東西南北大中小山川水火木天地人日月年病院姓名男女生前後左右上下"
JAPANESE_LETTERS = "あいうえおかきくけこさしすせそたちつてとなにぬねのアイウエオカキクケコサシスセソタチツテトヤマダ病院患者氏名"
LABELS = ("Name:", "ID", "DOB", "Acc", "Sex", "Age", "Ex:", "Se:", "Im:", "DFOV", "kVp", "mA", "Hosp", "Dr.", "Study", "Date",
          "W", "L", "TR", "TE", "mm", "cm", "ET:1", "SFOV", "Patient", "Position", "Zoom", "Tilt", "HFS", "FFS")
LETTERS = "RLAPHFISW"
ALL_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ALL_SYLLABLES = [chr(n) for n in range(0xAC00, 0xD7A4) if chr(n).encode("euc_kr", "ignore")]  # the 2,350 in use


def digits(random, count):
    return "".join(random.choice(list("0123456789"), count))


def latin_words(random):
    kind = random.integers(10)
    if kind < 2:
        return f"{random.choice(SURNAMES)}{random.choice(['^', ' ', ', ', '_'])}{random.choice(GIVEN)}"
    if kind == 2:
        return f"{random.choice(SURNAMES)}, {random.choice(GIVEN)}".title()
    if kind == 3:
        return digits(random, random.integers(1, 11))
    if kind == 4:
        order = random.choice(["{y}-{m}-{d}", "{y}/{m}/{d}", "{d}.{m}.{y}", "{y}{m}{d}", "{m}/{d}/{y}", "{d}-Jan-{y}"])
        return order.format(y=random.integers(1930, 2027), m=f"{random.integers(1, 13):02}", d=f"{random.integers(1, 29):02}")
    if kind == 5:
        return f"{random.integers(0, 24):02}:{random.integers(0, 60):02}:{random.integers(0, 60):02}"
    if kind == 6:
        return f"{random.choice(LABELS)} {random.choice([digits(random, random.integers(1, 6)), random.choice(GIVEN)])}"
    if kind == 7:
        return f"{random.choice(['M', 'F', 'O'])} {random.integers(1, 100)}{random.choice(['Y', ' yrs', ''])} {digits(random, 6)}"
    if kind == 8:
        return f"{random.integers(0, 500)}.{random.integers(0, 99)} {random.choice(['mm', 'cm', 'HU', '%', 'mSv', 's'])}"
    count = random.integers(1, 4)
    return " ".join("".join(random.choice(list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-#/.,"),
                                          random.integers(1, 9))) for _ in range(count))


def korean_words(random):
    kind = random.integers(4)
    if kind == 0:
        return random.choice(list(KOREAN_SURNAMES)) + "".join(random.choice(list(KOREAN_SYLLABLES), 2))
    if kind == 1:
        return f"{random.choice(KOREAN_WORDS)} {digits(random, random.integers(1, 8))}"
    if kind == 2:
        return " ".join(random.choice(KOREAN_WORDS, random.integers(1, 4)))
    return "".join(random.choice(ALL_SYLLABLES, random.integers(1, 8)))


def words(random, script):
    if script == fonts.KOREAN:
        return korean_words(random)
    if script in (fonts.HANJA, fonts.JAPANESE):
        letters = HANJA_LETTERS if script == fonts.HANJA else JAPANESE_LETTERS
        return "".join(random.choice(list(letters), random.integers(1, 9)))
    return latin_words(random)


def one_letter(random, script):
    if script != fonts.LATIN:
        return words(random, script).strip()[:1]
    kind = random.random()
    return random.choice(list(LETTERS if kind < 0.35 else "0123456789" if kind < 0.75 else "01IlO" if kind < 0.82 else
                              ALL_LETTERS))


def text_size(random):
    """Pixels from the top of capitals and accents to the bottom of tails; small ones are the most frequent."""
    if random.random() < 0.1:
        return int(random.integers(6, 11))
    return int(np.exp(random.uniform(np.log(6), np.log(60))))


def draw_line(random, split, script=None, text=None, size=None):
    """One line of text as coverage in [0, 1], cut to its ink. None where the font has no such letters."""
    script = script or random.choice([fonts.LATIN, fonts.KOREAN, fonts.HANJA, fonts.JAPANESE], p=[0.68, 0.2, 0.07, 0.05])
    size = size or text_size(random)
    font = fonts.choose(random, split, script, size)
    if font is None:
        return None
    if text is None:
        text = one_letter(random, script) if random.random() < 0.35 else words(random, script)
    box = font.getbbox(text)
    width, height = box[2] - box[0], box[3] - box[1]
    if width < 1 or height < 3 or width > 4000:
        return None
    image = Image.new("L", (width + 4, height + 4))
    draw = ImageDraw.Draw(image)
    if random.random() < 0.35:
        draw.fontmode = "1"  # no grey at the edges
    draw.text((2 - box[0], 2 - box[1]), text, font=font, fill=255)
    ink = np.asarray(image, np.float32) / 255
    return ink if ink.max() > 0.5 else None


def shaped(ink, random, turn):
    """Grown, softened, tilted or turned, as screens and films show text."""
    if random.random() < 0.12:
        ink = np.kron(ink, np.ones((2, 2), np.float32))
    if random.random() < 0.25:
        ink = ndimage.zoom(ink, random.uniform(0.7, 1.6), order=1)
    if random.random() < 0.15:
        ink = ndimage.rotate(ink, random.normal(0, 4), order=1)
    if random.random() < 0.2:
        ink = ndimage.gaussian_filter(ink, random.uniform(0.3, 0.8))
    return np.clip(np.rot90(ink, turn), 0, 1)


def place(random, shape, ink, is_clipped):
    """Top and left; on the page as a whole, or over an edge."""
    room = [n - m for n, m in zip(shape, ink.shape)]
    if is_clipped:
        at = [random.integers(-m // 2, n - m // 2) for n, m in zip(shape, ink.shape)]
        edge = random.integers(2)
        at[edge] = random.choice([-(ink.shape[edge] // 3), shape[edge] - 2 * ink.shape[edge] // 3])
        return at
    if random.random() < 0.4:  # near an edge, as annotations are
        edge = random.integers(2)
        at = [random.integers(0, max(1, n + 1)) for n in room]
        at[edge] = random.choice([random.integers(0, 6), max(0, room[edge] - random.integers(0, 6))])
        return at
    return [random.integers(0, max(1, n + 1)) for n in room]


def crop_of(shape, ink, at):
    """Where ink meets the page: slices of the page and of the ink, or None."""
    begin = [max(a, 0) for a in at]
    end = [min(a + m, n) for a, m, n in zip(at, ink.shape, shape)]
    if any(b >= e for b, e in zip(begin, end)):
        return None
    page = tuple(slice(b, e) for b, e in zip(begin, end))
    return page, tuple(slice(b - a, e - a) for a, b, e in zip(at, begin, end))


def paint(image, random, page, ink):
    """Puts ink on a page: a value beyond the image, or a grey; outlined, boxed, half transparent.

    @return whether it can be seen; the image is as it was where it cannot
    """
    under = image[page]
    darkest, brightest = np.percentile(image, (0.5, 99.5)) if random.random() < 0.5 else (image.min(), image.max())
    levels = [1.0, random.uniform(1, 3), random.uniform(0.6, 1), 0.0, -random.uniform(0, 1), random.uniform(0, 0.4),
              darkest, brightest + random.uniform(0, 1) * (brightest - darkest)]
    value = random.choice(levels, p=[0.2, 0.1, 0.12, 0.1, 0.06, 0.1, 0.18, 0.14])
    if random.random() < 0.6 and abs(value - under.mean()) < 0.25:  # low contrast is the exception
        value = 1.0 if under.mean() < 0.5 else 0.0
    if abs(value - under.mean()) < 0.1:
        value = under.mean() + random.choice([-1, 1]) * random.uniform(0.1, 0.3)
    style = random.random()
    if style < 0.12:
        around = ndimage.maximum_filter(ink, 3)
        under = under + around * ((0 if value > 0.5 else 1) - under)
    elif style < 0.24:
        under = np.full_like(under, 0 if value > 0.5 else 1)
    opacity = random.uniform(0.35, 0.9) if random.random() < 0.16 else 1
    change = opacity * ink * (value - under)
    if (np.abs(change[ink > 0.4]) < 0.04).mean() > 0.5:
        return False
    image[page] = under + change
    return True


def region_of(ink, size_px):
    """The mask that a detector learns: letters grown together to words, two pixels wider than the ink."""
    grown = ndimage.maximum_filter(ink, 5)
    gap = 2 * (max(3, size_px // 3) // 2) + 1
    return ndimage.grey_closing(np.pad(grown, gap), (gap, gap))[gap:-gap, gap:-gap]


def add_text(image, random, split, count=None):
    """Burns lines of text into an image. @return their glyph masks (bool), and the region to be learnt: 0, or how much
    a pixel of it weighs in sixteenths, more in small pieces of text than in large ones"""
    glyphs, region = np.zeros(image.shape, bool), np.zeros(image.shape, np.uint8)
    if count is None:
        count = random.choice([0, 1, 2, 3, 5, 8], p=[0.26, 0.25, 0.18, 0.13, 0.09, 0.09])
    at = None
    for _ in range(count):
        ink = draw_line(random, split)
        if ink is None:
            continue
        turn = random.choice([0, 2, 1, 3], p=[0.6, 0.06, 0.17, 0.17])
        ink = shaped(ink, random, turn)
        size_px = ink.shape[1 if turn % 2 else 0]
        is_below = at is not None and random.random() < 0.4
        at = [at[0] + size_px + random.integers(1, 5), at[1]] if is_below else place(random, image.shape, ink,
                                                                                    random.random() < 0.15)
        found = crop_of(image.shape, ink, at)
        if found is None:
            continue
        page, part = found
        is_scrap = min(ink[part].shape) < 4 or (ink[part] > 0.4).sum() < 8  # no one reads a corner of a letter
        if is_scrap or region[page].any() or not paint(image, random, page, ink[part]):
            continue
        glyphs[page] |= ink[part] > 0.4
        mask = np.zeros(image.shape, np.float32)
        mask[page] = ink[part]
        around = tuple(slice(max(0, s.start - 12), s.stop + 12) for s in page)
        inside = region_of(mask[around], size_px) > 0.4
        weight = np.clip(np.sqrt(600 / max(inside.sum(), 1)), 0.5, 2)
        region[around] = np.maximum(region[around], (16 * weight * inside).astype(np.uint8))
    return glyphs, region


def jpeg(image, quality):
    low, high = image.min(), image.max()
    coded = io.BytesIO()
    grey = ((image - low) / max(high - low, 1e-6) * 255).astype(np.uint8)
    Image.fromarray(grey).save(coded, "JPEG", quality=quality)
    return np.asarray(Image.open(coded), np.float32) / 255 * (high - low) + low


def degrade(image, random):
    """JPEG, and growth of an image that was smaller when its text was burned in."""
    if random.random() < 0.15:
        image = jpeg(image, int(random.integers(25, 96)))
    if random.random() < 0.1:
        image = ndimage.gaussian_filter(image, random.uniform(0.3, 0.8))
    if random.random() < 0.4:
        image = image + random.normal(0, random.uniform(0, 0.03 if random.random() < 0.5 else 0.08), image.shape)
    return image.astype(np.float32)


def range_of(image):
    """Smallest and largest value, and the percentiles by which a slice is shown."""
    return np.array([image.min(), image.max(), *np.percentile(image, (0.5, 99.5))], np.float32)


def windows_of(ranges, random):
    """Black and white of the three windows of the detector, as kernels/text_pyramid.h defines them: full range, stored
    window, percentiles. A crop stands for a slice whose other parts are unknown: ranges are widened by chance.

    @param ranges count x 4, of range_of. @return count x 3 x 2
    """
    low, high, p_low, p_high = ranges.T
    count = len(ranges)

    def sometimes(share, value):
        return np.where(random.random(count) < share, value, 0)

    is_wider = random.random(count) < 0.5
    p_low = p_low - is_wider * random.exponential(0.1, count)
    p_high = p_high + is_wider * random.exponential(0.2, count)
    low, high = low - sometimes(0.2, random.exponential(0.3, count)), high + sometimes(0.2, random.exponential(0.5, count))
    kind = random.random(count)
    centre, width = random.uniform(0.1, 0.9, count), np.exp(random.uniform(np.log(0.08), np.log(1.5), count))
    black = np.select([kind < 0.25, kind < 0.9], [p_low, centre - width / 2], low)
    white = np.select([kind < 0.25, kind < 0.9], [p_high, centre + width / 2], high)
    return np.stack([np.stack(pair, 1) for pair in ((low, high), (black, white), (p_low, p_high))], 1).astype(np.float32)


def rendered(image, random):
    """The three windows in which the detector sees a crop."""
    windows = windows_of(range_of(image)[None], random)[0]
    return np.stack([np.clip((image - a) / max(b - a, 1e-6), 0, 1) for a, b in windows]).astype(np.float32)
