"""What the shop knows about its customers and products: change it, and see what `coeval plan` says."""

from datetime import timedelta

from coeval import (
    Entity,
    FeatureService,
    FeatureView,
    Field,
    FileSource,
    OnDemandFeatureView,
    RequestSource,
)
from coeval.types import Bool, Float64, Int64, String

# What the features are about.
customer = Entity(name="customer", join_keys=["customer_id"], value_type=Int64)
product = Entity(name="product", join_keys=["product"], value_type=String)

# Where the facts come from, and which column says when they were true.
customers_file = FileSource(
    name="customers_file",
    path="{data}/customers.parquet",
    timestamp_field="event_timestamp",
)
prices_file = FileSource(
    name="prices_file",
    path="{data}/prices.parquet",
    timestamp_field="event_timestamp",
)

# What is stored. After its ttl a fact is too old to be served, or trained on.
customer_history = FeatureView(
    name="customer_history",
    entities=[customer],
    ttl=timedelta(days=14),
    schema=[
        Field("orders", Int64, description="orders so far"),
        Field("spent", Float64, description="euros so far"),
        Field("channel", String, description="of the last order"),
    ],
    source=customers_file,
    description="What the customer did so far",
)
product_price = FeatureView(
    name="product_price",
    entities=[product],
    ttl=timedelta(days=2),
    schema=[
        Field("price", Float64, description="euros"),
        Field("stock", Int64, description="pieces"),
    ],
    source=prices_file,
    description="What the product costs, and how many there are",
)

# What is computed when it is asked, from the request and from what is stored.
offer = RequestSource(name="offer", schema=[Field("quantity", Int64)])
offer_value = OnDemandFeatureView(
    name="offer_value",
    sources=[offer, customer_history, product_price],
    schema=[
        Field("total", Float64, description="euros"),
        Field("share_of_spending", Float64, description="of what the customer spent so far"),
        Field("enough_stock", Bool),
    ],
    expressions={
        "total": "price * quantity",
        "share_of_spending": "price * quantity / spent",
        "enough_stock": "stock >= quantity",
    },
    description="What the offer is worth",
)

# What one model reads.
purchase_v1 = FeatureService(
    name="purchase_v1",
    features=[customer_history, product_price, offer_value],
    description="Will the customer take the offer?",
)
