import pytest
from convrec.app.pictures import Pictures

LISTED = Pictures(("img.example.org", "*.cdn.example", "Big.Example.com"))


@pytest.mark.parametrize(
    "url",
    [
        "https://img.example.org/a.png",
        "http://img.example.org:8080/a.png?x=1",
        "https://IMG.example.org/a",
        "https://a.cdn.example/x",
        "https://a.b.cdn.example/x",
        "https://big.example.com./x",
    ],
)
def test_pictures_of_hosts_that_are_listed_are_shown(url: str) -> None:
    assert LISTED.shown(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://example.org/a.png",
        "https://img.example.org.evil.example/a.png",
        "https://evil.example/img.example.org",
        "https://cdn.example/x",
        "https://notcdn.example/x",
        "https://evil.example\\@img.example.org/",
        "https://evil.example\\.cdn.example/x",
        "https://evil.example%2f.cdn.example/x",
        "https://img.example.org@evil.example/",
        "https://user:word@img.example.org/",
        "javascript:alert(1)//img.example.org",
        "data:image/svg+xml;base64,AAAA",
        "//img.example.org/a.png",
        "/a.png",
        "https://img.example.org/a b",
        'https://img.example.org/"onerror=x\n',
        "https://[::1",
    ],
)
def test_nothing_else_is_shown(url: str) -> None:
    assert LISTED.shown(url) == ""


def test_none_shows_none_and_a_star_shows_all_that_is_a_web_address() -> None:
    assert Pictures(()).shown("https://img.example.org/a.png") == ""
    assert Pictures(("*",)).shown("https://anywhere.example/a.png") == "https://anywhere.example/a.png"
    assert Pictures(("*",)).shown("javascript:alert(1)") == ""


def test_the_policy_for_browsers_names_the_same_hosts() -> None:
    assert LISTED.sources == ("*.cdn.example", "big.example.com", "img.example.org")
    assert Pictures(()).sources == ()
    assert Pictures(("*",)).sources == ("https:", "http:")
