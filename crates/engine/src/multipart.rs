//! Bodies of the type `multipart/form-data` (RFC 7578), written as browsers write them.

use std::borrow::Cow;
use std::rc::Rc;

use kilobar_core::plan::{BodyPart, PartContent, Template};
use kilobar_core::random::Random;
use kilobar_core::wire::http1::is_header_value;
use memchr::memmem;

use crate::files::Files;
use crate::message::Message;

/// RFC 2046, section 5.1.1.
const MAX_BOUNDARY_BYTES: usize = 70;

/// A multipart body made ready: files are read, names are escaped.
pub struct Multipart {
    parts: Vec<ReadyPart>,
    content_type: Given,
    /// Occurs in none of the files, and in none of the texts that never change.
    boundary: String,
}

struct ReadyPart {
    /// The header lines up to the file name.
    head: String,
    /// Index of the rendered value that is the file name.
    filename: Option<usize>,
    /// The line `content-type`, or nothing.
    content_type: String,
    content: Content,
}

enum Content {
    /// Index of the rendered value.
    Text(usize),
    File(Rc<[u8]>),
}

/// What the step itself says of the type of its body.
enum Given {
    /// Type and boundary: it is meant just so.
    Whole(String),
    /// The type, to which the boundary is added.
    Type(String),
}

fn add(take: &mut impl FnMut(Piece<'_>), texts: &[&str]) {
    texts.iter().for_each(|text| take(Piece::Text(text)));
}

/// A stretch of a body.
enum Piece<'a> {
    Text(&'a str),
    File(&'a Rc<[u8]>),
}

impl Multipart {
    /// Reads the files of `parts`; templates are appended to `templates`, from which values are taken by index later.
    ///
    /// # Errors
    /// In words, when a file cannot be read or a header of a part would be broken.
    pub fn new(
        parts: &[BodyPart],
        content_type: Option<&str>,
        random: &mut Random,
        files: &mut Files,
        templates: &mut Vec<Template>,
    ) -> Result<Self, String> {
        let mut add = |template: &Template| {
            templates.push(template.clone());
            templates.len() - 1
        };
        let mut ready = Vec::with_capacity(parts.len());
        for part in parts {
            let content_type = match &part.content_type {
                Some(name) if !is_header_value(name.as_bytes()) => {
                    return Err(format!("the content type of the part {:?} holds a line break", part.name));
                }
                Some(name) => format!("content-type: {name}\r\n"),
                None => String::new(),
            };
            ready.push(ReadyPart {
                head: format!("content-disposition: form-data; name=\"{}\"", escaped(&part.name)),
                filename: part.filename.as_ref().map(&mut add),
                content_type,
                content: match &part.content {
                    PartContent::Text(text) => Content::Text(add(text)),
                    PartContent::File(path) => Content::File(files.read(path)?),
                },
            });
        }
        let mut ready =
            Self { parts: ready, content_type: Given::of(content_type)?, boundary: String::new() };
        ready.boundary = match &ready.content_type {
            Given::Whole(whole) => boundary_in(whole).unwrap_or_default().to_owned(),
            Given::Type(_) => ready.free_boundary(random, |text| {
                templates
                    .iter()
                    .filter_map(Template::fixed_text)
                    .any(|fixed| contains(fixed.as_bytes(), text))
            }),
        };
        Ok(ready)
    }

    /// The boundary for these values: usually the one chosen at the start, so that the numbers that a user draws for
    /// its templates do not depend on it.
    pub fn boundary<'a, 'b>(&'a self, value: impl Fn(usize) -> &'b str, random: &mut Random) -> Cow<'a, str> {
        let occurs = |boundary: &str| {
            self.parts.iter().any(|part| {
                let content = if let Content::Text(index) = part.content { Some(index) } else { None };
                let mut values = content.into_iter().chain(part.filename);
                values.any(|index| contains(value(index).as_bytes(), boundary))
            })
        };
        match self.content_type {
            Given::Type(_) if occurs(&self.boundary) => Cow::Owned(self.free_boundary(random, occurs)),
            _ => Cow::Borrowed(&self.boundary),
        }
    }

    /// The value of the `content-type` header.
    pub fn content_type(&self, boundary: &str) -> String {
        match &self.content_type {
            Given::Whole(whole) => whole.clone(),
            Given::Type(name) => format!("{name}; boundary={boundary}"),
        }
    }

    /// How many bytes [`Multipart::write`] will add.
    pub fn length<'a>(&self, boundary: &str, value: impl Fn(usize) -> &'a str) -> usize {
        let mut length = 0;
        self.each(boundary, value, |piece| {
            length += match piece {
                Piece::Text(text) => text.len(),
                Piece::File(content) => content.len(),
            }
        });
        length
    }

    /// Adds the body to a message.
    pub fn write<'a>(&self, boundary: &str, value: impl Fn(usize) -> &'a str, message: &mut Message) {
        self.each(boundary, value, |piece| match piece {
            Piece::Text(text) => message.bytes_mut().extend_from_slice(text.as_bytes()),
            Piece::File(content) => message.push_file(content),
        });
    }

    fn each<'a>(&self, boundary: &str, value: impl Fn(usize) -> &'a str, mut take: impl FnMut(Piece<'_>)) {
        for part in &self.parts {
            let filename = part.filename.map(|index| escaped(value(index)));
            add(&mut take, &["--", boundary, "\r\n", &part.head]);
            if let Some(filename) = &filename {
                add(&mut take, &["; filename=\"", filename, "\""]);
            }
            add(&mut take, &["\r\n", &part.content_type, "\r\n"]);
            take(match &part.content {
                Content::Text(index) => Piece::Text(value(*index)),
                Content::File(content) => Piece::File(content),
            });
            add(&mut take, &["\r\n"]);
        }
        add(&mut take, &["--", boundary, "--\r\n"]);
    }

    fn free_boundary(&self, random: &mut Random, occurs: impl Fn(&str) -> bool) -> String {
        loop {
            let boundary = format!("kilobar-{:016x}{:016x}", random.next_u64(), random.next_u64());
            let in_file = |part: &ReadyPart| match &part.content {
                Content::File(content) => contains(content, &boundary),
                Content::Text(_) => false,
            };
            if !self.parts.iter().any(in_file) && !occurs(&boundary) {
                return boundary;
            }
        }
    }
}

