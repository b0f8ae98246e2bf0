"""POST /get-online-features: Feast's request and response, and every way to ask wrongly."""

import json
from datetime import datetime

import pytest

pytestmark = pytest.mark.server

PATH = "/get-online-features"
GOOD = {
    "features": ["product_price:price", "product_price:stock"],
    "entities": {"product": ["tea", "no such product", "tea"]},
}


def asked(**changes) -> dict:
    return GOOD | changes


def test_the_response_has_feasts_form(shop_server):
    status, text = shop_server.post(PATH, GOOD)
    answer = json.loads(text)
    assert status == 200
    assert answer["metadata"]["feature_names"] == ["product", "price", "stock"]
    key, price, stock = answer["results"]
    assert key["values"] == GOOD["entities"]["product"]
    assert key["statuses"] == ["PRESENT"] * 3
    assert key["event_timestamps"] == ["1970-01-01T00:00:00Z"] * 3
    assert price["statuses"] == ["PRESENT", "NOT_FOUND", "PRESENT"]
    assert price["values"][0] == price["values"][2] > 0 and price["values"][1] is None
    assert stock["event_timestamps"][0].startswith("2025-02-28T")


def test_the_order_asked_for_and_full_names(shop_server):
    body = asked(features=["product_price:stock", "product_price:price"], full_feature_names=True)
    names = json.loads(shop_server.post(PATH, body)[1])["metadata"]["feature_names"]
    assert names == ["product", "product_price__stock", "product_price__price"]


def test_no_rows_and_unknown_members_are_fine(shop_server):
    status, text = shop_server.post(PATH, asked(entities={"product": []}, extra={"a": 1}))
    assert status == 200 and json.loads(text)["results"][1]["values"] == []
    status, _ = shop_server.post(PATH, asked(entities=GOOD["entities"] | {"unknown": [1, 2, 3]}))
    assert status == 200


def test_null_keys_find_nothing(shop_server):
    answer = json.loads(shop_server.post(PATH, asked(entities={"product": [None]}))[1])
    assert answer["results"][1]["statuses"] == ["NOT_FOUND"]


@pytest.mark.parametrize(
    "body",
    ["", "{", "[1]", "nonsense", '{"features": ["a:b"],}', "{} {}", '"text"', b"\xff\xfe", "null"],
)
def test_malformed_json(shop_server, body):
    message = shop_server.error(PATH, body, 400)
    assert "the request's body" in message


def test_malformed_json_has_its_place(shop_server):
    for body, words in (
        ('{"features": ["a:b"],\n  "entities": {,}}', "(line 2, column 16)"),
        ("{", "at byte 1"),
        (b'{"a": "\xff"}', "at byte 7"),
    ):
        assert words in shop_server.error(PATH, body, 400), body


def test_too_deep(shop_server):
    deep = json.dumps(GOOD)[:-1] + ', "deep": ' + "[" * 1000 + "]" * 1000 + "}"
    assert "nested more than" in shop_server.error(PATH, deep, 400)


def test_a_body_of_100_mib(shop_server):
    status, text = shop_server.ask("POST", PATH, b" " * (100 << 20))
    assert status == 413 and "too large" in json.loads(json.loads(text))["message"]


def test_what_to_read(shop_server):
    error = shop_server.error
    assert "feature_service" in error(PATH, {"entities": {"product": ["tea"]}}, 400)
    assert "no text" in error(PATH, asked(features=[1]), 400)
    assert "features" in error(PATH, asked(features="product_price:price"), 400)
    assert "view:feature" in error(PATH, asked(features=["price"]), 400)
    assert "features" in error(PATH, asked(features=[]), 400)
    assert "no name" in error(PATH, asked(feature_service=7), 400)
    assert "neither true nor false" in error(PATH, asked(full_feature_names="yes"), 400)
    many = ["product_price:price"] * 5001
    assert "5000" in error(PATH, asked(features=many), 400)


def test_unknown_names_have_a_suggestion(shop_server):
    error = shop_server.error
    assert '"product_price"' in error(PATH, asked(features=["product_prize:price"]), 404)
    assert '"price"' in error(PATH, asked(features=["product_price:prize"]), 404)
    body = {"feature_service": "purchase_v2", "entities": {}}
    assert '"purchase_v1"' in error(PATH, body, 404)
    message = error(PATH, asked(features=["product_price@v7:price"]), 404)
    assert "no version 7" in message and "it has 1 (active)" in message


