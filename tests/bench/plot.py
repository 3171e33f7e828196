#!/usr/bin/python3
"""Draws the curves that growth_bench and turns_bench print (lines of JSON) as one SVG, a panel for each panel and measures.

    growth_bench | plot.py OUT.svg
"""

import json
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from matplotlib.ticker import EngFormatter

COLUMNS = 3
TURN_MAX = 0.010  # seconds; no turn of the loop is to be longer


def read(lines):
    """(panel, measures) -> curve -> [(size, value)], all in the order of the lines."""
    panels = {}
    for line in lines:
        point = json.loads(line)
        if point["nanoseconds"] == 0:  # nothing happened, and a logarithmic axis has no place for it
            continue
        curves = panels.setdefault((point["panel"], point["measures"]), {})
        curves.setdefault(point["curve"], []).append((point["size"], point["nanoseconds"] / 1e9))
    return panels


def draw(axes, panel, measures, curves):
    for curve, points in curves.items():
        axes.plot(*zip(*sorted(points)), marker=".", markersize=4, linewidth=1, label=curve)
    sizes = [size for points in curves.values() for size, _ in points]
    values = [value for points in curves.values() for _, value in points]
    axes.set_xscale("symlog" if 0 in sizes else "log", **({"linthresh": 1} if 0 in sizes else {}))
    axes.set_yscale("log")
    if measures == "longest turn":
        axes.axhline(TURN_MAX, color="grey", linestyle="--", linewidth=1)
    else:  # a decade at least, so that what is flat looks flat
        axes.set_ylim(min(min(values) / 2, 100e-9), max(max(values) * 2, 10e-6))
    axes.minorticks_off()
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.yaxis.set_major_formatter(EngFormatter("s"))
    axes.set_title(panel, fontsize=10)
    axes.set_ylabel(measures, fontsize=8)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=6)


def main():
    panels = read(sys.stdin)
    order = list(dict.fromkeys(measures for _, measures in panels))  # what is measured alike goes together
    ordered = sorted(panels.items(), key=lambda item: order.index(item[0][1]))
    rows = -(-len(ordered) // COLUMNS)
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "pocketmq", "font.family": "sans-serif"})
    figure, grid = plt.subplots(rows, COLUMNS, figsize=(5 * COLUMNS, 3.6 * rows), squeeze=False)
    for axes in grid.flat[len(ordered):]:
        axes.remove()
    for axes, ((panel, measures), curves) in zip(grid.flat, ordered):
        draw(axes, panel, measures, curves)
    figure.tight_layout()
    figure.savefig(sys.argv[1], metadata={"Date": None})


if __name__ == "__main__":
    main()
