"""Tables in Markdown of what was measured, and the words in them."""
from speed import operations, picture


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def ms(value):
    return f"{value:.0f} ms" if value >= 100 else f"{value:.3g} ms"


def times(row):
    return f"{picture.short(row['times_faster'])} ×"


def done(rows):
    """The rows that were run, those of operations in the order of their table."""
    names = [case.name for case in operations.CASES]
    ordered = sorted(rows.items(), key=lambda row: names.index(row[0]) if row[0] in names else len(names))
    return [(name, row) for name, row in ordered if "ms" in row]


def beside(row):
    """The peers of a row, in the order of the table."""
    names = [peer.name for case in operations.CASES for peer in case.peers]
    return sorted(row["peers"].items(), key=lambda peer: names.index(peer[0]) if peer[0] in names else len(names))


def difference(case, peer):
    if case.startswith("labels"):
        return f"{100 * peer['differing_share']:.2g} % of labels"
    if peer["max_difference"] == 0:
        return "none"
    is_kept = peer["max_difference_allowed"] is None or peer["max_difference"] <= peer["max_difference_allowed"]
    return f"{peer['max_difference']:.1e}" + ("" if is_kept else " **more than allowed**")


def peer_name(name, peer, threads):
    return name + ("¹" if peer["threads"] < threads else "") + (f" ({peer['runs']} runs)" if peer["runs"] < 5 else "")


def slices_table(rows):
    measured = done(rows)
    if not measured:
        return ""
    head = ["slices of 512 × 512", *(str(count) for count in measured[0][1]["slices"]), "off proportion by at most"]
    cells = [[name, *(ms(one) for one in row["ms"]), f"{row['most_off_linear_percent']:.0f} %"] for name, row in measured]
    return "Time against slices; proportion is the median time a slice:\n\n" + table(head, cells)


def threads_table(rows):
    measured = done(rows)
    if not measured:
        return ""
    head = ["threads", *(str(count) for count in measured[0][1]["threads"])]
    cells = [[name, *(f"{ms(one)} ({faster:.2f} ×)" for one, faster in zip(row["ms"], row["times_faster"]))]
             for name, row in measured]
    return "\nTime against threads:\n\n" + table(head, cells)


def studies_table(row):
    if "ms" not in row:
        return ""
    cells = [[str(count), f"{one:.0f} ms", f"{one / count:.0f} ms", f"{peak / 2**20:.0f} MiB"]
             for count, one, peak in zip(row["studies"], row["ms"], row["peak_bytes"])]
    return f"""
Studies in one `naru prepare` ({row['study']}); memory is the greatest resident size, and grows by
{row['peak_bytes_a_study'] / 2**20:.2f} MiB a study:

{table(["studies", "time", "time a study", "memory"], cells)}"""
