"""Where the sampled people come from: the page before the first one, and the campaign of the link."""

from __future__ import annotations

from dataclasses import dataclass

from loaders.samples.visits import Visit

HOST = "shop.example"


@dataclass(frozen=True, slots=True)
class Origin:
    """The page before the first one, and the campaign of the link; empty texts for none."""

    referrer: str = ""
    source: str = ""
    medium: str = ""
    campaign: str = ""

    @property
    def query(self) -> str:
        """Return the campaign as the query of an address."""
        if not self.source:
            return ""
        return f"?utm_source={self.source}&utm_medium={self.medium}&utm_campaign={self.campaign}"


ORIGINS = (
    Origin(),
    Origin("https://www.google.com/"),
    Origin("https://www.google.com/", "google", "cpc", "spring-sale"),
    Origin("https://forum.example.org/t/best-shops"),
    Origin("", "letter", "email", "news-01"),
    Origin("https://www.linkedin.com/"),
    Origin("https://duckduckgo.com/"),
)


def origin_of(visit: Visit) -> int:
    """Return the number of the visit's origin: most come back without one."""
    return 0 if visit.number % 3 == 0 else (visit.visitor * 5 + visit.number) % len(ORIGINS)
