//! Text with holes, and what fills them.

use std::fmt;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Text with holes that are filled for each request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Template {
    /// Text without holes.
    Fixed(String),
    /// Parts in order.
    Parts(Vec<Part>),
}

/// One part of a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Part {
    /// Text as it stands.
    Text(String),
    /// Text as it stands, which no report, log or sample may show.
    Secret(String),
    /// What is known only when the request is made.
    Hole(Hole),
}

impl Template {
    /// The text of every rendering, secrets included; `None` when there are holes.
    pub fn fixed_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Fixed(text) => Some(Cow::Borrowed(text)),
            Self::Parts(parts) => {
                let texts = parts.iter().map(|part| match part {
                    Part::Text(text) | Part::Secret(text) => Some(text.as_str()),
                    Part::Hole(_) => None,
                });
                texts.collect::<Option<String>>().map(Cow::Owned)
            }
        }
    }
}

impl Part {
    /// A hole that a saved value fills.
    pub fn variable(index: usize, encode: Encode) -> Self {
        Self::Hole(Hole { value: Expr::Variable(index), encode })
    }

    /// A hole that the result of a function fills.
    pub fn call(function: Function, arguments: Vec<Expr>, encode: Encode) -> Self {
        Self::Hole(Hole { value: Expr::Call { function, arguments }, encode })
    }
}

/// A hole of a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hole {
    /// What fills it.
    pub value: Expr,
    /// How the value is written here.
    #[serde(default)]
    pub encode: Encode,
}

/// A value that is computed for each request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Expr {
    /// A constant text.
    Text(String),
    /// A constant text that may not be shown; nor may anything that is made of it.
    Secret(String),
    /// A constant JSON value other than a text: its JSON form.
    Json(String),
    /// A saved value, by index into [`super::Plan::variables`].
    Variable(usize),
    /// A column of the row that the user or iteration has.
    Column {
        /// Index into [`super::Plan::data`].
        data: usize,
        /// Index into [`super::DataSet::columns`].
        column: usize,
    },
    /// Part of a JSON value, or of a text that is JSON, such as `.price` of an item: a JSON path that starts at the
    /// value.
    Member {
        /// The JSON value.
        of: Box<Expr>,
        /// See [`crate::json_path`].
        path: String,
    },
    /// Texts and values one after the other, as one text.
    Join(Vec<Expr>),
    /// The result of a function.
    Call {
        /// Which one.
        function: Function,
        /// Its arguments, in order; Python's `kilobar.scenario.functions` says how many and of what kind.
        arguments: Vec<Expr>,
    },
}

/// A function of the scenario language. The serialised name is the one in scenarios.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Function {
    /// A random UUID (version 4).
    #[serde(rename = "uuid")]
    Uuid,
    /// (min, max): a random whole number, both included.
    #[serde(rename = "random.int")]
    RandomInt,
    /// (min, max, decimals = 2): a random decimal number, both included.
    #[serde(rename = "random.float")]
    RandomFloat,
    /// (value, value, ...): one of them.
    #[serde(rename = "random.choice")]
    RandomChoice,
    /// (length, alphabet = letters and digits): a random text.
    #[serde(rename = "random.string")]
    RandomString,
    /// (domain = "example.com"): a random address.
    #[serde(rename = "random.email")]
    RandomEmail,
    /// (start = 1, step = 1): the number of this iteration, of which no other iteration of the run has the same; it
    /// stays the same within the iteration.
    #[serde(rename = "counter")]
    Counter,
    /// (pattern = "rfc3339", offset = "0s"): the time of day, UTC. A pattern is `rfc3339` (with milliseconds), `http`,
    /// `unix`, `unix_ms` or has letters after `%` as in `strftime`: `Y y m d H I M S L f p j a A b B s z Z F T %`, where
    /// `L` are milliseconds and `f` microseconds. A time is RFC 3339, also without zone or time, or seconds since 1970;
    /// whole numbers of twelve digits or more are milliseconds.
    #[serde(rename = "now")]
    Now,
    /// (time, pattern): a time written another way.
    #[serde(rename = "time.format")]
    TimeFormat,
    /// (time, duration): a later or earlier time, RFC 3339.
    #[serde(rename = "time.add")]
    TimeAdd,
    /// (number, number, ...): the sum, exact for decimals.
    #[serde(rename = "add")]
    Add,
    /// (text): base64.
    #[serde(rename = "base64")]
    Base64,
    /// (text): base64 with the URL alphabet and without padding.
    #[serde(rename = "base64.url")]
    Base64Url,
    /// (base64): the text.
    #[serde(rename = "base64.decode")]
    Base64Decode,
    /// (text): percent-encoded.
    #[serde(rename = "url.encode")]
    UrlEncode,
    /// (text): percent-decoded.
    #[serde(rename = "url.decode")]
    UrlDecode,
    /// (text): hexadecimal digest.
    #[serde(rename = "md5")]
    Md5,
    /// (text): hexadecimal digest.
    #[serde(rename = "sha1")]
    Sha1,
    /// (text): hexadecimal digest.
    #[serde(rename = "sha256")]
    Sha256,
    /// (key, text, encoding = "hex" | "base64"): keyed digest.
    #[serde(rename = "hmac.md5")]
    HmacMd5,
    /// (key, text, encoding = "hex" | "base64"): keyed digest.
    #[serde(rename = "hmac.sha1")]
    HmacSha1,
    /// (key, text, encoding = "hex" | "base64"): keyed digest.
    #[serde(rename = "hmac.sha256")]
    HmacSha256,
    /// (algorithm, claims as JSON, key): a signed JSON Web Token; HS256, HS384, HS512, RS256 with a PEM key. The
    /// algorithm is a constant.
    #[serde(rename = "jwt")]
    Jwt,
    /// (value): the text of it as a whole JSON value, texts in quotes.
    #[serde(rename = "json")]
    Json,
    /// (text): as it stands between the quotes of a JSON text.
    #[serde(rename = "json.escape")]
    JsonEscape,
    /// (text): in lower case.
    #[serde(rename = "lower")]
    Lower,
    /// (text): in upper case.
    #[serde(rename = "upper")]
    Upper,
    /// (text): without white space at both ends.
    #[serde(rename = "trim")]
    Trim,
    /// (JSON array, object or text): how many entries or characters. Whatever is neither array nor object is a text.
    #[serde(rename = "length")]
    Length,
}

/// The name in scenarios.
impl fmt::Display for Function {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        self.serialize(out)
    }
}

/// How a value is written at its place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encode {
    /// As it is.
    #[default]
    Raw,
    /// Bytes that may not stand in a path or query at all are percent-encoded; reserved ones stay.
    Url,
    /// As one value of a query string or form: everything but unreserved bytes is percent-encoded.
    Form,
    /// Inside the quotes of a JSON string.
    JsonString,
    /// As a whole JSON value: a number stays a number, a text gets quotes.
    JsonValue,
}
