"""RudderStack dumps, staging files and table rows."""

from __future__ import annotations
