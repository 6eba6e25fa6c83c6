"""The viewer's page in headless Chromium: a person opens it, filters, reads a turn, and puts two policies side by side."""

import os
import shutil
from pathlib import Path

import pytest
from pages import play, run_of

from galen.report.viewer import page as viewer

pytestmark = pytest.mark.slow
HOSTILE = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
CHROMIUM = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium; on Debian: apt-get install chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def written(data, template, backend, tasks, tmp_path_factory):
    """The page of a careful and a careless policy on the same tasks, one reply hostile, and the two policies' episodes."""
    careful = play(data, template, backend, tasks[:40], slip=0.3, wrong=0)
    careless = play(data, template, backend, tasks[:40], slip=0, wrong=0.6)
    seen = careful[0].turns[0].observation.model_copy(update={"text": HOSTILE})
    first = careful[0].turns[0].model_copy(update={"text": HOSTILE, "observation": seen})
    careful[0] = careful[0].model_copy(update={"turns": (first, *careful[0].turns[1:]), "submission": HOSTILE})
    run = run_of(tmp_path_factory.mktemp("pages") / "run", data, {"eval/a.jsonl": careful, "eval/b.jsonl": careless})
    viewer.write([run], run / viewer.NAME)
    return run / viewer.NAME, careful, careless


@pytest.fixture
def opened(browser, written):
    path, careful, careless = written
    page = browser.new_page(viewport={"width": 1180, "height": 640})
    errors, requests = [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]")
    yield page, careful, careless
    assert errors == []
    assert [url for url in requests if not url.startswith("file://")] == [], "the page asked for something"
    assert page.evaluate("window.hacked") is None
    page.close()


def count(page) -> int:
    return int(page.inner_text("#count").split()[0])


def test_filters_count_what_is_there(opened):
    page, careful, careless = opened
    failed = sum(not e.success for e in [*careful, *careless])
    assert count(page) == 80 and 0 < failed < 80
    page.select_option("#by-verdict", "failed")
    assert count(page) == failed
    page.select_option("#by-source", "eval/b")
    assert count(page) == sum(not e.success for e in careless)
    page.select_option("#by-verdict", "")
    page.select_option("#by-source", "")
    page.fill("#by-text", careful[3].task_id)
    assert count(page) == 2
    page.fill("#by-text", "no such task")
    assert count(page) == 0 and page.locator(".row").count() == 0


def test_the_list_holds_only_what_is_seen_and_scrolls_to_the_end(opened):
    page, _, careless = opened
    assert page.locator(".row").count() < 30
    page.evaluate("document.getElementById('list').scrollTop = 1e6")
    page.wait_for_selector(f"text={careless[-1].task_id}")


def test_hostile_text_is_shown_as_text(opened):
    page, careful, _ = opened
    page.fill("#by-text", careful[0].key)
    page.click(".row")
    page.wait_for_selector(".turn")
    assert HOSTILE in page.inner_text("pre.shown >> nth=0") and page.locator("#detail img").count() == 0
    page.click("button:text-is('mask')")
    page.wait_for_selector("pre.tokens")


def test_every_turn_is_shown_with_its_tokens(opened):
    page, careful, _ = opened
    episode = next(e for e in careful if len(e.turns) > 3)
    page.fill("#by-text", episode.key)
    page.click(".row")
    page.wait_for_selector(".turn")
    assert page.locator(".turn").count() == len(episode.turns)
    assert page.inner_text("pre.code >> nth=0") == episode.turns[0].action.content
    for mode in ("mask", "log-probability", "drift"):
        page.click(f"button:text-is('{mode}')")
        page.wait_for_selector("pre.tokens")
        assert page.locator(".turn >> nth=0 >> pre.tokens span[title]").count() == len(episode.turns[0].token_ids)
    page.click("button:text-is('mask')")
    page.wait_for_function("document.querySelectorAll('pre.tokens span[style]').length > 0")
    sampled = page.evaluate(
        "[...document.querySelectorAll('pre.tokens span[title]')].map(s => Number(s.style.background === 'rgb(201, 236, 208)'))"
    )
    assert sampled == episode.completion_mask


def test_views_are_sorted_and_chosen(opened):
    page, careful, careless = opened
    slowest = max([*careful, *careless], key=lambda e: round(e.seconds, 3))
    page.click("nav >> text=slowest")
    assert f"{round(slowest.seconds, 3)} s" in page.inner_text(".row >> nth=0").replace(" · ", "\n")
    page.click("nav >> text=suspicious passes")
    assert count(page) < 80
    page.click("nav >> text=loops")
    assert count(page) == 0


def test_two_policies_side_by_side(opened, tmp_path):
    page, careful, careless = opened
    number = next(i for i, (a, b) in enumerate(zip(careful, careless, strict=True)) if a.success and not b.success)
    page.fill("#by-text", careful[number].key)
    page.click(".row")
    page.wait_for_selector("article")
    page.select_option("#beside", index=1)
    page.wait_for_selector("article >> nth=1")
    left, right = page.inner_text("article >> nth=0"), page.inner_text("article >> nth=1")
    assert "eval/a" in left and "passed" in left and "eval/b" in right and "failed" in right
    page.click("button:text-is('mask')")
    page.wait_for_selector("article >> nth=1 >> pre.tokens")
    picture = Path(os.environ.get("GALEN_SCREENSHOT", tmp_path / "viewer.png"))
    page.fill("#by-text", "")
    page.screenshot(path=picture)
    assert 10_000 < picture.stat().st_size <= 200_000


def test_withheld_texts_are_not_in_the_page(browser, written, data, tmp_path):
    """What a person sees of a task that the folder does not know is numbers."""
    episode = written[1][1]
    run = run_of(
        tmp_path / "run", data, {"eval/a.jsonl": [episode.model_copy(update={"task_id": "mimic_iii/test-id/9"})]}
    )
    viewer.write([run], run / viewer.NAME)
    page = browser.new_page()
    page.goto((run / viewer.NAME).as_uri())
    page.click(".row")
    page.wait_for_selector("text=texts and tokens are not in this file")
    assert page.locator(".turn").count() == len(episode.turns) and page.locator("pre").count() == 0
    assert episode.turns[0].action.content not in page.content()
    page.close()
