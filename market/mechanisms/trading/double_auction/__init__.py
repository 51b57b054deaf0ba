"""The double auction: an order book with continuous trade, or a call with one price.

Entry point: `DoubleAuction`. Read limits (what a lot is worth), traders (what they say), book (the loop over
quotes), call and sealed (one price), yardsticks and evidence (how good it was), then mechanism.
To add a kind of trader: its word in `traders.KINDS`, its quotes there, and the word in `mechanism.Kind`.
"""

from market.mechanisms.trading.double_auction.book import Book
from market.mechanisms.trading.double_auction.mechanism import DoubleAuction

__all__ = ["Book", "DoubleAuction"]