impl Given {
    fn of(content_type: Option<&str>) -> Result<Self, String> {
        match content_type {
            None => Ok(Self::Type("multipart/form-data".into())),
            Some(given) => match boundary_in(given) {
                None => Ok(Self::Type(given.to_owned())),
                Some(boundary) if (1..=MAX_BOUNDARY_BYTES).contains(&boundary.len()) => {
                    Ok(Self::Whole(given.to_owned()))
                }
                Some(_) => {
                    Err(format!("the boundary of a multipart body has 1 to {MAX_BOUNDARY_BYTES} characters"))
                }
            },
        }
    }
}

fn boundary_in(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
    })
}

fn contains(bytes: &[u8], text: &str) -> bool {
    memmem::find(bytes, text.as_bytes()).is_some()
}

/// As the HTML standard escapes names and file names: what would end the quotes or the line.
fn escaped(name: &str) -> Cow<'_, str> {
    if !name.contains(['"', '\r', '\n']) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, text: &str, filename: Option<&str>, content_type: Option<&str>) -> BodyPart {
        BodyPart {
            name: name.into(),
            content: PartContent::Text(Template::Fixed(text.into())),
            filename: filename.map(|name| Template::Fixed(name.into())),
            content_type: content_type.map(Into::into),
        }
    }

    /// The body that these parts make, and its type; texts of templates are taken from `values` if there are any.
    fn written(parts: &[BodyPart], content_type: Option<&str>, values: &[&str]) -> (String, String) {
        let mut templates = Vec::new();
        let mut random = Random::new(1);
        let multipart =
            Multipart::new(parts, content_type, &mut random, &mut Files::default(), &mut templates).unwrap();
        let fixed: Vec<_> = templates.iter().map(|template| template.fixed_text().unwrap()).collect();
        let value = |index: usize| values.get(index).copied().unwrap_or(&fixed[index]);
        let boundary = multipart.boundary(value, &mut random);
        let mut message = Message::default();
        multipart.write(&boundary, value, &mut message);
        assert_eq!(multipart.length(&boundary, value), message.after(0).len());
        let body = String::from_utf8(message.after(0).to_vec()).unwrap();
        (body, multipart.content_type(&boundary))
    }

    #[test]
    fn parts_are_written_as_browsers_write_them() {
        let parts =
            [part("a", "1", None, None), part("q\"\r\nuote", "2", Some("x \"y\".txt"), Some("text/plain"))];
        let (body, content_type) = written(&parts, None, &[]);
        let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        let expected = "--B\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n1\r\n\
            --B\r\ncontent-disposition: form-data; name=\"q%22%0D%0Auote\"; filename=\"x %22y%22.txt\"\r\n\
            content-type: text/plain\r\n\r\n2\r\n--B--\r\n";
        assert_eq!(body, expected.replace('B', boundary));
    }

    #[test]
    fn no_parts_are_an_empty_body_with_its_end() {
        let (body, content_type) = written(&[], None, &[]);
        assert_eq!(body, format!("--{}--\r\n", boundary_in(&content_type).unwrap()));
    }

    #[test]
    fn a_given_type_keeps_its_boundary_or_gets_one() {
        let parts = [part("a", "1", None, None)];
        let (body, content_type) = written(&parts, Some("multipart/mixed; Boundary=\"own\""), &[]);
        assert_eq!(content_type, "multipart/mixed; Boundary=\"own\"");
        assert!(body.starts_with("--own\r\n") && body.ends_with("--own--\r\n"));
        assert!(
            written(&parts, Some("multipart/mixed"), &[]).1.starts_with("multipart/mixed; boundary=kilobar-")
        );
    }

    #[test]
    fn a_boundary_never_occurs_in_a_value() {
        let parts = [part("a", "1", None, None)];
        let (_, content_type) = written(&parts, None, &[]);
        let usual = boundary_in(&content_type).unwrap();
        let (body, content_type) = written(&parts, None, &[&format!("x--{usual}--")]);
        let other = boundary_in(&content_type).unwrap();
        assert_ne!(other, usual);
        assert_eq!(body.matches(other).count(), 2, "at the start of the part and at the end");
    }

    #[test]
    fn broken_parts_are_refused() {
        let new = |parts: &[BodyPart], content_type| {
            let mut templates = Vec::new();
            Multipart::new(parts, content_type, &mut Random::new(1), &mut Files::default(), &mut templates)
                .err()
        };
        let bad_type = [part("a", "1", None, Some("text/plain\r\nx: y"))];
        assert_eq!(new(&bad_type, None).unwrap(), "the content type of the part \"a\" holds a line break");
        assert!(new(&[], Some("multipart/form-data; boundary=")).unwrap().contains("1 to 70"));
        let missing =
            [BodyPart { content: PartContent::File("/no/such".into()), ..part("a", "", None, None) }];
        assert!(new(&missing, None).unwrap().contains("/no/such"));
    }
}
