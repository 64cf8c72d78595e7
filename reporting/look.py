"""Colours of the report. Marks are readable on the light and on the dark ground (3:1), so both share them."""

from __future__ import annotations

from typing import Any

from plotly import graph_objects as go

LIGHT_GROUND = "#ffffff"
DARK_GROUND = "#171b22"
LIGHT_TEXT = "#1d2430"
DARK_TEXT = "#e6e9ef"
MARKS = ("#3f7fd0", "#c7622b", "#2a9170", "#b0589e", "#8c7a1f", "#7a6fd0", "#5f8a3a", "#c04f66")
GREY = "#7d8694"
STATUS_MARKS = {
    "loaded": MARKS[2],
    "incomplete": MARKS[4],
    "orphan": MARKS[1],
    "rejected": MARKS[7],
    "skipped": GREY,
}
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"


def faint(colour: str) -> str:
    """Return the colour so thin that text on it can be read on either ground."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.28)"


def themes() -> dict[str, Any]:
    """Return a layout template for each theme; figures name no colour of the ground or of text themselves."""
    return {
        "light": _template(LIGHT_GROUND, LIGHT_TEXT, "#e3e7ee", ["#eef3fb", "#9dbfe9", "#3f7fd0", "#173f78"]),
        "dark": _template(DARK_GROUND, DARK_TEXT, "#2f3642", ["#1e2631", "#28538c", "#4f8fe0", "#cfe2fb"]),
    }


def _template(ground: str, text: str, line: str, scale: list[str]) -> dict[str, Any]:
    axis = {
        "gridcolor": line,
        "linecolor": line,
        "zerolinecolor": line,
        "automargin": True,
        "title": {"font": {"size": 13}},
    }
    template = go.layout.Template(
        layout={
            "paper_bgcolor": ground,
            "plot_bgcolor": ground,
            "font": {"color": text, "family": FONT, "size": 13},
            "colorway": list(MARKS),
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {"bgcolor": ground, "bordercolor": GREY, "font": {"color": text, "family": FONT}},
            "coloraxis": {
                "colorscale": [[index / (len(scale) - 1), colour] for index, colour in enumerate(scale)],
                # Above, where it takes no width away from a phone.
                "colorbar": {
                    "outlinewidth": 0,
                    "thickness": 10,
                    "orientation": "h",
                    "len": 0.6,
                    "x": 0,
                    "xanchor": "left",
                    "y": 1,
                    "yanchor": "bottom",
                },
            },
        },
        data={
            "sankey": [
                {
                    "node": {"line": {"width": 0}},
                    "textfont": {"color": text},
                }
            ]
        },
    )
    return dict(template.to_plotly_json())
