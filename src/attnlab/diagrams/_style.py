"""The one style of all drawings: colours from the host's theme with fallbacks, and which layout is shown.

Sites set --ink, --paper, --q and so on; JupyterLab and other notebooks have names of their own; a page with neither gets the
light colours.
"""

from __future__ import annotations

# name -> variables of hosts, and what stands in for them: in light, in dark
COLOURS = {
    "ink": (("ink", "jp-content-font-color0", "vscode-foreground"), "#24211c", "#e6e2d9"),
    "page": (("paper", "jp-layout-color0", "vscode-editor-background"), "#ffffff", "#16171b"),
    "q": (("q",), "#0072b2", "#56b4e9"),
    "k": (("k",), "#d55e00", "#ff9e4a"),
    "v": (("v",), "#009e73", "#3dd6a8"),
    "weight": (("accent",), "#5a3d8f", "#c4b0f2"),
    "tq": (("q-text",), "#00639c", "#6cc0f0"),
    "tk": (("k-text",), "#a94a00", "#ffac63"),
    "tv": (("v-text",), "#00734f", "#4fdcb1"),
}
# kind -> (colour, percent of it in the fill, the rest being page), and the colour of the frame
FILLS = {"plain": ("ink", 4), "frame": ("ink", 0), "quiet": ("ink", 0), "strong": ("ink", 16), "q": ("q", 14), "k": ("k", 14),
         "v": ("v", 14), "weight": ("weight", 12), "w1": ("weight", 10), "w2": ("weight", 26), "w3": ("weight", 52),
         "w4": ("weight", 86), "lit": ("weight", 100), "q2": ("q", 62), "k2": ("k", 62), "v2": ("v", 62), "dot": ("ink", 100), "blank": ("page", 100)}  # fmt: skip
FRAMES = {"plain": ("ink", 55), "frame": ("ink", 24), "quiet": ("ink", 50), "strong": ("ink", 55), "dot": ("ink", 70)}
INKS = {"lit": "page", "w4": "page"}  # the colour of the text in a kind, where it is not ink
SOFT = 78  # percent of ink in what is quiet
SWITCH = 640  # pixels: the layout for a wide column is shown from here on, so that it is never made smaller
DARK = ':is(html[data-theme="dark"],body[data-jp-theme-light="false"],body.vscode-dark)'


def _variable(name: str, dark: bool) -> str:
    hosts, *stand_in = COLOURS[name]
    value = stand_in[dark]
    for host in reversed(hosts):
        value = f"var(--{host},{value})"
    return f"--d-{name}:{value}"


def mix(colour: str, percent: int) -> str:
    """A colour thinned with that of the page."""
    if percent == 0:
        return "none"
    return f"var(--d-{colour})" if percent == 100 else f"color-mix(in srgb,var(--d-{colour}) {percent}%,var(--d-page))"


def _kinds() -> str:
    rules = []
    for kind, (colour, percent) in FILLS.items():
        frame = mix(*FRAMES.get(kind, (colour, 100)))
        rules.append(f".dg .f-{kind}{{fill:{mix(colour, percent)};stroke:{frame}}}")
    rules += [f".dg .t-{kind}{{fill:var(--d-{ink})}}" for kind, ink in INKS.items()]
    for kind in ("q", "k", "v", "weight"):
        rules.append(f".dg .a-{kind}{{stroke:var(--d-{kind})}}.dg .h-{kind}{{fill:var(--d-{kind})}}")
    rules += [f".dg .{one}{{fill:var(--d-{one})}}" for one in ("tq", "tk", "tv")]
    return "".join(rules)


def style() -> str:
    """The style sheet, in one line."""
    light = ";".join(_variable(name, False) for name in COLOURS)
    dark = ";".join(_variable(name, True) for name in COLOURS)
    soft = mix("ink", SOFT)
    return (
        f".dg{{container-type:inline-size;max-width:44rem;margin:1.2rem 0;{light}}}"
        f"@media screen{{{DARK} .dg{{{dark}}}}}"
        "@media (forced-colors:active){.dg.dg{--d-ink:CanvasText;--d-page:Canvas}}"
        "@media print{.dg.dg{--d-ink:#000;--d-page:#fff;break-inside:avoid}}"
        ".dg>p{display:none}.dg>div[hidden]{display:block!important}.dg svg{display:block;width:100%;height:auto;margin:0 auto;overflow:visible}.dg .narrow{max-width:26rem}"
        ".dg .wide{display:none}"
        f"@container (min-width:{SWITCH}px){{.dg .wide{{display:block}}.dg .narrow{{display:none}}}}"
        ".dg text{font-family:var(--sans,system-ui,'Segoe UI',Roboto,Arial,sans-serif);fill:var(--d-ink);stroke:none}"
        ".dg .i{font-family:var(--serif,Georgia,'Times New Roman',serif);font-style:italic}"
        ".dg .o{text-decoration:overline}.dg .x{font-family:var(--serif,Georgia,'Times New Roman',serif)}"
        f".dg .b{{font-weight:650}}.dg .s{{fill:{soft}}}.dg .f{{stroke-width:1.4}}.dg .f-quiet{{stroke-dasharray:4 3}}"
        f".dg .grid{{fill:none;stroke-width:.8;opacity:.55}}.dg .a{{fill:none;stroke:{mix('ink', 66)};stroke-linecap:round}}"
        f".dg .a-quiet{{stroke-dasharray:1 5}}.dg .h{{fill:{mix('ink', 66)};stroke:none}}{_kinds()}"
        "@media screen{.dg a[href] .b{fill:var(--d-weight)}.dg a[href]:is(:hover,:focus) .f{stroke:var(--d-weight);stroke-width:2.6}}"
        ".dg.dg.dg a{text-decoration:none}"
    )
