"""midspan lab: every scenario and its fix, exercises, and the broken hosts behind a proxy."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from harness.clients import clean_env
from harness.midspan import BINARY, run

RUN_LESSON_SECONDS = 280  # pytest's own limit is a little more
LESSONS = ("clock", "browser", "middle", "protocol", "cipher", "certificate", "sni", "museum")

SCENARIO = """\
title: {en: A test, ja: テスト}
lesson: certificate
story: {en: A story, ja: 物語}
task: {en: A task, ja: 課題}
hints: [{en: one, ja: 一}, {en: two, ja: 二}]
answer: {en: An answer, ja: 答え}
origin: {chain: {recipe: expired}}
expect: {leg: server, cause: cert.expired, party: server}
fix: {text: {en: Renew, ja: 更新}, party: server, origin: {chain: {recipe: good}}}
"""


@pytest.fixture
def lab(tmp_path):
    """Runs `midspan lab …` with a data folder of its own, and gives code, text and errors."""
    data = tmp_path / "data"

    def run_lab(*words, lang="C.UTF-8", seconds=60):
        env = {"XDG_DATA_HOME": str(data), "LC_ALL": "", "LC_MESSAGES": "", "LANG": lang}
        done = run("lab", *words, env=env, limit=seconds)
        return done.returncode, done.stdout.decode(), done.said

    run_lab.data = data
    return run_lab


@pytest.fixture
def scenario_file(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(SCENARIO)
    return path


def scenarios():
    done = run("lab", "list", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# The whole of it


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_scenario_and_its_fix_is_as_it_says(lab, lesson):
    code, text, errors = lab("run", "--all", lesson, "--json", seconds=RUN_LESSON_SECONDS)
    rows = json.loads(text)
    assert {row["name"]: row["why"] for row in rows if not row["ok"]} == {}
    assert (code, errors) == (0, "")
    assert {row["name"] for row in rows} == {
        row["name"] for row in scenarios() if row["lesson"] == lesson
    }


def test_no_lesson_is_left_out():
    assert {row["lesson"] for row in scenarios()} == set(LESSONS)


def test_a_run_touches_nothing_of_the_users(lab):
    code, _, errors = lab("run", "expired")
    assert (code, errors) == (0, "")
    assert not lab.data.exists()


# Told


def test_a_run_tells_both_legs_the_verdict_and_the_fix(lab):
    code, text, _ = lab("run", "expired")
    assert code == 0
    as_is, mended = text.split("── mended")
    assert re.search(r"│── ClientHello ─+▶│", as_is)
    assert re.search(r"│── ✗ alert certificate_expired ─+▶│", as_is)
    assert "SNI site.midspan.test" in as_is
    assert "cert.expired  proven" in as_is
    assert "✗ client: midspan's page that explains it, status 502" in as_is
    assert "✓ secured: TLS 1.3" in mended
    assert "✓ client: a whole answer, status 200" in mended


def test_a_run_in_japanese(lab):
    code, text, _ = lab("run", "expired", lang="ja_JP.UTF-8")
    assert code == 0
    assert "同じ時刻に全員が開けなくなる" in text
    assert "修正後" in text
    assert "修正後" in lab("run", "expired", "--lang", "ja")[1]


def test_as_is_keeps_the_answer(lab):
    code, text, _ = lab("run", "expired", "--as-is")
    assert code == 0
    assert "ClientHello" in text
    assert "cert.expired" not in text and "mended" not in text and "Renew" not in text


def test_json_has_the_verdict_as_the_log_has_it(lab):
    code, text, _ = lab("run", "expired", "--json")
    told = json.loads(text)
    assert code == 0 and told["ok"]
    verdict = told["as_is"]["clients"][0]["verdict"]
    assert (verdict["cause"], verdict["leg"], verdict["party"]) == (
        "cert.expired",
        "server",
        "server",
    )
    assert verdict["proof"]
    assert told["mended"]["clients"][0] == {
        "client": "a whole answer, status 200",
        "works": True,
        "status": 200,
        "masked": [],
        "verdict": None,
    }


@pytest.mark.parametrize(
    "name, asked, said",
    [
        ("missing-intermediate", "asked for CN=midspan lab intermediate", "the certificate came"),
        ("revoked-crl", "the revocation list asked now: http://127.0.0.1:", "(keyCompromise)"),
    ],
)
def test_what_certificates_name_is_asked(lab, name, asked, said):
    """The lab has a web server for it, and asks it in spite of its own way to all hosts."""
    code, text, _ = lab("run", name, "--json")
    assert code == 0
    rows = json.loads(text)["as_is"]["clients"][0]["verdict"]["proof"]
    [row] = [row for row in rows if asked in row["changed"]]
    assert said in row["outcome"], rows


def test_a_scenario_that_is_wrong_about_itself_fails(lab, scenario_file):
    assert lab("run", scenario_file)[0] == 0
    scenario_file.write_text(SCENARIO.replace("cause: cert.expired", "cause: cert.revoked"))
    code, text, _ = lab("run", scenario_file)
    assert code == 1
    assert "expected cert.revoked, server leg, party server; got cert.expired" in " ".join(
        text.split()
    )
    scenario_file.write_text(SCENARIO.replace("recipe: good", "recipe: not-yet-valid"))
    code, text, _ = lab("run", scenario_file)
    assert code == 1
    assert "NOT MENDED" in text


# As an exercise


def test_list(lab):
    code, text, _ = lab("list")
    assert code == 0
    for number, row in enumerate(scenarios(), 1):
        assert re.search(rf"^ *{number} +{re.escape(row['title'])}$", text, re.M), row["name"]
    names = lab("list", "--names")[1]
    assert all(re.search(rf" {row['name']}$", names, re.M) for row in scenarios())
    assert "証明書" in lab("list", "--lang", "ja")[1]


def test_hints_that_cannot_be_counted_come_all_at_once(scenario_file):
    done = run("lab", "show", scenario_file, "--hint", env={"XDG_DATA_HOME": "/dev/null"})
    assert (done.returncode, done.said) == (0, "")
    assert b"hint 1/2" in done.stdout and b"hint 2/2" in done.stdout


def test_hints_come_one_at_a_time(lab, scenario_file):
    assert "A task" in lab("show", scenario_file)[1]
    assert "hint 1/2" not in lab("show", scenario_file)[1]
    first = lab("show", scenario_file, "--hint")[1]
    assert "hint 1/2" in first and "hint 2/2" not in first
    second = lab("show", scenario_file, "--hint")[1]
    assert "hint 1/2" in second and "hint 2/2" in second
    assert lab("show", scenario_file, "--hint")[1] == second
    assert "An answer" not in second


def test_what_came_of_an_earlier_connection_is_shown(lab):
    text = lab("run", "pinned-client", "--as-is")[1]
    assert "a connection earlier, to other.midspan.test: a whole answer, status 200\n" in text
    assert text.endswith("✗ client: refuses the certificate\n")


def test_a_fix_that_hides_the_fault_is_none(lab, tmp_path):
    fix = tmp_path / "fix.yaml"
    fix.write_text("origin: {chain: {staple: none}}\n")
    code, text, _ = lab("check", "revoked-staple", fix)
    assert code == 1
    assert text.endswith("nobody looks any more: the certificate is still revoked\n")
    assert lab("check", "revoked-staple", fix, "--lang", "ja")[1].endswith("失効したままです\n")


def test_a_fix_is_checked_and_ticked(lab, tmp_path):
    fix = tmp_path / "fix.yaml"
    assert lab("show", "expired", "--start", fix)[0] == 0
    assert "#   origin: {}\n#   bridge: {}\n#   client: {}\n" in fix.read_text()
    code, text, _ = lab("check", "expired", fix)
    assert code == 1
    assert "not mended yet" in text and "it breaks as before" in text
    assert "cert.expired" not in text  # which would be the answer
    fix.write_text("origin: {chain: {recipe: not-yet-valid}}\n")
    code, text, _ = lab("check", "expired", fix)
    assert code == 1
    assert "got cert.not-yet-valid" in text  # what the fix broke instead is told
    assert "✓" not in lab("list")[1]

    fix.write_text("origin: {chain: {recipe: good}}\n")
    code, text, _ = lab("check", "expired", fix)
    assert code == 0
    assert "✓ mended" in text
    assert re.search(r".*✓.* expired\n", lab("list")[1])

    assert "verified" in text and "a whole answer: status 200" in text

    fix.write_text("bridge: {server-leg: {max: TLS1.2}}\n")
    code, text, _ = lab("check", "version-intolerant", fix)
    assert code == 0
    assert "the fault lies elsewhere" in text and "Update the server so that" in text

    assert lab("show", "expired", "--start", fix)[0] == 2  # never over a file that is there


def test_progress_that_cannot_be_kept_is_no_fault(lab, tmp_path):
    lab.data.write_text("a file where the folder should be")
    fix = tmp_path / "fix.yaml"
    fix.write_text("origin: {chain: {recipe: good}}\n")
    code, text, errors = lab("check", "expired", fix)
    assert (code, errors) == (0, "")
    assert "✓ mended" in text


@pytest.mark.parametrize(
    "words, want",
    [
        ([], "expected: midspan lab list"),
        (["lst"], "unknown 'lab lst', did you mean 'list'?"),
        (["run"], "expected: midspan lab run N|NAME|FILE, or run --all [LESSON]"),
        (["run", "expird"], "no scenario 'expird', did you mean 'expired'?"),
        (["run", "0"], "no scenario 0, expected 1 to"),
        (["run", "--all", "expired"], "run --all: unknown lesson 'expired', expected one of clock"),
        (["run", "--all", "--jobs", "0"], "--jobs: bad value '0', expected 1 to 16"),
        (["run", "/nowhere/x.yaml"], "cannot open '/nowhere/x.yaml'"),
        (["run", "expired", "--as-is", "--json"], "--as-is: not with --all or --json"),
        (["run", "--all", "--as-is"], "--as-is: not with --all or --json"),
        (["list", "--hint"], "--hint: not with 'lab list'"),
        (["show", "expired", "--listen", "127.0.0.1:0"], "--listen: not with 'lab show'"),
        (["list", "--lang", "fr"], "--lang: unknown language 'fr', expected en or ja"),
        (["check", "expired", "/nowhere/x.yaml"], "cannot open '/nowhere/x.yaml'"),
        (["send", "chromiun", "localhost:443"], "chromiun"),
    ],
)
def test_wrong_use_is_refused(lab, words, want):
    code, _, errors = lab(*words)
    assert code == 2
    assert want in errors


def test_a_bad_file_is_told_with_line_and_key(lab, scenario_file, tmp_path):
    scenario_file.write_text(SCENARIO + "bridge:\n  server-leg: {maxx: TLS1.2}\n")
    code, _, errors = lab("run", scenario_file)
    assert code == 2
    assert re.search(r"own\.yaml:11: bridge: server-leg: .*maxx", errors)
    fix = tmp_path / "fix.yaml"
    fix.write_text("brige: {}\n")
    code, _, errors = lab("check", "expired", fix)
    assert code == 2
    assert "fix.yaml:1: unknown key 'brige', expected origin, box, bridge" in errors


# Behind a proxy


def curl(proxy, url, *words):
    return subprocess.run(
        ["curl", "-sS", *words, "--max-time", "20", "--proxy", proxy.url, "--cacert", proxy.ca, url],
        capture_output=True,
        env=clean_env(),
        timeout=30,
    )


def test_each_host_breaks_as_its_scenario_says(start_midspan):
    proxy = start_midspan("--workers", "1", words=("lab", "serve"))
    hosts = [row for row in scenarios() if "host" in row]
    assert hosts
    page = curl(proxy, "http://lab.midspan.test/").stdout.decode()
    assert curl(proxy, "https://lab.midspan.test/").stdout.decode() == page
    for scheme in ("http", "https"):
        moved = curl(proxy, f"{scheme}://midspan.test/lab", "-i").stdout
        assert b"\r\nLocation: http://lab.midspan.test/\r\n" in moved
    for row in hosts:
        url = f"https://{row['host']}.midspan.test/"
        assert url in page
        proxy.settle()  # the page's connections, too
        proxy.mark()
        done = curl(proxy, url)
        proxy.wait_closed()
        causes = {event["cause"] for event in proxy.events("verdict")}
        secured = proxy.events("secured")
        masked = {cause for event in secured for cause in event["masked"]}
        if "cause" in row:
            assert row["cause"] in causes, (row["name"], causes, done.stderr)
        else:
            assert masked, row["name"]


def test_a_command_has_the_broken_hosts_behind_it():
    url = "https://expired.midspan.test/"
    done = run("exec", "--lab", "--", "curl", "-sS", "--max-time", "20", url, env=clean_env())
    assert done.returncode == 0
    assert b"cert.expired (server, proven)" in done.stdout


def test_the_log_has_standard_output_to_itself(tmp_path):
    words = [BINARY, "lab", "serve", "--listen", "127.0.0.1:0", "--log", "-", "--ca-dir", tmp_path]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as served:
        first = served.stdout.readline()  # it listens
        served.terminate()
        rest, said = served.communicate(timeout=30)
    assert [json.loads(line)["v"] for line in (first + rest).splitlines()]
    assert b"https://expired.midspan.test/" in said


def test_a_broken_host_is_explained_to_who_can_read(start_midspan):
    proxy = start_midspan(words=("lab", "serve"))
    done = curl(proxy, "https://expired.midspan.test/")
    assert b"cert.expired" in done.stdout


# A hello for real


def test_a_presets_hello_is_answered_by_a_real_server(lab, start_origin):
    origin = start_origin("s_server", max="TLS1.2")
    code, text, _ = lab("send", "chromium-156", origin.endpoint)
    assert code == 0
    assert "ServerHello, TLS 1.2" in text
    code, text, _ = lab("send", "ie-8-win7", origin.endpoint)
    assert "alert" in text or "ServerHello" in text


def test_nobody_there(lab):
    code, _, errors = lab("send", "chromium-156", "127.0.0.1:1")
    assert code == 1
    assert "transport.refused" in errors


ENGLISH = re.compile(r" (the|of|is|was|that|for|with|not|to|and|by|again) ")


@pytest.mark.parametrize(
    "name",
    [
        "client-behind", "untrusted-authority", "firewall-resets", "sslv3-only", "no-common-group", "expired",
        "missing-intermediate", "revoked-staple", "self-signed-replaced", "client-without-sni",
    ],
)
def test_japanese_throughout(lab, name):
    """Ladder, verdict, proof and narration: what is left of English was said by TLS or by a peer."""
    code, text, _ = lab("run", name, "--lang", "ja")
    left = [line for line in text.splitlines() if ENGLISH.search(line)]
    assert code == 0 and "根拠" in text and not left, left


COURSE = Path(__file__).resolve().parents[2] / "docs" / "labs"


@pytest.mark.parametrize("language", ["", "ja"])
def test_the_course_can_be_followed_in_one_folder(language):
    """`lab show --start` takes no file that is there: an earlier lesson's name would stop a student."""
    pages = sorted((COURSE / language).glob("[1-9]-*.md"))
    files = [file for page in pages for file in re.findall(r"--start (\S+)", page.read_text())]
    assert len(files) >= 6 and len(files) == len(set(files)), files


@pytest.mark.parametrize("language", ["", "ja"])
def test_the_course_names_what_there_is(language):
    pages = sorted((COURSE / language).glob("[1-9]-*.md"))
    assert len(pages) == 7
    names = {row["name"] for row in scenarios()}
    for page in pages:
        said = set(re.findall(r"midspan lab (?:run|show|check) ([a-z0-9-]+)", page.read_text()))
        assert len(said) >= 3 and said <= names, (page.name, said - names)
