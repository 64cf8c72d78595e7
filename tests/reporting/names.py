"""Names of events as somebody with bad intentions would send them."""

from __future__ import annotations

HOSTILE_NAMES = (
    "</script><script>window.hit = 1</script>",
    "<img src=x onerror='window.hit = 1'>",
    '"><svg onload="window.hit = 1">',
    "<a href='javascript:window.hit = 1'>press</a>",
    "<a href='https://example.com/'>press</a>",
    "<!--<script>",
    "]]></style></title><h1>big</h1>",
    "' onmouseover='window.hit = 1",
    "{{ 7 * 7 }}{% raw %}",
    "%{customdata} $\\frac{1}{2}$ &lt;b&gt; &#60;b&#62;",
    "__proto__",
    "2026-01-01",
)
# Short enough to stand whole on an axis, where a chart would make something of them.
MARKUP_NAMES = ("<b>bold</b>", '<a href="//a.b">c</a>', "<i>&amp;</i>", "$a$ $b$", "&#60;i&#62;", "x<br>y")
