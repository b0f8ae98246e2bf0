"""What is known about a flight before it leaves, for predicting departure delays from New York.

Each source says when its facts were true and when they could be known; why that is honest is told
in README.md. prepare.py makes the files.
"""

from datetime import timedelta

from coeval import (
    Aggregation,
    Entity,
    FeatureService,
    FeatureView,
    Field,
    FileSource,
    OnDemandFeatureView,
    RequestSource,
)
from coeval.types import Float64, Int32, Int64, String, Timestamp

# What the features are about ----------------------------------------------------------------------

airport = Entity(
    name="airport", join_keys=["airport"], value_type=String, description="An IATA code: JFK"
)
carrier = Entity(
    name="carrier", join_keys=["carrier"], value_type=String, description="An airline: UA"
)
plane = Entity(
    name="plane", join_keys=["tailnum"], value_type=String, description="An aircraft: N14228"
)
route = Entity(
    name="route",
    join_keys=["origin", "dest"],
    value_type=String,
    description="From one airport to another: JFK to LAX",
)

# Where the facts come from ------------------------------------------------------------------------

weather_source = FileSource(
    name="weather_hourly",
    path="{data}/weather/*.parquet",
    timestamp_field="event_timestamp",
    data_delay=timedelta(hours=1),  # the hour of the observation, which is made near its end
    field_mapping={"origin": "airport"},
    description="Hourly observations at the three airports",
)

planes_source = FileSource(
    name="planes_register",
    path="{data}/planes.parquet",
    timeless=True,  # compiled after the year: hindsight, and declared as such
    field_mapping={"year": "built"},
    description="The register of aircraft",
)

airport_departures = FileSource(
    name="airport_departures",
    path="{data}/departures.parquet",
    timestamp_field="event_timestamp",
    created_timestamp_column="reported_at",
    created="arrival",  # not known before: some reports come late (reports.py)
    event_id_field="flight_id",  # a later report of a flight corrects the earlier one
    sequence_field="flight",  # 28 % of the departures share airport and minute
    lateness=timedelta(days=1),  # of what is reported later no window takes notice
    field_mapping={"origin": "airport", "dep_delay": "airport_delay"},
    description="Departures as the airport sees them",
)

carrier_departures = FileSource(
    name="carrier_departures",
    path="{data}/departures.parquet",
    timestamp_field="event_timestamp",
    created_timestamp_column="reported_at",
    created="arrival",  # not known before: some reports come late (reports.py)
    event_id_field="flight_id",  # a later report of a flight corrects the earlier one
    sequence_field="flight",
    lateness=timedelta(days=1),
    field_mapping={"dep_delay": "carrier_delay"},
    description="Departures as the airline sees them",
)

arrivals = FileSource(
    name="arrivals",
    path="{data}/arrivals.parquet",
    timestamp_field="event_timestamp",  # the landing: a delay and an air time are not known before
    created_timestamp_column="reported_at",
    created="arrival",
    event_id_field="flight_id",
    lateness=timedelta(days=1),
    field_mapping={"arr_delay": "plane_delay", "arrived_at": "plane_arrived_at"},
    description="Landings of flights from New York",
)

airport_schedule = FileSource(
    name="airport_schedule",
    path="{data}/schedule.parquet",
    timestamp_field="event_timestamp",  # a cancellation counts as known when the flight should go
    lateness=timedelta(days=1),  # the files are complete: each run looks back a day
    field_mapping={"origin": "airport"},
    description="Which flights of the schedule were cancelled",
)

# What is stored -----------------------------------------------------------------------------------

weather = FeatureView(
    name="weather",
    entities=[airport],
    ttl=timedelta(hours=3),
    schema=[
        Field("temp", Float64, description="degrees Fahrenheit"),
        Field("dewp", Float64, description="dew point, degrees Fahrenheit"),
        Field("humid", Float64, description="relative humidity, percent"),
        Field("wind_dir", Float64, description="degrees"),
        Field("wind_speed", Float64, description="miles an hour"),
        Field("wind_gust", Float64, description="miles an hour; observed in gusty hours only"),
        Field("precip", Float64, description="inches"),
        Field("pressure", Float64, description="millibars at sea level"),
        Field("visib", Float64, description="miles"),
    ],
    source=weather_source,
    description="The weather at the airport, as last observed",
)

planes = FeatureView(
    name="planes",
    entities=[plane],
    schema=[
        Field("built", Int32, description="year of manufacture"),
        Field("manufacturer", String),
        Field("engines", Int32),
        Field("seats", Int32),
    ],
    source=planes_source,
    description="What the register says about the aircraft",
)

plane_arrival = FeatureView(
    name="plane_arrival",
    entities=[plane],
    ttl=timedelta(days=7),  # an aircraft that was away for a week has another story by now
    schema=[
        Field("plane_delay", Int32, description="minutes after schedule; negative is early"),
        Field("plane_arrived_at", Timestamp),
    ],
    source=arrivals,
    description="The aircraft's last known arrival",
)

