"""Rate limits as a client meets them, and as the oracle counts them."""


def test_the_twenty_first_update_in_a_minute_is_429_with_the_vendors_headers(start):
    emulator = start()
    item = emulator.connect()["id"]
    for _ in range(20):
        emulator.patch("/items/" + item)
    assert emulator.headers["RateLimit-Remaining"] == "0"
    answer = emulator.patch("/items/" + item)
    assert (emulator.status, answer["code"], "codeDescription" in answer) == (429, 429, False)
    assert answer["message"].startswith("Too many requests. Please try again later (see Retry-After")
    assert emulator.headers["Retry-After"] == "60"
    assert emulator.headers["RateLimit-Limit"] == "20"
    assert 0 < int(emulator.headers["RateLimit-Reset"]) <= 60


def test_endpoints_have_windows_of_their_own_and_a_window_ends(start):
    emulator = start("--rate-window", "2")
    item = emulator.connect()["id"]

    def update() -> int:
        emulator.patch("/items/" + item)
        return emulator.status

    # On a busy machine more than one window may pass.
    emulator.until(update, lambda status: status == 429, pause=0)
    emulator.get("/items/" + item)
    assert emulator.status == 200
    emulator.until(update, lambda status: status != 429)


def test_the_oracle_counts_requests_over_the_limit_also_when_none_is_refused(emulator):
    item = emulator.connect()["id"]
    for _ in range(25):
        emulator.patch("/items/" + item)
    report = emulator.get("/_sandbox/requests")
    assert report["limits"]["PATCH /items/{id}"] == {"limit": 20, "over": 5, "busiest": 25}
    assert report["over_limit"] == 5
    assert "429" not in report["endpoints"]["PATCH /items/{id}"]["statuses"]
