"""The fonts of training, of tuning and of testing: no font is in two of them."""

import functools
import io
import os
import pathlib

from PIL import Image, ImageDraw, ImageFont

ROOT = pathlib.Path(os.environ.get("NARU_TRAINING_ROOT", "/")) / "usr/share/fonts"

LATIN, KOREAN, HANJA, JAPANESE = "latin", "korean", "hanja", "japanese"

# Split, Debian package, files below ROOT, scripts.
FONTS = (
    ("train", "fonts-dejavu-core", "truetype/dejavu/*.ttf", (LATIN,)),
    ("train", "fonts-liberation", "truetype/liberation/*.ttf", (LATIN,)),
    ("train", "fonts-hack", "truetype/hack/*.ttf", (LATIN,)),
    ("train", "fonts-freefont-ttf", "truetype/freefont/*.ttf", (LATIN,)),
    ("train", "fonts-ocr-b", "*/ocr-b/*.otf", (LATIN,)),
    ("train", "fonts-spleen", "X11/misc/spleen-*.pcf.gz", (LATIN,)),
    ("train", "fonts-proggy", "*/proggy/*", (LATIN,)),
    ("train", "fonts-routed-gothic", "*/routed-gothic/*.ttf", (LATIN,)),
    ("train", "fonts-dosis", "*/dosis/*.otf", (LATIN,)),
    ("train", "fonts-nanum", "truetype/nanum/*.ttf", (LATIN, KOREAN)),
    ("train", "fonts-unfonts-core", "truetype/unfonts-core/*.ttf", (LATIN, KOREAN)),
    ("train", "fonts-wqy-zenhei", "truetype/wqy/wqy-zenhei.ttc", (LATIN, HANJA)),
    ("train", "fonts-ipafont-gothic", "opentype/ipafont-gothic/*.ttf", (LATIN, HANJA, JAPANESE)),
    ("train", "fonts-ipafont-mincho", "opentype/ipafont-mincho/*.ttf", (HANJA, JAPANESE)),
    ("train", "fonts-unifont", "opentype/unifont/unifont.otf", (LATIN, KOREAN, HANJA, JAPANESE)),
    ("tune", "fonts-open-sans", "truetype/open-sans/*.ttf", (LATIN,)),
    ("tune", "fonts-3270", "truetype/3270/*.ttf", (LATIN,)),
    ("tune", "fonts-woowa-bm", "*/woowa-bm/*.ttf", (LATIN, KOREAN)),
    ("tune", "fonts-wqy-microhei", "truetype/wqy/wqy-microhei.ttc", (LATIN, HANJA)),
    ("tune", "fonts-vlgothic", "truetype/vlgothic/*.ttf", (LATIN, JAPANESE)),
    ("test", "fonts-roboto-unhinted", "truetype/roboto/unhinted/RobotoTTF/*.ttf", (LATIN,)),
    ("test", "fonts-inconsolata", "*/inconsolata/*", (LATIN,)),
    ("test", "fonts-lato", "truetype/lato/*.ttf", (LATIN,)),
    ("test", "fonts-glasstty", "*/glasstty/*.ttf", (LATIN,)),
    ("test", "fonts-baekmuk", "truetype/baekmuk/*.ttf", (LATIN, KOREAN, HANJA)),
    ("test", "fonts-naver-d2coding", "*/naver-d2coding/*.tt?", (LATIN, KOREAN)),
    ("test", "fonts-arphic-uming", "truetype/arphic/uming.ttc", (HANJA,)),
)

# By these two fonts are compared that may be one under two names, as Takao Gothic is IPA Gothic.
SAMPLES = {LATIN: "PID 4821 Kim, R", KOREAN: "홍길동 환자", HANJA: "金東日", JAPANESE: "アイの"}
SAMPLE_SIZE = 24

# Thin or drawn faces that no console and no scanner has.
UNUSED = ("Hairline", "Thin", "Symbols", "icon", "Barcode", "BPdots", "Math")


@functools.lru_cache
def faces(split, script):
    """Paths of the fonts of one split that have a script, grouped by package so that each counts alike."""
    found = []
    for name, _package, pattern, scripts in FONTS:
        if name != split or script not in scripts:
            continue
        paths = [path for path in sorted(ROOT.glob(pattern)) if path.suffix in (".ttf", ".otf", ".ttc", ".otb", ".gz")]
        paths = [path for path in paths if not any(word in path.name for word in UNUSED)]
        if paths:
            found.append(paths)
    if not found:
        raise SystemExit(f"no font of {split} for {script}: run fetch.sh")
    return found


@functools.lru_cache(maxsize=20000)
def load(path, size):
    """A font at a pixel size; a bitmap font at the nearest size that it has, or None."""
    for pixels in (size, *range(6, 40)):
        # What Pillow cannot open by its name it looks for in all folders: bitmap fonts come from memory.
        file = io.BytesIO(path.read_bytes()) if path.suffix in (".gz", ".otb") else str(path)
        try:
            return ImageFont.truetype(file, pixels)
        except OSError:
            continue
    return None


def choose(random, split, script, size):
    groups = faces(split, script)
    paths = groups[random.integers(len(groups))]
    return load(paths[random.integers(len(paths))], size)


def looks(split, script):
    """How each font of a split draws the script's sample, by what it draws."""
    drawn = {}
    for path in (path for paths in faces(split, script) for path in paths):
        if font := load(path, SAMPLE_SIZE):
            image = Image.new("L", font.getbbox(SAMPLES[script])[2:])
            ImageDraw.Draw(image).text((0, 0), SAMPLES[script], font=font, fill=255)
            if ink := image.getbbox():  # another ascent or margin makes no other font
                image = image.crop(ink)
                drawn[image.size, image.tobytes()] = path.name
    return drawn


def require_unseen(split):
    """Ends the program where a font of a split draws letters as one of training does."""
    for script in {script for name, _package, _pattern, scripts in FONTS if name == split for script in scripts}:
        trained = looks("train", script)
        for look, name in looks(split, script).items():
            if look in trained:
                raise SystemExit(f"{name} of {split} draws {script} as {trained[look]}, which is for training")
