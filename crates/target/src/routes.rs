//! The paths that exist, and the names they are counted under.

/// What a path asks for. The number of these bounds the counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    Root,
    Bytes,
    Status,
    Delay,
    Chunked,
    Slow,
    CloseDelimited,
    Echo,
    Inspect,
    Headers,
    Html,
    HtmlSubmit,
    Xml,
    Compressed,
    Redirect,
    RedirectTo,
    Cookies,
    CookiesSet,
    CookiesClear,
    AuthBasic,
    AuthBearer,
    Expect,
    ExpectRefuse,
    Counter,
    JobsStart,
    Job,
    FaultReset,
    FaultClose,
    FaultHalf,
    FaultHalfHead,
    FaultGarbage,
    FaultEndlessHeader,
    FaultEndlessBody,
    FaultNever,
    FaultExtra,
    FaultStale,
    FaultWrongLength,
    FaultEarly,
    FaultFlaky,
    Login,
    Session,
    Items,
    Item,
    Orders,
    Control,
    Unknown,
}

pub(crate) const ROUTES: usize = Route::Unknown as usize + 1;

/// In the order of [`Route`].
const TEMPLATES: [&str; ROUTES] = [
    "/",
    "/bytes",
    "/status",
    "/delay",
    "/chunked",
    "/slow",
    "/close-delimited",
    "/echo",
    "/inspect",
    "/headers",
    "/html",
    "/html/submit",
    "/xml",
    "/compressed",
    "/redirect",
    "/redirect-to",
    "/cookies",
    "/cookies/set",
    "/cookies/clear",
    "/auth/basic",
    "/auth/bearer",
    "/expect",
    "/expect/refuse",
    "/counter",
    "/jobs/start",
    "/jobs/{id}",
    "/fault/reset",
    "/fault/close",
    "/fault/half",
    "/fault/half-head",
    "/fault/garbage",
    "/fault/endless-header",
    "/fault/endless-body",
    "/fault/never",
    "/fault/extra",
    "/fault/stale",
    "/fault/wrong-length",
    "/fault/early",
    "/fault/flaky",
    "/login",
    "/session",
    "/items",
    "/items/{id}",
    "/orders",
    "/_target",
    "(other)",
];

/// The name under which requests to the route with this number are counted.
pub(crate) fn template(index: usize) -> &'static str {
    TEMPLATES[index]
}

/// What `path` (without query) asks for, and the part of it that varies.
pub(crate) fn find(path: &str) -> (Route, &str) {
    if path == "/" {
        return (Route::Root, "");
    }
    let Some(rest) = path.strip_prefix('/') else { return (Route::Unknown, path) };
    let (first, rest) = rest.split_once('/').map_or((rest, None), |(first, rest)| (first, Some(rest)));
    match (first, rest) {
        ("bytes", Some(rest)) => (Route::Bytes, rest),
        ("status", Some(rest)) => (Route::Status, rest),
        ("delay", Some(rest)) => (Route::Delay, rest),
        ("chunked", Some(rest)) => (Route::Chunked, rest),
        ("slow", Some(rest)) => (Route::Slow, rest),
        ("close-delimited", Some(rest)) => (Route::CloseDelimited, rest),
        ("echo", rest) => (Route::Echo, rest.unwrap_or("")),
        ("inspect", rest) => (Route::Inspect, rest.unwrap_or("")),
        ("headers", Some(rest)) => (Route::Headers, rest),
        ("html", None) => (Route::Html, ""),
        ("html", Some("submit")) => (Route::HtmlSubmit, ""),
        ("xml", None) => (Route::Xml, ""),
        ("compressed", None) => (Route::Compressed, ""),
        ("redirect", Some(rest)) => (Route::Redirect, rest),
        ("redirect-to", None) => (Route::RedirectTo, ""),
        ("cookies", None) => (Route::Cookies, ""),
        ("cookies", Some("set")) => (Route::CookiesSet, ""),
        ("cookies", Some("clear")) => (Route::CookiesClear, ""),
        ("auth", Some("basic")) => (Route::AuthBasic, ""),
        ("auth", Some("bearer")) => (Route::AuthBearer, ""),
        ("expect", None) => (Route::Expect, ""),
        ("expect", Some("refuse")) => (Route::ExpectRefuse, ""),
        ("counter", None) => (Route::Counter, ""),
        ("jobs", Some("start")) => (Route::JobsStart, ""),
        ("jobs", Some(rest)) => (Route::Job, rest),
        ("fault", Some(rest)) => find_fault(rest),
        ("login", None) => (Route::Login, ""),
        ("session", None) => (Route::Session, ""),
        ("items", None) => (Route::Items, ""),
        ("items", Some(rest)) => (Route::Item, rest),
        ("orders", None) => (Route::Orders, ""),
        ("_target", Some(rest)) => (Route::Control, rest),
        _ => (Route::Unknown, path),
    }
}

fn find_fault(name: &str) -> (Route, &str) {
    let route = match name {
        "reset" => Route::FaultReset,
        "close" => Route::FaultClose,
        "half" => Route::FaultHalf,
        "half-head" => Route::FaultHalfHead,
        "garbage" => Route::FaultGarbage,
        "endless-header" => Route::FaultEndlessHeader,
        "endless-body" => Route::FaultEndlessBody,
        "never" => Route::FaultNever,
        "extra" => Route::FaultExtra,
        "stale" => Route::FaultStale,
        "wrong-length" => Route::FaultWrongLength,
        "early" => Route::FaultEarly,
        _ => match name.strip_prefix("flaky/") {
            Some(share) => return (Route::FaultFlaky, share),
            None => Route::Unknown,
        },
    };
    (route, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_leads_to_the_route_with_its_number() {
        for (index, template) in TEMPLATES.iter().enumerate() {
            let (plain, varied) = (find(template).0, find(&format!("{template}/7")).0);
            assert!([plain as usize, varied as usize].contains(&index), "{template}");
        }
    }

    #[test]
    fn the_varying_part_is_what_follows_the_name() {
        assert_eq!(find("/delay/bimodal/1ms/2ms/0.1"), (Route::Delay, "bimodal/1ms/2ms/0.1"));
        assert_eq!(find("/items/12"), (Route::Item, "12"));
        assert_eq!(find("/_target/stats"), (Route::Control, "stats"));
        assert_eq!(find("/echo/any/where"), (Route::Echo, "any/where"));
    }

    #[test]
    fn unknown_paths_share_one_name() {
        let unknown = [
            "",
            "*",
            "/nothing",
            "/bytes",
            "/fault",
            "/fault/new",
            "/login/more",
            "//",
            "/jobs",
            "/cookies/7",
        ];
        for path in unknown {
            assert_eq!(find(path).0, Route::Unknown, "{path}");
        }
    }
}
