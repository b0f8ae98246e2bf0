"""`coeval serve`: starting, ports, signals, the clock, what it says."""

import json
import signal
import socket
import subprocess
import threading

import pytest

pytestmark = pytest.mark.server

QUESTION = {
    "feature_service": "purchase_v1",
    "entities": {"customer_id": [7, 8], "product": ["tea", "rice"], "quantity": [2, 1]},
}


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_and_ends_with_zero(shop, serve, by):
    server = serve(shop.folder)
    assert server.ask("GET", "/health")[0] == 200
    status, text = server.post("/get-online-features", QUESTION)
    assert status == 200
    names = json.loads(text)["metadata"]["feature_names"]
    assert names[:2] == ["customer_id", "product"] and "enough_stock" in names
    assert "Traceback" not in server.stop(by)


def test_what_is_served_is_what_get_shows(shop, serve):
    keys = ["customer_id=7", "product=tea", "quantity=2"]
    shown = {f["name"]: f for f in shop.json("get", "purchase_v1", *keys)["features"]}
    answer = json.loads(serve(shop.folder).post("/get-online-features", QUESTION)[1])
    for name, result in zip(answer["metadata"]["feature_names"], answer["results"], strict=True):
        if name in shown:
            assert result["values"][0] == shown[name]["value"], name
            assert result["statuses"][0] == shown[name]["status"], name


def test_a_port_in_use_is_a_system_failure_that_says_what_to_do(shop):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        error = shop("serve", "--port", str(port), code=4).err
    assert str(port) in error and "in use" in error and "--port" in error


def test_loopback_only(shop):
    assert "loopback" in shop("serve", "--host", "0.0.0.0", "--port", "0", code=3).err


def test_settings_come_from_file_and_flags(shop, serve):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = shop.folder / "coeval.yaml"
    settings.write_text(settings.read_text() + f"serve: {{port: {port}, max_rows: 2}}\n")
    server = serve(shop.folder, "--host", "localhost")
    assert server.port != port, "--port 0 wins"
    entities = {name: values * 2 for name, values in QUESTION["entities"].items()}
    message = server.error("/get-online-features", QUESTION | {"entities": entities}, 400)
    assert "4 rows" in message and "2" in message


def test_the_clock_is_shown_and_read_at_each_request(shop, serve):
    clock = shop.folder / "clock.txt"
    clock.write_text("2025-02-20T00:00:00Z")
    server = serve(shop.folder, "--clock", "@clock.txt", "--set", "online_store.path=other")
    ready = json.loads(server.ask("GET", "/ready")[1])
    assert ready["ready"] is True and "clock.txt" in ready["clock"]
    body = json.dumps({"end_ts": "2025-02-20T00:00:00Z"})
    assert server.ask("POST", "/materialize-incremental", body)[0] == 200

    def newest() -> str:
        answer = json.loads(server.post("/get-online-features", QUESTION)[1])
        position = answer["metadata"]["feature_names"].index("price")
        return answer["results"][position]["event_timestamps"][0]

    first = newest()
    assert first < "2025-02-20"
    clock.write_text("2025-02-21T00:00:00Z")
    body = json.dumps({"end_ts": "2025-02-21T00:00:00Z"})
    assert server.ask("POST", "/materialize-incremental", body)[0] == 200
    assert first < newest() < "2025-02-21"


def test_a_clock_file_that_holds_no_time(shop, serve):
    clock = shop.folder / "clock.txt"
    for text in ("garbage", ""):
        clock.write_text(text)
        assert "clock.txt" in shop("serve", "--port", "0", "--clock", "@clock.txt", code=3).err
    clock.write_text("2025-03-01")
    server = serve(shop.folder, "--clock", "@clock.txt")
    for text in ("garbage", ""):
        clock.write_text(text)
        assert "clock.txt" in server.error("/get-online-features", QUESTION, 503)
    assert server.ask("GET", "/ready")[0] == 503
    clock.write_text("2025-03-01")
    assert server.post("/get-online-features", QUESTION)[0] == 200


def test_failed_requests_are_told_without_their_keys(shop, serve):
    server = serve(shop.folder)
    body = {"features": ["product_price:price"], "entities": {"product": ["secret-7"], "x": [1, 2]}}
    server.error("/get-online-features?token=secret-8", body, 400)
    server.ask("GET", "/health")
    # A key of another type: the client is told which, the log is not.
    for key in ("secret-9", {"secret-9": 1}, "1013-secret"):
        body = {"features": ["customer_history:spent"], "entities": {"customer_id": [7, key]}}
        assert "row 1" in server.error("/get-online-features", body, 400)
    said = server.stop()
    assert "POST /get-online-features 400" in said and "secret" not in said
    assert said.count("column 'customer_id'") == 3
    assert "/health" not in said


