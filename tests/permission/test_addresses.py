"""An address has one reading, and a rule names a host only if a reader would say so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archnb.permission.addresses import AddressError, host_rule, parse

NORMAL = [
    ("https://docs.example.org", "https://docs.example.org/"),
    ("HTTP://Docs.Example.ORG:80/A?b#c", "http://docs.example.org/A?b"),
    ("https://docs.example.org.:443/", "https://docs.example.org/"),
    ("https://docs.example.org:8443/x", "https://docs.example.org:8443/x"),
    ("http://docs.example.org:443/", "http://docs.example.org:443/"),
    ("https://a.example/x/../y/./z/..", "https://a.example/y/"),
    ("https://a.example/x/%2e%2E/y", "https://a.example/y"),
    ("https://a.example/../../x", "https://a.example/x"),
    ("https://a.example/%73ecret%2fx%zz", "https://a.example/secret%2Fx%25zz"),
    ('https://a.example/{"ü"}?q=<ü>', "https://a.example/%7B%22%C3%BC%22%7D?q=%3C%C3%BC%3E"),
    ("https://a.example//x//", "https://a.example//x//"),
    ("https://a.example?q", "https://a.example/?q"),
    ("https://bücher.example/", "https://xn--bcher-kva.example/"),
    ("https://p\u0443thon.org/", "https://xn--pthon-eze.org/"),
    ("http://\u2461.\u24ea.\u24ea.\u2460/", "http://2.0.0.1/"),
    ("http://8。8。8。8/", "http://8.8.8.8/"),
    ("http://[2606:4700:0:0::1111]:8080/", "http://[2606:4700::1111]:8080/"),
    ("http://_dmarc.a-b.example/", "http://_dmarc.a-b.example/"),
]

REFUSED = [
    ("", "must start with"),
    ("docs.example.org", "must start with"),
    ("file:///etc/passwd", "must start with"),
    ("ftp://x/", "must start with"),
    ("javascript:alert(1)", "must start with"),
    ("data:text/html,x", "must start with"),
    (" https://a.example/", "must start with"),
    ("https:/a.example/", "must start with"),
    ("https:///x", "names no host"),
    ("https://", "names no host"),
    ("https://?q", "names no host"),
    ("https://:80/", "names no host"),
    ("https://a.example:/", "names no host"),
    ("https://a.example:0/", "no port"),
    ("https://a.example:65536/", "no port"),
    ("https://a.example:" + "9" * 5000 + "/", "no port"),
    ("https://a.example:+80/", "names no host"),
    ("https://a.example:8\u0660/", "names no host"),
    ("https://a.example:80:80/", "names no host"),
    ("https://docs.example.org@evil.example/", "user name"),
    ("https://u:p@a.example/", "user name"),
    ("https://a.example%40evil.example/", "no valid name"),
    ("https://a.example%00.evil.example/", "no valid name"),
    ("https://evil.example\\@a.example/", "backslash"),
    ("https://a.example/\\..\\x", "backslash"),
    ("https://a.example\0.evil.example/", "cannot be seen"),
    ("https://a.example/\r\nHost: x", "cannot be seen"),
    ("https://a.example/a b", "cannot be seen"),
    ("https://a.exam\u00adple/", "cannot be seen"),
    ("https://a.example/\u202egnp.exe", "cannot be seen"),
    ("https://a.example/\ud800", "cannot be seen"),
    ("https://a..example/", "no valid name"),
    ("https://-a.example/", "no valid name"),
    ("https://*.example/", "no valid name"),
    ("https://" + "a" * 64 + ".example/", "no valid name"),
    ("https://" + "a." * 127 + "example/", "no valid name"),
    ("https://\u2100.example/", "international name"),
    ("http://127.1/", "usual form"),
    ("http://0x7f.1/", "usual form"),
    ("http://2130706433/", "usual form"),
    ("http://0177.0.0.1/", "usual form"),
    ("http://127.0.0.01/", "usual form"),
    ("http://127.0.0.0x1/", "usual form"),
    ("http://1.2.3.4.5/", "usual form"),
    ("http://256.1.1.1/", "usual form"),
    ("http://a.example.1/", "usual form"),
    ("http://[fe80::1%25eth0]/", "names no host"),
    ("http://[::1/", "names no host"),
    ("http://[::1]x/", "names no host"),
    ("http://::1/", "names no host"),
    ("http://[1::2::3]/", "no IPv6 address"),
    ("http://[127.0.0.1]/", "no IPv6 address"),
    ("https://a.example/" + "x" * 2048, "longer than"),
    ("https://a.example/?" + "ü" * 500, "longer than"),
]

URL = "https://docs.example.org/api/v1?q=1"
NAMES = [
    ("https://docs.example.org/*", URL, True),
    ("HTTPS://DOCS.example.org/*", URL, True),
    ("docs.example.org/*", URL, True),
    ("docs.example.org", URL, True),
    ("docs.example.org.", URL, True),
    ("https://docs.example.org:443/*", URL, True),
    ("*.example.org", URL, True),
    ("*.example.org/*", URL, True),
    ("https://*.example.org/*", URL, True),
    ("*.example.org", "https://a.b.example.org/", True),
    ("http*://docs.example.org/*", URL, True),
    ("https://docs.example.org/api/*", URL, True),
    (URL, URL, True),
    ("https://bücher.example/*", "https://xn--bcher-kva.example/a", True),
    ("http://8.8.8.8/*", "http://8.8.8.8/", True),
    ("http://[2606:4700::0:1111]/*", "http://[2606:4700::1111]/x", True),
    ("*", URL, False),
    ("**", URL, False),
    ("", URL, False),
    ("*/*", URL, False),
    ("http*", URL, False),
    ("https://*", URL, False),
    ("https://**/*", URL, False),
    ("https*docs.example.org/*", URL, False),
    ("*docs.example.org/*", URL, False),
    ("https://docs.example.or?/*", URL, False),
    ("https://docs.*.org/*", URL, False),
    ("https://docs.example.org*", URL, False),
    ("https://docs.example.org*", "https://docs.example.org.evil.example/", False),
    ("https://*.org/*", URL, False),
    ("*.*", URL, False),
    ("*.example.org", "https://example.org/", False),
    ("*.example.org", "https://notexample.org/", False),
    ("example.org", URL, False),
    ("example.org", "https://evil-example.org/", False),
    ("docs.example.org/*", "https://docs.example.org.evil.example/", False),
    ("docs.example.org/*", "https://docs.example.org@evil.example/", False),
    ("docs.example.org/*", "https://evil.example/docs.example.org/", False),
    ("docs.example.org/*", "https://evil.example\\@docs.example.org/", False),
    ("docs.example.org/*", "https://evil.example\0.docs.example.org/", False),
    ("http://docs.example.org/*", URL, False),
    ("https://docs.example.org/*", "https://docs.example.org:8443/", False),
    ("https://docs.example.org:8443/*", URL, False),
    ("https://docs.example.org:8443/*", "https://docs.example.org:8443/", True),
    ("https://docs.example.org/public/*", URL, False),
    ("https://docs.example.org/api/*", "https://docs.example.org/api/../private", False),
    ("https://docs.example.org/api/*", "https://docs.example.org/api/%2e%2e/private", False),
    ("https://docs.example.org/api/*", "https://docs.example.org/api/..%2fprivate", False),
    ("https://docs.example.org/*", "https://docs.example.org/a%2fb", True),
    ("*.0.0.1", "http://9.0.0.1/", False),
    ("https://python.org/*", "https://p\u0443thon.org/", False),
]


@pytest.mark.parametrize(("text", "expected"), NORMAL)
def test_normal_form(text, expected):
    assert str(parse(text)) == expected
    assert str(parse(expected)) == expected


@pytest.mark.parametrize(("text", "reason"), REFUSED, ids=lambda text: repr(text)[:60])
def test_refused(text, reason):
    with pytest.raises(AddressError, match=reason):
        parse(text)


@pytest.mark.parametrize(("pattern", "url", "expected"), NAMES)
def test_host_rule(pattern, url, expected):
    assert host_rule(pattern, url) is expected


@given(st.text(alphabet=st.sampled_from("abc.:/@?#%[]\\x01\u2024\u3002\u24ea-_*&= é"), max_size=40))
def test_an_address_that_is_read_reads_the_same_again_for_everybody(text):
    from urllib.parse import urlsplit

    try:
        address = parse(f"https://{text}")
    except AddressError:
        return
    split = urlsplit(str(address))
    assert parse(str(address)) == address
    assert (split.hostname, split.port or 443) == (address.host, address.port)
    assert (split.username, split.fragment) == (None, "")
