"""Helpers for tests of figures: small comparisons, and lines and texts of an axes by their labels."""

from __future__ import annotations

import numpy as np

import market


def compared(text, *mechanisms):
    return market.compare(market.loads(text), list(mechanisms) or None)


def line(ax, label):
    """Return the points of the one line with a label, (points, 2)."""
    [found] = [each for each in ax.get_lines() if each.get_label() == label]
    return np.stack(found.get_data(), axis=1).astype(float)


def words(ax):
    """Return every text on an axes."""
    ax.figure.draw_without_rendering()
    legend = ax.get_legend()
    written = [text.get_text() for text in ax.texts]
    return written + ([text.get_text() for text in legend.get_texts()] if legend else [])


def exchange(ann, bob, ann_owns, bob_owns, mechanisms=("autarky", "prices")):
    """Return a scenario: Ann and Bob exchange bread and wine; utilities in TOML, endowments as pairs."""
    known = {
        "autarky": '{ name = "autarky", kind = "unmediated", game = "autarky" }',
        "prices": '{ name = "prices", kind = "auctioneer" }',
        "planner": '{ name = "planner", kind = "planner" }',
    }
    own = "endowment = {{ bread = {}, wine = {} }}"
    return f"""
        schema = 1
        economy = "exchange"
        goods = ["bread", "wine"]
        agents = [
          {{ name = "ann", {own.format(*ann_owns)}, utility = {ann} }},
          {{ name = "bob", {own.format(*bob_owns)}, utility = {bob} }},
        ]
        mechanisms = [{", ".join(known[name] for name in mechanisms)}]
    """


def utility(family, bread, wine, more=""):
    return f'{{ family = "{family}", weights = {{ bread = {bread}, wine = {wine} }}{more} }}'


COBB_DOUGLAS = exchange(
    utility("cobb_douglas", 0.4, 0.6), utility("cobb_douglas", 0.5, 0.5), (9.0, 1.0), (1.0, 4.0)
)


def divided(economy, x):
    """Both bundles when agent 1 has x."""
    return np.stack([x, economy.resources - x])
