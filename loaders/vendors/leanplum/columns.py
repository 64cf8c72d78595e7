"""The keys of Leanplum's sessions and of what they contain, and the raw columns they land in."""

from __future__ import annotations

from loaders.fields import Field, Kind

# Every raw row tells the job it came with: the select list and the columns it fills.
JOB_COLUMNS = "app_id, job_id, export_date"
JOB_VALUES = "$app_id, $job_id, $export_date"

SESSION_FIELDS = (
    Field("session_id", "sessionId", required=True),
    Field("user_id", "userId"),
    Field("user_bucket", "userBucket", Kind.INTEGER),
    Field("first_run", "firstRun", Kind.TIME),
    Field("time", "time", Kind.TIME),
    Field("duration", "duration", Kind.DOUBLE),
    Field("country", "country"),
    Field("region", "region"),
    Field("city", "city"),
    Field("lat", "lat"),
    Field("lon", "lon"),
    Field("locale", "locale"),
    Field("timezone", "timezone"),
    Field("timezone_offset_seconds", "timezoneOffsetSeconds", Kind.INTEGER),
    Field("app_version", "appVersion"),
    Field("client", "client"),
    Field("sdk_version", "sdkVersion"),
    Field("system_name", "systemName"),
    Field("system_version", "systemVersion"),
    Field("device_model", "deviceModel"),
    Field("browser_name", "browserName"),
    Field("browser_version", "browserVersion"),
    Field("device_id", "deviceId"),
    Field("prior_events", "priorEvents", Kind.INTEGER),
    Field("prior_sessions", "priorSessions", Kind.INTEGER),
    Field("prior_states", "priorStates", Kind.INTEGER),
    Field("prior_time_spent_in_app", "priorTimeSpentInApp", Kind.DOUBLE),
    Field("is_developer", "isDeveloper", Kind.BOOLEAN),
    Field("is_session", "isSession", Kind.BOOLEAN),
    Field("source_publisher_id", "sourcePublisherId"),
    Field("source_publisher", "sourcePublisher"),
    Field("source_sub_publisher", "sourceSubPublisher"),
    Field("source_site", "sourceSite"),
    Field("source_campaign", "sourceCampaign"),
    Field("source_ad_group", "sourceAdGroup"),
    Field("source_ad", "sourceAd"),
)
STATE_FIELDS = (
    Field("state_id", "stateId", required=True),
    Field("name", "name"),
    Field("time", "time", Kind.TIME),
    Field("duration", "duration", Kind.DOUBLE),
    Field("info", "info"),
    Field("time_until_first_for_user", "timeUntilFirstForUser", Kind.DOUBLE),
)
EVENT_FIELDS = (
    Field("event_id", "eventId", required=True),
    Field("name", "name"),
    Field("time", "time", Kind.TIME),
    Field("value", "value", Kind.DOUBLE),
    Field("info", "info"),
    Field("time_until_first_for_user", "timeUntilFirstForUser", Kind.DOUBLE),
)
EXPERIMENT_FIELDS = (
    Field("experiment_id", "id", required=True),
    Field("variant_id", "variantId"),
    Field("impressed", "impressed", Kind.BOOLEAN),
)
