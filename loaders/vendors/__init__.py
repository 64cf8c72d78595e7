"""What each vendor delivers, what vouches for it, and how it lands."""

from __future__ import annotations
