"""Numbers as a C++ array, for the scripts that write golden headers."""


def array(kind, name, values, form):
    lines, line = [], ""
    for text in (form.format(v) + "," for v in values):
        if len(line) + len(text) > 110:
            lines.append(line)
            line = ""
        line += " " + text
    return f"inline constexpr std::array<{kind}, {len(values)}> {name} = {{\n   " + "\n   ".join(lines + [line]) + "\n};\n"
