#!/usr/bin/env python3
"""Draws the pictures of docs/geometry.md into docs/images/*.svg. Only the standard library is needed."""
import pathlib

OUT = pathlib.Path(__file__).resolve().parent.parent / "docs" / "images"
INK, GOOD, BAD, FILL, PALE = "#333333", "#1b7837", "#b2182b", "#2166ac", "#d1e5f0"


class Picture:
    def __init__(self, width, height):
        self.size, self.parts = (width, height), []

    def line(self, x1, y1, x2, y2, colour=INK, width=2, dashed=False):
        dash = ' stroke-dasharray="6 4"' if dashed else ""
        self.parts.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}" stroke-width="{width}"{dash}/>')

    def box(self, x, y, width, height, colour=INK, fill="none"):
        self.parts.append(f'<rect x="{x}" y="{y}" width="{width}" height="{height}" stroke="{colour}" fill="{fill}" stroke-width="2"/>')

    def text(self, x, y, words, colour=INK, anchor="start"):
        self.parts.append(f'<text x="{x}" y="{y}" fill="{colour}" text-anchor="{anchor}" font-family="sans-serif" font-size="14">{words}</text>')

    def save(self, name):
        width, height = self.size
        body = "\n".join(self.parts)
        (OUT / name).write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
                                f'height="{height}">\n<rect width="{width}" height="{height}" fill="white"/>\n{body}\n</svg>\n')


def slices(picture, x, y, count, step, skip=(), colour=FILL, length=140):
    for k in range(count):
        missing = k in skip
        picture.line(x, y + k * step, x + length, y + k * step, BAD if missing else colour, 3, missing)


def gap():
    p = Picture(640, 230)
    p.text(30, 24, "what the patient has, and what was exported")
    slices(p, 30, 45, 9, 18, skip=(3, 6))
    p.text(180, 103, "missing", BAD), p.text(180, 157, "missing", BAD)
    p.text(300, 24, "ITK: as many slices as files, stretched evenly", BAD)
    slices(p, 300, 45, 7, 24, colour=BAD)
    p.text(30, 220, "Naru rejects the stack and names both gaps, or fills or cuts them as the recipe says.", GOOD)
    p.save("gap.svg")


def spacing():
    p = Picture(640, 250)
    p.text(30, 24, "1.25 mm, then 2.5 mm")
    for k in range(6):
        p.line(30, 45 + k * 12, 170, 45 + k * 12, FILL, 3)
    for k in range(1, 6):
        p.line(30, 105 + k * 24, 170, 105 + k * 24, FILL, 3)
    p.text(300, 24, "ITK: one even spacing, each slice in a wrong place", BAD)
    slices(p, 300, 45, 11, 18, colour=BAD)
    p.text(30, 245, "Naru rejects it: variable_spacing, with the index after which the distance changes.", GOOD)
    p.save("variable-spacing.svg")


def tilt():
    p = Picture(760, 260)
    p.text(30, 24, "as acquired: slices drift")
    p.text(290, 24, "the shear dropped (ITK)", BAD)
    p.text(540, 24, "straightened (Naru)", GOOD)
    for k in range(7):
        y = 50 + 24 * k
        p.line(30 + 9 * k, y, 150 + 9 * k, y, FILL, 3)
        p.line(60 + 9 * k + 20, y - 4, 60 + 9 * k + 20, y + 4, INK, 4)
        p.line(290, y, 410, y, BAD, 3)
        p.line(340, y - 4, 340, y + 4, INK, 4)
        p.line(540, y, 714, y, "#bbbbbb", 3, True)
        p.line(540 + 9 * k, y, 660 + 9 * k, y, GOOD, 3)
        p.line(590 + 9 * k, y - 4, 590 + 9 * k, y + 4, INK, 4)
    p.text(30, 245, "The bar is one straight rod in the patient. Dashed: padding. The angle comes from positions, never from the tag.")
    p.save("tilt.svg")


def phases():
    p = Picture(640, 230)
    p.text(30, 24, "two images at every position")
    for k in range(6):
        y = 50 + 24 * k
        p.line(30, y - 3, 170, y - 3, FILL, 3)
        p.line(30, y + 3, 170, y + 3, "#e08214", 3)
    p.text(260, 24, "ITK: one volume of half the spacing", BAD)
    for k in range(12):
        p.line(260, 45 + 12 * k, 400, 45 + 12 * k, FILL if k % 2 == 0 else "#e08214", 3)
    p.text(500, 24, "Naru: 4-D", GOOD)
    for v, colour in enumerate((FILL, "#e08214")):
        for k in range(6):
            p.line(490 + 70 * v, 50 + 24 * k, 545 + 70 * v, 50 + 24 * k, colour, 3)
    p.text(30, 220, "Parted by b-value, trigger time, time, ...; x, y, z, t with the values of the axis.", GOOD)
    p.save("phases.svg")


def mosaic():
    p = Picture(640, 240)
    p.text(30, 24, "one mosaic image")
    for n in range(9):
        p.box(30 + 56 * (n % 3), 40 + 56 * (n // 3), 56, 56, INK, PALE if n < 7 else "white")
        p.text(58 + 56 * (n % 3), 73 + 56 * (n // 3), str(n) if n < 7 else "", anchor="middle")
    p.text(300, 24, "its slices, along the CSA normal", GOOD)
    for n in range(7):
        p.line(300, 50 + 22 * n, 440, 50 + 22 * n, GOOD, 3)
        p.text(455, 55 + 22 * n, str(n))
    p.text(30, 230, "Position = that of the mosaic's corner, moved by half of (mosaic - tile) along row and column.")
    p.save("mosaic.svg")


def split():
    p = Picture(640, 220)
    p.text(30, 24, "one series: a stack and its scout")
    slices(p, 30, 60, 7, 18)
    p.line(100, 40, 100, 190, BAD, 3)
    p.text(110, 50, "scout", BAD)
    p.text(300, 24, "ITK sorts the scout in between", BAD)
    slices(p, 300, 60, 8, 16, colour=BAD)
    p.text(520, 24, "Naru", GOOD)
    slices(p, 500, 60, 7, 18, colour=GOOD, length=100)
    p.text(30, 212, "Orientation, matrix, spacing, image type, echo, kernel and frame of reference split a series.", GOOD)
    p.save("localiser.svg")


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    for draw in (gap, spacing, tilt, phases, mosaic, split):
        draw()
