"""A story of three deliveries in which every vendor replaces, redelivers, corrects and withdraws."""

from __future__ import annotations

from typing import Any

from tests.incremental.exports import (
    at,
    identify,
    leanplum_session,
    monetate_session,
    pendo_event,
    snowplow_event,
    track,
    write_enriched,
    write_job,
    write_stream,
    write_tracks,
)
from tests.incremental.warehouse import Warehouse
from tests.loaders.leanplum_delivery import OTHER_UUID, UUID
from tests.loaders.pendo_delivery import FIRST_DAY, SECOND_DAY, Delivery, period


class History:
    """Writes and loads the deliveries of one warehouse, in order."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.pendo = Delivery(warehouse.landing("pendo"))

    def load_first(self) -> None:
        """Ordinary deliveries of all vendors."""
        self._tracks(
            "first",
            track("tablet-1", at("10:00"), "tablet"),
            track("tablet-2", at("10:10"), "tablet"),
            track("phone-1", at("10:25"), "phone"),
            track("phone-2", at("10:40"), "phone"),
            track("bo-1", at("10:00"), "desk", "bo"),
            track("bo-2", at("10:50"), "desk", "bo"),
            track("cy-1", at("10:00"), "watch", "cy", received=at("10:05")),
            track("pod-1", at("10:00"), "pod"),
            track("box-1", at("10:00"), "box"),
            identify("box-owner", at("10:01"), "box", "flo"),
        )
        self._tracks(
            "changed",
            track("dee-1", at("10:00"), "tv", "dee"),
            track("dee-2", at("10:10"), "tv", "dee"),
        )
        self._pendo(
            1,
            period(
                FIRST_DAY,
                all_events=self.pendo.all_events(
                    1,
                    pendo_event("ann-1", "ann", FIRST_DAY, "09:00"),
                    pendo_event("ann-2", "ann", FIRST_DAY, "09:10"),
                    pendo_event("ben-1", "ben", FIRST_DAY, "09:00"),
                    pendo_event("dan-1", "dan", FIRST_DAY, "08:00"),
                ),
            ),
        )
        # In a load of its own, so that it stays as it is when the first day is replaced.
        self._pendo(
            2,
            period(
                SECOND_DAY,
                all_events=self.pendo.all_events(
                    2,
                    pendo_event("ann-3", "ann", SECOND_DAY, "09:00"),
                    pendo_event("dan-1", "dan", SECOND_DAY, "08:30", type="guide"),
                ),
            ),
        )
        self._job(
            UUID,
            "20240301",
            leanplum_session("1", "ada", "device-1", {"open": at("10:00"), "buy": at("10:05")}),
            leanplum_session("2", "bob", "device-2", {"open": at("11:00")}),
        )
        self._stream(
            "10:00",
            monetate_session("m1", "guest-1", {51001: at("10:01")}, ended=at("10:05"), is_closed="f"),
        )
        self._stream(
            "10:15",
            monetate_session("m2", "guest-2", {51001: at("10:16")}, ended=at("10:17")),
            monetate_session("m3", "guest-3", {51001: at("10:18")}, ended=at("10:19")),
        )
        self._enriched(
            "first",
            snowplow_event("e1", "s1", at("10:00")),
            snowplow_event("e2", "s1", at("10:10")),
            snowplow_event("long-1", "s2", at("12:00")),
            snowplow_event("long-2", "s2", at("11:00", day=4)),
        )
        self.warehouse.load("rudderstack", "pendo", "leanplum", "monetate", "snowplow")

    def load_second(self) -> None:
        """Each vendor's way to correct what it delivered before."""
        # One login joins two devices, another event was only late, one was received before its duplicate.
        self._tracks(
            "second",
            track("tablet-login", at("18:00"), "tablet", "ada"),
            track("phone-login", at("18:05"), "phone", "ada"),
            track("bo-late", at("10:25"), "desk", "bo"),
            track("cy-1", at("10:02"), "watch", "cy", event="Bought", received=at("10:01")),
            identify("pod-owner", at("19:00"), "pod", "eve"),
        )
        self._tracks(
            "changed",
            track("dee-2", at("10:10"), "tv", "dee"),
            track("dee-3", at("10:20"), "tv", "dee"),
        )
        # The unfinalised day again: one event as it was, one at another time, two gone, one new.
        self._pendo(
            3,
            period(
                FIRST_DAY,
                all_events=self.pendo.all_events(
                    3,
                    pendo_event("ann-1", "ann", FIRST_DAY, "09:00"),
                    pendo_event("ann-2", "ann", FIRST_DAY, "09:45"),
                    pendo_event("cat-1", "cat", FIRST_DAY, "11:00"),
                ),
            ),
        )
        self._job(
            OTHER_UUID,
            "20240302",
            leanplum_session("1", "zoe", "device-1", {"open": at("10:00"), "leave": at("10:07")}),
        )
        self._stream(
            "10:30",
            monetate_session(
                "m1",
                "guest-1",
                {51001: at("10:01"), 51002: at("10:20")},
                ended=at("10:31"),
                customer_id="kim",
            ),
        )
        self._stream(
            "10:15",
            monetate_session("m2", "guest-2", {51001: at("10:16"), 51009: at("10:20")}, ended=at("10:21")),
            monetate_session("m4", "guest-4", {51001: at("10:22")}, ended=at("10:23")),
        )
        self._enriched(
            "second",
            snowplow_event("e2", "s9", at("10:11"), received=at("11:00")),
            snowplow_event("e0", "s1", at("09:55")),
            snowplow_event("long-3", "s2", at("12:00", day=5)),
        )
        self.warehouse.load("rudderstack", "pendo", "leanplum", "monetate", "snowplow")

    def load_third(self) -> None:
        """More of the same, and rows deleted by hand, as a person may ask for."""
        self._tracks("third", track("dee-4", at("10:45"), "tv", "dee"))
        self._pendo(4, period(SECOND_DAY, all_events=self.pendo.files(4)))
        self._enriched(
            "third",
            snowplow_event("long-0", "s2", at("10:00")),
            snowplow_event("long-4", "s2", at("12:00", day=6)),
        )
        self.warehouse.load("rudderstack", "pendo", "snowplow")
        latest = "_load_id = (SELECT max(_load_id) FROM raw_leanplum.sessions)"
        self.warehouse.execute(
            "DELETE FROM raw_rudderstack.tracks WHERE id IN ('phone-login', 'cy-1')",
            "DELETE FROM raw_rudderstack.identifies WHERE id = 'box-owner'",
            "DELETE FROM raw_pendo.allevents WHERE visitor_id = 'cat'",
            f"DELETE FROM raw_leanplum.events WHERE session_id = '1' AND {latest}",
            f"DELETE FROM raw_leanplum.states WHERE session_id = '1' AND {latest}",
            f"DELETE FROM raw_leanplum.sessions WHERE session_id = '1' AND {latest}",
            "DELETE FROM raw_monetate.sessions WHERE session_id = 'm1' AND is_closed",
            "DELETE FROM raw_snowplow.events WHERE event_id = 'e2' AND domain_sessionid = 's1'",
        )

    def _tracks(self, name: str, *calls: dict[str, Any]) -> None:
        write_tracks(self.warehouse.landing("rudderstack"), name, *calls)

    def _pendo(self, counter: int, *periods: dict[str, Any]) -> None:
        self.pendo.export(counter, *periods)

    def _job(self, uuid: str, day: str, *sessions: dict[str, Any]) -> None:
        write_job(self.warehouse.landing("leanplum"), uuid, day, *sessions)

    def _stream(self, clock: str, *sessions: dict[str, Any]) -> None:
        write_stream(self.warehouse.landing("monetate"), at(clock), *sessions)

    def _enriched(self, name: str, *events: dict[str, str]) -> None:
        write_enriched(self.warehouse.landing("snowplow"), name, *events)
