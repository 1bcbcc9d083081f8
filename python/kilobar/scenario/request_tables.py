"""The tables of what stands in a request step: address, bodies, authentication, checks, saved values."""

from __future__ import annotations

from kilobar.scenario import tree
from kilobar.scenario.grammar import ByShape, Choice, Field, Json, ListOf, MapOf, Named, Record
from kilobar.scenario.vocabulary import (
    BODY_SIZE,
    DURATION,
    FLAG,
    GROUP,
    METHOD,
    NAME,
    PATH,
    PICK,
    REDIRECTS,
    RUN_TEXT,
    SETTING,
    STATUS,
    TRUE,
    URL,
)

SAVE_PLACES = ("json", "xpath", "css", "regex", "header", "cookie", "status", "body", "value")
SAVE_RULE = Record(
    "save rule",
    "Where in the response the value is: exactly one place. A response without it fails the step (class `extract`) "
    "unless there is a `default`. A text alone that starts with `$` is a JSON path: `save: {id: $.id}`.",
    (
        Field("json", SETTING, "A JSON path into the body. Numbers keep their digits.", '"$.items[0].id"'),
        Field("xpath", SETTING, "An XPath 1.0 expression on an HTML or XML body.", '"//input[@name=\'csrf\']/@value"'),
        Field("css", SETTING, "A CSS selector on an HTML body; the value is the text of the element.", '"a.next"'),
        Field("attribute", SETTING, "With `css`: the value is this attribute of the element.", "href"),
        Field("regex", SETTING, "A regular expression on the body, without look-around.", "\"order-([0-9]+)\""),
        Field("group", GROUP, "With `regex`: which group; 0 is the whole match.", "1",
              default="1 if there is one, else the whole match"),
        Field("header", SETTING, "A header of the response.", "location"),
        Field("cookie", SETTING, "A cookie that this response sets.", "session"),
        Field("status", TRUE, "The status code.", "true"),
        Field("body", TRUE, "The whole body, decoded.", "true"),
        Field("value", RUN_TEXT, "No place in the response: a constant, or made of other values.", '"${id}-${page}"'),
        Field("pick", PICK, "Which of several values; `all` gives a JSON array, a number is an index.", "random",
              default="first"),
        Field("default", RUN_TEXT, "Taken when there is none.", '"0"'),
    ),
    tree.save_rule,
    exclusive=(SAVE_PLACES,),
    one_of=SAVE_PLACES,
    keeps_going=True,
    example="save",
)  # fmt: skip
MATCHER = Record(
    "matcher",
    "What a value must be. All that is given must hold; each is a check of its own. A value alone means `equals`.",
    (
        Field("equals", Json(), "It is this: the same text or JSON value. Numbers compare by value.", "[1, 2]"),
        Field("ne", Json(), "It is there and not this.", "error"),
        Field("exists", FLAG, "It is there, or with `false`: it is not.", "true"),
        Field("contains", RUN_TEXT, "It contains this text.", "json"),
        Field("matches", SETTING, "A regular expression matches somewhere in it.", '"^[0-9]+$"'),
        Field("lt", RUN_TEXT, "It is a number below this one.", "5"),
        Field("le", RUN_TEXT, "It is a number of at most this.", "5"),
        Field("gt", RUN_TEXT, "It is a number above this one.", "0"),
        Field("ge", RUN_TEXT, "It is a number of at least this.", "1"),
    ),
    tree.matcher,
    one_of=("equals", "ne", "exists", "contains", "matches", "lt", "le", "gt", "ge"),
)


def _bounds(name: str, doc: str, of: Field) -> Record:
    words = {"lt": "Less than this.", "le": "At most this.", "eq": "Exactly this.", "ge": "At least this.",
             "gt": "More than this."}  # fmt: skip
    fields = tuple(of._replace(name=operator, doc=text) for operator, text in words.items())
    return Record(name, doc, fields, tree.Bounds, one_of=tuple(words))