airport_departure = FeatureView(
    name="airport_departure",
    entities=[airport],
    schema=[Field("airport_delay", Int32, description="minutes after schedule")],
    source=airport_departures,
    description="The last departure from the airport",
)

carrier_departure = FeatureView(
    name="carrier_departure",
    entities=[carrier],
    schema=[Field("carrier_delay", Int32, description="minutes after schedule")],
    source=carrier_departures,
    description="The airline's last departure from New York",
)

route_flight = FeatureView(
    name="route_flight",
    entities=[route],
    schema=[Field("air_time", Int32, description="minutes from take-off to landing")],
    source=arrivals,
    description="The last flight on the route that has landed",
)

# What windows hold --------------------------------------------------------------------------------

HOURS_AND_DAYS = [
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=24),
    timedelta(days=7),
]

airport_windows = FeatureView(
    name="airport_windows",
    entities=[airport],
    aggregations=[
        Aggregation("airport_delay", "mean", HOURS_AND_DAYS, name="airport_delay_mean"),
        Aggregation("airport_delay", "count", HOURS_AND_DAYS, name="airport_departures"),
    ],
    source=airport_departures,
    description="Delays of the airport's departures of the last hours and days",
)

carrier_windows = FeatureView(
    name="carrier_windows",
    entities=[carrier],
    aggregations=[
        Aggregation("carrier_delay", "mean", HOURS_AND_DAYS, name="carrier_delay_mean"),
        Aggregation(
            "carrier_delay", "quantile", HOURS_AND_DAYS, name="carrier_delay_p90", params={"q": 0.9}
        ),
    ],
    source=carrier_departures,
    description="Delays of the airline's departures of the last hours and days",
)

airport_cancellations = FeatureView(
    name="airport_cancellations",
    entities=[airport],
    aggregations=[Aggregation("cancelled", "mean", HOURS_AND_DAYS, name="cancellation_rate")],
    source=airport_schedule,
    description="The share of the airport's flights that were cancelled",
)

plane_windows = FeatureView(
    name="plane_windows",
    entities=[plane],
    aggregations=[
        Aggregation("plane_delay", "mean", rows=5, name="plane_delay_of_5"),
        Aggregation("plane_delay", "max", rows=5, name="plane_delay_most_of_5"),
        Aggregation(function="count", time_window=timedelta(hours=24), name="plane_landings_1d"),
    ],
    source=arrivals,
    description="The aircraft's last five arrivals, and how much it flew",
)

# What is computed when it is asked ----------------------------------------------------------------

trip = RequestSource(
    name="trip",
    schema=[Field("scheduled_departure", Timestamp, description="known when the flight is sold")],
)

LOCAL_DEPARTURE = "scheduled_departure at time zone 'America/New_York'"

situation = OnDemandFeatureView(
    name="situation",
    sources=[trip, weather, planes, plane_arrival, airport_departure, carrier_departure],
    schema=[
        Field("local_hour", Int64, description="New York's clock at the scheduled departure"),
        Field("local_weekday", Int64, description="1 is Monday"),
        Field("plane_age", Int64, description="years"),
        Field(
            "hours_since_arrival", Float64, description="since the aircraft's last known arrival"
        ),
        Field(
            "carrier_against_airport",
            Int64,
            description="minutes; positive: the airline does worse",
        ),
        Field("dew_point_spread", Float64, description="degrees Fahrenheit; near 0 is fog"),
        Field("gust_over_wind", Float64, description="how many times the wind a gust is"),
    ],
    expressions={
        "local_hour": f"extract(hour from {LOCAL_DEPARTURE})",
        "local_weekday": f"extract(isodow from {LOCAL_DEPARTURE})",
        "plane_age": f"extract(year from {LOCAL_DEPARTURE}) - built",
        "hours_since_arrival": "epoch(now() - plane_arrived_at) / 3600",
        "carrier_against_airport": "carrier_delay - airport_delay",
        "dew_point_spread": "temp - dewp",
        "gust_over_wind": "case when wind_speed > 0 then wind_gust / wind_speed end",
    },
    description="The moment put together from request and stored features",
)

# What the model reads -----------------------------------------------------------------------------

departing_from = {"airport": "origin"}  # requests and spine call the airport `origin`

departure_delay_v1 = FeatureService(
    name="departure_delay_v1",
    features=[
        weather.with_join_key_map(departing_from),
        planes,
        plane_arrival,
        airport_departure.with_join_key_map(departing_from),
        carrier_departure,
        route_flight,
        situation.with_join_key_map(departing_from),
    ],
    description="Will the flight leave more than 15 minutes late? Asked two hours before",
)

departure_delay_v2 = FeatureService(
    name="departure_delay_v2",
    features=[
        *departure_delay_v1.features,
        airport_windows.with_join_key_map(departing_from),
        carrier_windows,
        airport_cancellations.with_join_key_map(departing_from),
        plane_windows,
    ],
    description="The same with windows",
)
