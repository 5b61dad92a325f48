"""Drawings in SVG, the same bytes for the same numbers. Only the standard library is needed."""
import math
import xml.sax.saxutils

INK, GOOD, BAD, FILL, PALE = "#333333", "#1b7837", "#b2182b", "#2166ac", "#dddddd"
SERIES = (FILL, "#e08214", GOOD, BAD)
ROW, LEFT, WIDTH, TOP = 26, 430, 930, 56


def short(value):
    """Three figures, no exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


class Picture:
    def __init__(self, width, height):
        self.size, self.parts = (width, height), []

    def line(self, x1, y1, x2, y2, colour=INK, width=1, dash=""):
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
                          f'stroke-width="{width}"{dashed}/>')

    def bar(self, x, y, width, height, colour):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>')

    def dot(self, x, y, colour):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>')

    def text(self, x, y, words, colour=INK, anchor="start", size=13):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}" font-family="sans-serif" '
                          f'font-size="{size}">{xml.sax.saxutils.escape(words)}</text>')

    def svg(self):
        width, height = self.size
        body = "\n".join(self.parts)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">\n'
                f'<rect width="{width}" height="{height}" fill="white"/>\n{body}\n</svg>\n')


def ratios(title, rows):
    """Bars on a logarithmic scale. @param rows label and ratio; below 1 is drawn to the left, in red"""
    low = min(1.0, *(10 ** math.floor(math.log10(ratio)) for _, ratio in rows))
    high = max(10.0, *(10 ** math.ceil(math.log10(ratio)) for _, ratio in rows))
    picture = Picture(WIDTH, TOP + ROW * len(rows) + 16)
    picture.text(16, 24, title, size=15)

    def place(ratio):
        return LEFT + (WIDTH - LEFT - 70) * math.log(ratio / low) / math.log(high / low)

    for power in range(round(math.log10(low)), round(math.log10(high)) + 1):
        x = place(10**power)
        picture.line(x, TOP - 6, x, TOP + ROW * len(rows), INK if power == 0 else PALE)
        picture.text(x, TOP - 12, short(10**power), anchor="middle", size=11)
    for row, (label, ratio) in enumerate(rows):
        y, begin, end = TOP + ROW * row, min(place(ratio), place(1)), max(place(ratio), place(1))
        picture.text(LEFT - 10, y + 16, label, anchor="end", size=12)
        picture.bar(begin, y + 4, end - begin, ROW - 8, FILL if ratio >= 1 else BAD)
        picture.text(end + 6, y + 16, f"{short(ratio)} ×", size=12)
    return picture.svg()


def roof(title, rows):
    """Bars of GB/s under the copy bandwidth measured in turn with each. @param rows label, GB/s, GB/s of a copy"""
    high = 1.1 * max(max(rate, copy) for _, rate, copy in rows)
    picture = Picture(WIDTH, TOP + ROW * len(rows) + 16)
    picture.text(16, 24, title, size=15)
    scale = (WIDTH - LEFT - 150) / high
    for row, (label, rate, copy) in enumerate(rows):
        y = TOP + ROW * row
        picture.text(LEFT - 10, y + 16, label, anchor="end", size=12)
        picture.bar(LEFT, y + 4, rate * scale, ROW - 8, FILL)
        picture.line(LEFT + copy * scale, y, LEFT + copy * scale, y + ROW, BAD, 2)
        picture.text(LEFT + max(rate, copy) * scale + 8, y + 16, f"{short(rate)} of {short(copy)}", size=12)
    return picture.svg()


def curves(title, x_name, series):
    """Lines on logarithmic scales, each from its own first value, with the line of proportion dashed.
    @param series name, xs, ys; all xs begin with the same value"""
    width, height, left, top, side = 480, 460, 70, 50, 360
    picture = Picture(width, height)
    picture.text(16, 24, title, size=15)
    x_most = max(x / xs[0] for _, xs, _ in series for x in xs)
    y_most = max(x_most, *(y / ys[0] for _, _, ys in series for y in ys))

    def place(x, y):
        return (left + side * math.log(x) / math.log(x_most), top + side - side * math.log(y) / math.log(y_most))

    picture.line(left, top + side, left + side, top + side)
    picture.line(left, top, left, top + side)
    picture.line(*place(1, 1), *place(x_most, x_most), PALE, 2, "6 4")
    for power in range(int(math.log2(x_most)) + 1):
        x, y = place(2**power, 2**power)
        picture.text(x, top + side + 18, f"× {2**power}", anchor="middle", size=11)
        picture.text(left - 8, y + 4, f"× {2**power}", anchor="end", size=11)
    picture.text(left + side / 2, top + side + 38, x_name, anchor="middle")
    for number, (name, xs, ys) in enumerate(series):
        colour = SERIES[number % len(SERIES)]
        points = [place(x / xs[0], max(y / ys[0], 1)) for x, y in zip(xs, ys)]
        for begin, end in zip(points, points[1:]):
            picture.line(*begin, *end, colour, 2)
        for point in points:
            picture.dot(*point, colour)
        picture.text(left + 16, top + 14 + 18 * number, name, colour, size=12)
    return picture.svg()