SIZE_BOUNDS = _bounds(
    "size bounds", "Bounds of a size. All that are given must hold.", Field("", BODY_SIZE, "", "20kB")
)
TIME_BOUNDS = _bounds(
    "time bounds", "Bounds of a time. All that are given must hold.", Field("", DURATION, "", "500ms")
)
_MATCHED = ByShape(scalar=Json(), mapping=MATCHER, sequence=Json())
CHECK = Record(
    "check section",
    "What the response must be; else the step fails and ends the iteration. Each entry is a check with a name of its "
    "own in the report, such as `$.ok is true`. All are counted, also after one that failed.",
    (
        Field("name", NAME, "Stands before the names of these checks.", "the list"),
        Field(
            "status",
            ListOf(STATUS, single=True),
            "Status codes that count as success: a code, a class, a range or a list of them.",
            "[200, 201]",
            default="200-399",
        ),
        Field("size", SIZE_BOUNDS, "Size of the body after decoding.", "{lt: 20kB}"),
        Field("time", TIME_BOUNDS, "From the first byte sent to the last one received.", "{lt: 500ms}"),
        Field("header", MapOf(_MATCHED, "header"), "What headers must be.", "{content-type: {contains: json}}"),
        Field("json", MapOf(_MATCHED, "JSON path"), "What values of a JSON body must be.", "{$.ok: true}"),
        Field("xpath", MapOf(_MATCHED, "XPath"), "What values of an HTML or XML body must be.", '{"//title": Shop}'),
        Field("css", MapOf(_MATCHED, "CSS selector"), "What texts of elements must be.", "{h1: Shop}"),
        Field("regex", ListOf(SETTING, single=True), "Matches somewhere in the body.", '"order [0-9]+"'),
        Field("contains", ListOf(RUN_TEXT, single=True), "Is somewhere in the body.", "welcome"),
        Field("not", ListOf(Named("check section"), single=True), "None of these may hold.", "{contains: error}"),
        Field(
            "warn",
            ListOf(Named("check section"), single=True),
            "A failure of these is counted and nothing more.",
            "{time: {lt: 200ms}}",
        ),
    ),
    tree.Check,
    one_of=("status", "size", "time", "header", "json", "xpath", "css", "regex", "contains", "not", "warn"),
    example="checks",
)
BASIC = Record(
    "basic section",
    "User and password.",
    (
        Field("user", RUN_TEXT, "The user.", "ann", required=True),
        Field("password", RUN_TEXT, "The password.", '"${env.PASSWORD:-secret}"', required=True),
    ),
    tree.Basic,
)
AUTH = Record(
    "auth section",
    "How requests are authenticated, by the header `authorization`.",
    (
        Field("basic", BASIC, "User and password.", '{user: ann, password: "${env.PASSWORD:-secret}"}'),
        Field("bearer", RUN_TEXT, "A token.", '"${token}"'),
    ),
    tree.Auth,
    exclusive=(("basic", "bearer"),),
    one_of=("basic", "bearer"),
    example="auth",
)
PART = Record(
    "part",
    "One part of a multipart body: a text or a file. A text alone is that text.",
    (
        Field("text", RUN_TEXT, "The text.", "hello"),
        Field("file", PATH, "The file, relative to the scenario.", "photo.jpg"),
        Field("filename", RUN_TEXT, "The name that the server is told.", "photo.jpg", default="that of `file`"),
        Field("content_type", SETTING, "The type that the server is told.", "image/jpeg"),
    ),
    tree.Part,
    exclusive=(("text", "file"),),
    one_of=("text", "file"),
    example="upload",
)
REQUEST_LINE = Record(
    "request line",
    "Method and address, for methods that have no key of their own.",
    (
        Field("method", METHOD, "The method.", "PROPFIND", required=True),
        Field("url", URL, "Path below `target`, or absolute URL.", "/files", required=True),
    ),
    tree.RequestLine,
    example="methods",
)
_METHOD_FIELDS = tuple(
    Field(key, URL, f"Sends {key.upper()} to this path below `target`, or to this absolute URL.", "/items/${id}")
    for key in tree.METHOD_KEYS
)
BODIES = ("json", "form", "multipart", "body", "body_file")
REQUEST = Record(
    "request step",
    "Sends one HTTP request and waits for the whole response. Exactly one of the method keys must be there.",
    (
        *_METHOD_FIELDS,
        Field("request", REQUEST_LINE, "Any other method.", "{method: PROPFIND, url: /files}"),
        Field(
            "name",
            NAME,
            "The name it is counted under. Steps with the same name are counted together.",
            "show item",
            default="method and path, holes kept as `{id}`, query left out",
        ),
        Field(
            "params",
            MapOf(ListOf(RUN_TEXT, single=True), "parameter", holes_in_keys=True),
            "Parameters that are encoded and added to the query; a list gives a parameter several times.",
            "{page: 2, tag: [new, red]}",
        ),
        Field(
            "headers",
            MapOf(RUN_TEXT, "header"),
            "Headers, besides those of the scenario, which they replace.",
            '{authorization: "Bearer ${token}"}',
        ),
        Field("cookies", MapOf(RUN_TEXT, "cookie"), "Cookies, besides those that servers have set.", "{theme: dark}"),
        Field(
            "auth",
            ByShape(scalar=Choice(("none",)), mapping=AUTH),
            "How this request is authenticated; `none` leaves out what the scenario says.",
            '{bearer: "${token}"}',
            default="`auth` of the scenario",
        ),
        Field(
            "json",
            Json(),
            "The body as JSON. A text that is only `${x}` keeps the type of the value, numbers keep their digits.",
            '{item: "${id}", price: 1.10}',
        ),
        Field(
            "form",
            MapOf(ListOf(RUN_TEXT, single=True), "form field", holes_in_keys=True),
            "The body as a URL-encoded form.",
            "{user: ann, tag: [new, red]}",
        ),
        Field(
            "multipart",
            MapOf(ListOf(ByShape(scalar=RUN_TEXT, mapping=PART), single=True), "form field", holes_in_keys=True),
            "The body as `multipart/form-data`, for files.",
            "{title: Sunset, note: {text: hello, content_type: text/plain}}",
        ),
        Field("body", RUN_TEXT, "The body as it stands.", "\"<order id='7'/>\""),
        Field("body_file", PATH, "A file whose bytes are the body, relative to the scenario.", "order.xml"),
        Field(
            "timeout",
            DURATION,
            "Limit from the start of the request to the end of its response, connecting excluded.",
            "5s",
            default="`timeout` of the scenario",
        ),
        Field(
            "redirects",
            REDIRECTS,
            "How many redirects are followed; one more fails the step. With 0 a redirect is a response like others.",
            "5",
            default="`redirects` of the scenario",
        ),
        Field("expect", Choice(("100-continue",)), "The body is sent when the server asks for it.", "100-continue"),
        Field("check", ListOf(CHECK, single=True), "What the response must be.", "{status: 200}"),
        Field(
            "save",
            MapOf(ByShape(scalar=SETTING, mapping=SAVE_RULE), "variable"),
            "Values of the response to keep for later steps.",
            '{id: {json: "$.items[0].id"}}',
        ),
    ),
    tree.request_step,
    selectors=(*tree.METHOD_KEYS, "request"),
    exclusive=(BODIES,),
    example="first",
)
