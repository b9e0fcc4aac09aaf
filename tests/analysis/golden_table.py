"""How near our numbers are to R's, by function, as a markdown table.

To print it: python -m tests.analysis.golden_table
"""

from __future__ import annotations

from tests.analysis.golden import GROUPS, REFERENCE, distance


def table() -> list[tuple[str, int, float]]:
    """Function, values compared and the largest difference, in the order of `golden.GROUPS`."""
    found: dict[str, list[float]] = {}
    for pairs in GROUPS:
        for function, _, ours, theirs in pairs():
            found.setdefault(function, []).append(distance(ours, theirs))
    return [(function, len(distances), max(distances)) for function, distances in found.items()]


def main() -> None:
    """Print the table, and which R it was made with."""
    print(f"{REFERENCE['r_version']}, survival {REFERENCE['survival_version']}\n")
    print("| function | values compared | largest difference |\n|---|---:|---:|")
    rows = table()
    for function, count, largest in rows:
        name, _, kind = function.partition(" ")
        print(f"| {f'`{name}` {kind}'.strip()} | {count} | {largest:.1e} |")
    print(f"| all | {sum(row[1] for row in rows)} | {max(row[2] for row in rows):.1e} |")


if __name__ == "__main__":
    main()
