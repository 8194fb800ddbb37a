"""Names that want to be more than names, and what a page is made of."""

from html.parser import HTMLParser

# Each is shown as it stands; none makes an element, an attribute, an expression, a second header or a formula.
PAYLOADS = (
    "<script>alert('pwned')</script>",
    "</title><script>alert('pwned')</script>",
    "</script><script src=//evil.example/x.js></script>",
    "</textarea><script>alert('pwned')</script>",
    "</style><style>*{display:none}</style>",
    "<img src=x onerror=alert('pwned')>",
    '"><img src=x onerror=alert(1)>',
    "'><img src=x onerror=alert(1)>",
    "<svg onload=alert('pwned')>",
    "<svg/onload=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<details open ontoggle=alert('pwned')>",
    "<video><source onerror=alert('pwned')>",
    "<body onload=alert('pwned')>",
    "<input autofocus onfocus=alert('pwned')>",
    '" autofocus onfocus=alert(1) x="',
    "' onmouseover='alert(1)",
    "` onclick=alert(1) `",
    "x onmouseover=alert(1) y=",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<iframe src=javascript:alert('pwned')>",
    "<object data=javascript:alert('pwned')>",
    "<embed src=//evil.example/x.swf>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<form action=//evil.example><button>Sign in</button></form>",
    "<button formaction=//evil.example>Save</button>",
    "<a href=javascript:alert('pwned')>Sign in</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>Open</a>",
    "javascript:alert('pwned')",
    "//evil.example/",
    "<b data-hx-get='/signout/' data-hx-trigger=load>x</b>",
    "<b hx-post='/signout/' hx-trigger='load'>x</b>",
    "<b data-hx-on:click=alert(1)>x</b>",
    "<template><script>alert('pwned')</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<!--><script>alert('pwned')</script>-->",
    "<![CDATA[<script>alert('pwned')</script>]]>",
    "<?xml version='1.0'?><x/>",
    "&lt;script&gt;alert('pwned')&lt;/script&gt;",
    "&amp;&quot;&#39;&nbsp;&copy",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
    "%3Cscript%3Ealert('pwned')%3C/script%3E",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "{{ 7*7 }}{% debug %}{# x #}",
    "${7*7}#{7*7}<%= 7*7 %>",
    "{% csrf_token %}{% include 'it/access.html' %}",
    "{0.__class__.__init__.__globals__} %s %(name)s %n",
    '=HYPERLINK("https://evil.example","Open")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\uff1d1+1",
    " \u200b=1+1",
    "name\r\nSet-Cookie: calwarden=stolen",
    "two\u2028lines\u2029here",
    "\x1b[31mred\x1b[0m \x07bell \x08back",
    "\u202egnp.exe\u202c \u2066isolated",
    "../../../etc/passwd%00.html?x=1#y;z",
    "Robert'); DROP TABLE sharing_person;--",
    "' OR 1=1 --",
    "LIKE 100%_\\",
    "0",
    "None",
    "x" * 240,
    "e\u0301\u0323\u0300 \U0001f469\U0001f3fd\u200d\U0001f4bb \u05e9\u05dc\u05d5\u05dd",
)
BENIGN = tuple(f"Plain name {number}" for number in range(len(PAYLOADS)))

RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # what a spreadsheet begins with
ADDRESSES = ("href", "src", "action", "formaction", "data-hx-get", "data-hx-post")


class Made(HTMLParser):
    """What a page is made of: its tags with the names of their attributes, its text, and where it leads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[tuple[str, ...]] = set()
        self.addresses: set[str] = set()
        self._text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add((tag, *sorted(name for name, _ in attrs)))
        self.addresses |= {value or "" for name, value in attrs if name in ADDRESSES}

    def handle_data(self, data):
        self._text.append(data)

    def handle_comment(self, data):
        self.tags.add(("comment", data))

    @property
    def text(self) -> str:
        return flat("".join(self._text))


def flat(text: str) -> str:
    """As a browser lays it out: white space is one space."""
    return " ".join(text.split())
