"""In the dark a figure is no bright card, Q, K and V keep their hues, and its labels can be read: measured on pixels."""

from __future__ import annotations

import base64
import colorsys
import importlib.util
import io
from pathlib import Path

import numpy as np
import pytest

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
Image = pytest.importorskip("PIL.Image")
pytestmark = pytest.mark.usefixtures("site_folder")
PAGES = ["book/self_attention/masks.html", "book/positions/sinusoidal.html", "book/variants/vit.html"]


def light(pixels: np.ndarray) -> np.ndarray:
    """Relative luminance, as WCAG has it."""
    part = pixels[..., :3] / 255
    return np.where(part <= 0.03928, part / 12.92, ((part + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)


def contrast(pixels: np.ndarray) -> float:
    """Of a label, the pixel farthest from the ground, which is what most pixels are."""
    shades = light(pixels.reshape(-1, pixels.shape[-1]))
    ground = np.median(shades)
    label = shades[np.argmax(np.abs(np.log((shades + 0.05) / (ground + 0.05))))]
    return (max(label, ground) + 0.05) / (min(label, ground) + 0.05)


def drawn(colours: list[str] | None = None):
    """A PNG and the pixel boxes in it: cells of a heat map with numbers from 0 to 1, or patches of these colours."""
    import matplotlib.pyplot as plt

    from attnlab import plots

    table = np.linspace(0, 1, 16).reshape(4, 4)
    ax = plots.heatmap(table)
    if colours:
        for at, colour in enumerate(colours):
            ax.add_patch(plt.Rectangle((at % 4 - 0.5, at // 4 - 0.5), 1, 1, color=colour, zorder=9))
    ax.figure.canvas.draw()
    high = ax.figure.canvas.get_width_height()[1]
    corners = [ax.transData.transform([(x - 0.42, y + 0.42), (x + 0.42, y - 0.42)]) for y in range(4) for x in range(4)]
    boxes = [(int(a[0]), int(high - b[1]), int(b[0]), int(high - a[1])) for a, b in corners]
    file = io.BytesIO()
    ax.figure.savefig(file, dpi=ax.figure.dpi)
    plt.close(ax.figure)
    return file.getvalue(), boxes


@pytest.fixture
def shown(browser, site_url):
    """`shown(png, theme)` is what a reader sees of it in a chapter, as pixels."""
    with browser.new_context(viewport=conftest.DESKTOP, reduced_motion="reduce") as context:
        page = conftest.watch(context, site_url)
        conftest.visit(page, f"{site_url}/{PAGES[1]}")

        def look(png: bytes, theme: str) -> np.ndarray:
            page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            page.evaluate("""async (data) => {
                const figure = document.createElement("figure"), image = new Image();
                image.style.maxWidth = "none"; image.style.borderRadius = 0;
                figure.id = "tried"; image.src = data; figure.append(image);
                document.getElementById("tried")?.remove();
                document.querySelector(".bd-article h1").after(figure);
                await image.decode();
            }""", f"data:image/png;base64,{base64.b64encode(png).decode()}")
            return np.asarray(Image.open(io.BytesIO(page.locator("#tried img").screenshot())).convert("RGB"), float)

        yield look


def test_numbers_on_cells_can_be_read_as_well_as_in_the_light(shown):
    png, boxes = drawn()
    found = {theme: [contrast(shown(png, theme)[top:foot, left:right]) for left, top, right, foot in boxes] for theme in ("light", "dark")}
    for bright, dark in zip(found["light"], found["dark"]):
        assert dark >= min(4.5, 0.8 * bright), found


def test_axes_and_labels_beside_the_cells_can_be_read(shown):
    png, boxes = drawn()
    left = min(box[0] for box in boxes)
    assert contrast(shown(png, "dark")[:, : left - 12]) >= 4.5


def test_queries_keys_and_values_keep_their_hues(shown):
    from attnlab.plots import KEY, QUERY, VALUE, WEIGHT

    png, boxes = drawn([QUERY, KEY, VALUE, WEIGHT])
    pixels = shown(png, "dark")
    for (left, top, right, foot), colour in zip(boxes, (QUERY, KEY, VALUE, WEIGHT)):
        seen = pixels[(top + foot) // 2, (left + right) // 2] / 255
        meant = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
        apart = abs(colorsys.rgb_to_hls(*seen)[0] - colorsys.rgb_to_hls(*meant)[0])
        assert min(apart, 1 - apart) < 0.085, (colour, seen * 255)
        assert (light(seen * 255) + 0.05) / (light(np.array([0x16, 0x17, 0x1b])) + 0.05) >= 4.5, colour


@pytest.mark.parametrize("path", PAGES)
def test_no_figure_is_a_bright_card(page, site_url, path):
    page.add_init_script("localStorage.setItem('theme', 'dark'); localStorage.setItem('mode', 'dark')")
    conftest.visit(page, f"{site_url}/{path}")
    page.add_style_tag(content="* { content-visibility: visible !important } .cover { display: none !important } .bd-article figure, .bd-article .cell_output { visibility: visible !important }")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).slice(0, 3).map(Number)")
    images = [one for one in page.locator(".bd-article figure img").all() if one.is_visible()][:3]
    assert images
    for image in images:
        image.scroll_into_view_if_needed()
        page.wait_for_function("one => one.complete && one.naturalWidth", arg=image.element_handle())
        pixels = np.asarray(Image.open(io.BytesIO(image.screenshot())).convert("RGB"), float)
        assert np.abs(np.median(pixels[4:14], axis=(0, 1)) - ground).max() < 14
        assert light(pixels).mean() < 0.4
