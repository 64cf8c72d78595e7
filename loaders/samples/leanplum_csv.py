"""The CSV form of a Leanplum export job: six types of rows, each with a header."""

from __future__ import annotations

import csv
import io

from loaders.samples.clock import HOUR, MINUTE, SECOND, spaced

CSV_COLUMNS = {
    "sessions": (
        "sessionId", "userId", "userBucket", "userStart", "country", "region", "city", "start", "duration",
        "lat", "lon", "locale", "timezone", "timezoneOffset", "appVersion", "client", "sdkVersion", "osName",
        "osVersion", "deviceModel", "browserName", "browserVersion", "deviceId", "priorEvents",
        "priorSessions", "priorTimeSpentInApp", "priorStates", "isDeveloper", "isSession",
        "sourcePublisherId", "sourcePublisher", "sourceSubPublisher", "sourceSite", "sourceCampaign",
        "sourceAdGroup", "sourceAd",
    ),
    "states": ("stateId", "sessionId", "stateName", "start", "duration", "info", "timeUntilFirstForUser"),
    "events": (
        "eventId", "stateId", "sessionId", "eventName", "start", "value", "info", "timeUntilFirstForUser",
    ),
    "eventparameters": ("eventId", "name", "value"),
    "experiments": ("experimentId", "sessionId", "variantId"),
    "userattributes": ("sessionId", "name", "value"),
}  # fmt: skip
SESSIONS = 3
STATE_WITHOUT_ROW = -8_070_450_532_247_928_833

Rows = list[dict[str, object]]


def csv_files(start: int) -> dict[str, str]:
    """Return the text of each type's file: sessions an hour apart, the first at `start`.

    Each session has a state with an event, and an event whose state id has no state.
    """
    rows: dict[str, Rows] = {kind: [] for kind in CSV_COLUMNS}
    for number in range(SESSIONS):
        session, moment = 5_000_000_000_000_000_001 + number, start + number * HOUR
        state = session + 1_000
        rows["sessions"].append(_session(session, number, moment))
        rows["states"].append(
            {
                "stateId": state,
                "sessionId": session,
                "stateName": "Home",
                "start": moment / SECOND,
                "duration": 60.0,
            }
        )
        for event, parent in ((1, state), (2, STATE_WITHOUT_ROW + number)):
            event_id = session + 2_000 + event * 100
            rows["events"].append(
                {
                    "eventId": event_id,
                    "stateId": parent,
                    "sessionId": session,
                    "eventName": "View" if event == 1 else "Search",
                    "start": f"{spaced(moment + event * MINUTE)} UTC",
                    "value": 0.0,
                }
            )
            rows["eventparameters"].append(
                {"eventId": event_id, "name": "note", "value": "two\nlines, one value"}
            )
        rows["experiments"].append(
            {"experimentId": 4_600_000_000_000_001, "sessionId": session, "variantId": 2}
        )
        rows["userattributes"].append({"sessionId": session, "name": "plan", "value": "team"})
    return {kind: _text(columns, rows[kind]) for kind, columns in CSV_COLUMNS.items()}


def _session(session: int, number: int, start: int) -> dict[str, object]:
    time = f"{spaced(start)} UTC"
    return {
        "sessionId": session,
        "userId": f"user-csv-{number}",
        "userBucket": 40 + number,
        "userStart": time,
        "country": "US",
        "city": "San Jose",
        "start": time,
        "duration": 300.5,
        "locale": "en_US",
        "timezone": "America/Los_Angeles",
        "timezoneOffset": -28_800,
        "client": "android",
        "osName": "Android OS",
        "deviceId": f"device-csv-{number}",
        "priorEvents": 0,
        "priorSessions": 0,
        "priorTimeSpentInApp": 0.0,
        "priorStates": 0,
        "isDeveloper": "false",
        "isSession": "true",
        "sourcePublisher": 'Word of mouth, "shared"',
    }


def _text(columns: tuple[str, ...], rows: Rows) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
