"""What Snowplow sample events have in common, by the name of the column."""

from __future__ import annotations

from loaders.samples.origins import HOST
from loaders.samples.visits import Action

APP_ID = "web-shop"
# Quotes and braces in a tab-separated field: nothing there is quoted or escaped.
CONTEXTS = (
    '{"schema":"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0","data":['
    '{"schema":"iglu:com.snowplowanalytics.snowplow/web_page/jsonschema/1-0-0","data":{"id":"{page_view}"}},'
    '{"schema":"iglu:com.example.shop/product/jsonschema/1-0-0","data":'
    '{"sku":"{sku}","note":"the \\"best\\""}}]}'
)
UNSTRUCT = (
    '{"schema":"iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0","data":'
    '{"schema":"iglu:com.example.shop/{name}/jsonschema/1-0-0","data":{"currency":"EUR"}}}'
)

COMMON = {
    "app_id": APP_ID,
    "platform": "web",
    "name_tracker": "sp",
    "v_tracker": "js-3.24.6",
    "v_collector": "ssc-3.2.0-kinesis",
    "v_etl": "snowplow-enrich-kinesis-5.1.0-common-5.1.0",
    "geo_timezone": "Etc/UTC",
    "page_urlscheme": "https",
    "page_urlhost": HOST,
    "page_urlport": "443",
    "br_lang": "en-GB",
    "br_features_pdf": "1",
    "br_cookies": "1",
    "br_colordepth": "24",
    "br_viewwidth": "1440",
    "br_viewheight": "789",
    "os_timezone": "Etc/UTC",
    "dvce_type": "Computer",
    "dvce_ismobile": "0",
    "dvce_screenwidth": "1920",
    "dvce_screenheight": "1080",
    "doc_charset": "UTF-8",
    "event_format": "jsonschema",
    "event_version": "1-0-0",
}
_PAGES = {
    Action.PAGE: ("/", "Home"),
    Action.SEARCH: ("/search", 'Search: "best" {0}'),
    Action.VIEW_PRODUCT: ("/products", "Product"),
    Action.ADD_TO_CART: ("/products", "Product"),
    Action.CHECKOUT: ("/checkout", "Checkout"),
    Action.PURCHASE: ("/thanks", "Thank you"),
    Action.SIGNUP: ("/signup", "Sign up"),
}
_UNSTRUCT_NAMES = {
    Action.ADD_TO_CART: "add_to_cart",
    Action.PURCHASE: "purchase",
    Action.SIGNUP: "signup",
}


def action_values(action: Action) -> dict[str, str]:
    """Return the columns that depend on what was done: page views, one struct and three own events."""
    path, title = _PAGES[action]
    page = {"page_url": f"https://{HOST}{path}", "page_title": title, "page_urlpath": path}
    if action in _UNSTRUCT_NAMES:
        name = _UNSTRUCT_NAMES[action]
        own = {"event": "unstruct", "event_vendor": "com.example.shop", "event_name": name}
        return {**page, **own, "unstruct_event": UNSTRUCT.replace("{name}", name)}
    vendor = {"event_vendor": "com.snowplowanalytics.snowplow"}
    if action == Action.SEARCH:
        search = {"se_category": "shop", "se_action": "search", "se_label": "all", "se_value": "3.5"}
        return {
            **page,
            "event": "struct",
            "event_name": "event",
            "event_vendor": "com.google.analytics",
            **search,
        }
    return {**page, **vendor, "event": "page_view", "event_name": "page_view"}