def test_feasts_error_classes(shop_server):
    status, text = shop_server.post(PATH, asked(features=["product_prize:price"]))
    assert status == 404
    assert json.loads(json.loads(text))["class"] == "FeatureViewNotFoundException"


def test_entities(shop_server):
    error = shop_server.error
    assert "lacks 'entities'" in error(PATH, {"features": GOOD["features"]}, 400)
    assert "lacks 'entities'" in error(PATH, asked(entities=[{"product": "tea"}]), 400)
    message = error(PATH, asked(entities={"produkt": ["tea"]}), 400)
    assert "'product'" in message and "string" in message and '"produkt"' in message
    assert "no list" in error(PATH, asked(entities={"product": "tea"}), 400)
    ragged = {"product": ["tea", "rice"], "other": [1]}
    message = error(PATH, asked(entities=ragged), 400)
    assert "different lengths" in message and "'product' has 2" in message


@pytest.mark.parametrize("value", [7, 7.5, True, ["tea"], {"a": 1}])
def test_wrong_types_name_column_and_row(shop_server, value):
    message = shop_server.error(PATH, asked(entities={"product": ["tea", value]}), 400)
    assert "'product', row 1" in message and "string" in message


@pytest.mark.parametrize(
    "value", ["seven", "7.0", " 7", "", "99999999999999999999", 7.5, True, 1e300, [7]]
)
def test_integers_lose_nothing(shop_server, value):
    body = {"features": ["customer_history:spent"], "entities": {"customer_id": [value]}}
    message = shop_server.error(PATH, body, 400)
    assert "'customer_id', row 0" in message and "int64" in message


def test_an_integer_may_come_as_text(shop_server):
    asked_for = {"features": ["customer_history:spent"]}
    as_text = shop_server.post(PATH, asked_for | {"entities": {"customer_id": ["7", "-7"]}})
    as_numbers = shop_server.post(PATH, asked_for | {"entities": {"customer_id": [7, -7]}})
    assert as_text == as_numbers


def test_request_data_is_needed(shop_server):
    body = {"features": ["offer_value:total"], "entities": {"product": ["tea"]}}
    message = shop_server.error(PATH, body, 400)
    assert "lacks column" in message


def test_too_many_rows(shop_server):
    message = shop_server.error(PATH, asked(entities={"product": ["tea"] * 100_001}), 400)
    assert "100001 rows" in message and "at most 100000" in message


def test_other_routes_and_methods(shop_server):
    assert shop_server.ask("GET", PATH)[0] == 405
    assert shop_server.ask("GET", "/")[0] == 404
    assert shop_server.ask("DELETE", "/health")[0] == 405
    assert shop_server.ask("HEAD", "/health")[0] == 200


def test_wrong_materializations(shop_server):
    error = shop_server.error
    assert "end_ts" in error("/materialize-incremental", {}, 400)
    assert "start_ts" in error("/materialize", {"end_ts": "2025-02-01"}, 400)
    assert "2025-02-31" in error("/materialize-incremental", {"end_ts": "2025-02-31"}, 400)
    body = {"end_ts": "2025-03-01", "feature_views": ["product_prize"]}
    assert '"product_price"' in error("/materialize-incremental", body, 404)
    body = {"end_ts": "2025-03-01", "feature_views": "product_price"}
    assert "list of names" in error("/materialize-incremental", body, 400)


def test_metrics_count_what_was_asked(shop_server):
    shop_server.post(PATH, GOOD)
    status, text = shop_server.ask("GET", "/metrics")
    assert status == 200
    assert 'coeval_online_values_total{project="shop",status="PRESENT"}' in text
    assert "coeval_http_request_duration_seconds_bucket" in text


def test_metrics_tell_what_the_store_holds(shop_server):
    text = shop_server.ask("GET", "/metrics")[1]
    newest = 'coeval_newest_event_timestamp_seconds{project="shop",view="product_price"} '
    watermark = 'coeval_online_watermark_seconds{project="shop",view="product_price"} '
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    answer = json.loads(shop_server.post(PATH, GOOD)[1])
    served = datetime.fromisoformat(answer["results"][2]["event_timestamps"][0])
    assert served.timestamp() <= float(values[newest.strip()]) <= float(values[watermark.strip()])