def test_requests_as_json_lines(shop, serve):
    server = serve(shop.folder, "--log", "json", "--all-requests")
    server.ask("GET", "/health")
    server.ask("GET", "/nothing")
    lines = [json.loads(line) for line in server.stop().splitlines() if line.startswith("{")]
    assert [(line["path"], line["status"]) for line in lines] == [("/health", 200), ("/nothing", 404)]
    assert "no route" in lines[1]["error"]


def test_reads_and_carrying_from_many_at_once(shop, serve):
    server = serve(shop.folder)
    expected = server.post("/get-online-features", QUESTION)
    failures = []

    def read():
        for _ in range(20):
            if server.post("/get-online-features", QUESTION) != expected:
                failures.append("another answer")

    def carry():
        body = json.dumps({"start_ts": "2025-02-01", "end_ts": "2025-03-01"})
        if server.ask("POST", "/materialize", body)[0] != 200:
            failures.append("materialize failed")

    threads = [threading.Thread(target=work) for work in (read, read, carry, carry)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_the_store_has_one_owner_that_all_reach(shop, serve):
    server = serve(shop.folder)  # it owns the store before it was asked anything
    assert shop.json("get", "product_price:price", "product=tea")["engine"] == "online"
    carried = shop.json("materialize-incremental", "now")
    assert {view["view"] for view in carried} >= {"customer_history@v1"}
    error = shop("serve", "--port", "0", code=4).err
    assert "one owner" in error and f"process {server.process.pid}" in error
    assert f"http://127.0.0.1:{server.port}/get-online-features" in error
    report = shop.json("doctor")
    (check,) = (each for each in report["checks"] if each["check"] == "online store")
    assert report["ok"] and check["ok"]
    assert check["detail"] == f"process {server.process.pid} has it, and answers"
    shop("list")  # the registry is free to all
    shop("apply")
    body = json.dumps({"end_ts": "2025-03-01T00:00:00Z"})
    assert server.ask("POST", "/materialize-incremental", body)[0] == 200
    server.process.kill()
    server.process.communicate()
    assert shop.json("get", "product_price:price", "product=tea")["engine"] == "online"


def test_sigterm_drains(shop, serve):
    """A request that had arrived is answered; probes are told; nobody new is served."""
    server = serve(shop.folder)
    body = json.dumps(QUESTION).encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as busy:
        head = f"POST /get-online-features HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        busy.sendall(head.encode() + b"Expect: 100-continue\r\n\r\n")
        assert busy.recv(1000).startswith(b"HTTP/1.1 100")  # the request has arrived, its body not
        server.process.send_signal(signal.SIGTERM)
        while (ready := server.ask("GET", "/ready"))[0] == 200:
            pass
        assert ready[0] == 503
        told = json.loads(ready[1])
        assert told["ready"] is False and told["draining"] is True
        assert "shutting down" in server.error("/get-online-features", QUESTION, 503)
        assert server.ask("GET", "/health")[0] == 200
        assert server.process.poll() is None
        busy.sendall(body)
        answer = b""
        while chunk := busy.recv(65536):
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 200") and b"Connection: close" in answer
    assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["metadata"]["feature_names"]
    server.process.wait(timeout=60)
    assert server.process.returncode == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=60)


def test_sigterm_does_not_wait_for_ever(shop, serve):
    server = serve(shop.folder, "--set", "serve.drain_timeout=100ms")
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as stuck:
        stuck.sendall(b"POST /get-online-features HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n")
        stuck.sendall(b"Expect: 100-continue\r\n\r\n")
        assert stuck.recv(1000).startswith(b"HTTP/1.1 100")
        server.stop(signal.SIGTERM)


def test_where_it_listens_as_json(shop):
    with subprocess.Popen(
        [shop.program(), "serve", "--port", "0", "--json"],
        cwd=shop.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        port = process.stderr.readline().rsplit(":", 1)[1].strip()
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    told = json.loads(out)
    assert told["listening"] == f"http://127.0.0.1:{port}" and "2025-03-01" in told["clock"]
