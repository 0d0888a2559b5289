"""Bar charts as SVG, without a library: a group of bars for each input, one for each way."""

COLOURS = ("#888888", "#d1495b", "#edae49", "#00798c", "#30638e", "#6a994e", "#9d4edd", "#bbbbbb",
           "#003d5b")
ROW, GROUP_GAP, LEFT, WIDTH, TOP = 18, 26, 230, 460, 52


def bars(title, groups):
    """groups: input to (way to value); 1 is drawn as a line."""
    names = list(dict.fromkeys(way for ways in groups.values() for way in ways))
    largest = max([1.0] + [value for ways in groups.values() for value in ways.values()])
    largest = min(largest, 2.5)
    scale = WIDTH / largest
    parts, y = [], TOP
    for group, ways in groups.items():
        parts.append(text(8, y + ROW * len(ways) / 2 + 4, group, "bold"))
        for way, value in ways.items():
            width = min(value, largest) * scale
            colour = COLOURS[names.index(way) % len(COLOURS)]
            parts.append(text(LEFT - 8, y + 13, way, anchor="end"))
            parts.append(f'<rect x="{LEFT}" y="{y + 2}" width="{width:.1f}" height="{ROW - 4}" '
                         f'fill="{colour}"/>')
            more = " (cut)" if value > largest else ""
            parts.append(text(LEFT + width + 6, y + 13, f"{value:.2f}{more}"))
            y += ROW
        y += GROUP_GAP
    line = LEFT + scale
    parts.append(f'<line x1="{line:.1f}" y1="{TOP - 8}" x2="{line:.1f}" y2="{y - GROUP_GAP + 4}" '
                 'stroke="#444444" stroke-dasharray="3 3"/>')
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 110}" height="{y}" '
            'font-family="sans-serif" font-size="12">')
    background = '<rect width="100%" height="100%" fill="white"/>'
    return "\n".join([head, background, text(8, 24, title, "bold"), *parts, "</svg>", ""])


def text(x, y, words, weight="normal", anchor="start"):
    words = words.replace("&", "&amp;").replace("<", "&lt;")
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-weight="{weight}" text-anchor="{anchor}">'
            f"{words}</text>")
