"""The page's theme: system fonts, paper and ink, one accent."""

from gradio.themes import Base, sizes
from gradio.themes.utils.colors import Color

_PINE = Color(
    c50="#eef7f4", c100="#d5ece5", c200="#addacd", c300="#7cc1b0", c400="#4ca592", c500="#2d8876",
    c600="#1f6e60", c700="#1b584e", c800="#194740", c900="#163b36", c950="#0a211e", name="pine",
)  # fmt: skip
_STONE = Color(
    c50="#faf8f4", c100="#f3f0e9", c200="#e6e1d6", c300="#d1cabc", c400="#a39c8e", c500="#777166",
    c600="#5a554c", c700="#3c3a35", c800="#262724", c900="#1c1d1b", c950="#131412", name="stone",
)  # fmt: skip
TEXT = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif")
MONO = ("ui-monospace", "SF Mono", "Menlo", "Consolas", "Liberation Mono", "monospace")


def theme() -> Base:
    """The theme; its fonts are the reader's own, so that nothing is fetched."""
    return Base(
        primary_hue=_PINE,
        secondary_hue=_PINE,
        neutral_hue=_STONE,
        font=TEXT,
        font_mono=MONO,
        radius_size=sizes.radius_lg,
    ).set(
        body_background_fill="#faf8f4",
        body_background_fill_dark="#141614",
        body_text_color="#23241f",
        body_text_color_dark="#ecebe4",
        body_text_color_subdued="#68645a",
        body_text_color_subdued_dark="#a5a79d",
        background_fill_primary="#fffefb",
        background_fill_primary_dark="#1c1f1c",
        background_fill_secondary="#f3f0e8",
        background_fill_secondary_dark="#191b19",
        border_color_primary="#e4dfd3",
        border_color_primary_dark="#313530",
        block_background_fill="#fffefb",
        block_background_fill_dark="#1c1f1c",
        color_accent="#1f6e60",
        slider_color_dark="#7cc9b6",
        input_background_fill="#fffefb",
        input_background_fill_dark="#1c1f1c",
        link_text_color="#1b584e",
        link_text_color_dark="#7cc1b0",
    )
