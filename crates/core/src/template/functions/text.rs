//! Functions from text to text.

use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD, URL_SAFE_NO_PAD};
use base64::engine::{DecodePaddingMode, Engine};

use super::super::argument::{Argument, Arguments, Parameter, Text};
use super::super::encode;
use super::super::scope::Evaluation;
use super::super::value::Form;
use super::super::{RenderError, TemplateError, Value};
use crate::plan::Function;

/// Padding is often lost on the way.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const DECODE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
const DECODE_URL: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);

pub(super) enum TextCall {
    Base64(Argument<Value>),
    Base64Url(Argument<Value>),
    Base64Decode(Argument<Decoded>),
    UrlEncode(Argument<Value>),
    UrlDecode(Argument<Value>),
    Lower(Argument<Text>),
    Upper(Argument<Text>),
    Trim(Argument<Text>),
}

/// What base64 of either alphabet stands for, with or without padding.
#[derive(Clone)]
pub(super) struct Decoded(std::rc::Rc<[u8]>);

impl Parameter for Decoded {
    const EXPECTED: &'static str = "base64";

    fn read(value: &Value) -> Option<Self> {
        let text = value.text().trim_ascii();
        let engine = if text.iter().any(|byte| matches!(byte, b'-' | b'_')) { DECODE_URL } else { DECODE };
        engine.decode(text).ok().map(|bytes| Self(bytes.into()))
    }
}

impl TextCall {
    pub fn new(function: Function, take: &mut Arguments) -> Result<Self, TemplateError> {
        Ok(match function {
            Function::Base64 => Self::Base64(take.required()?),
            Function::Base64Url => Self::Base64Url(take.required()?),
            Function::Base64Decode => Self::Base64Decode(take.required()?),
            Function::UrlEncode => Self::UrlEncode(take.required()?),
            Function::UrlDecode => Self::UrlDecode(take.required()?),
            Function::Lower => Self::Lower(take.required()?),
            Function::Upper => Self::Upper(take.required()?),
            _ => Self::Trim(take.required()?),
        })
    }

    pub fn write(&self, evaluation: &mut Evaluation, out: &mut Vec<u8>) -> Result<Form, RenderError> {
        match self {
            Self::Base64(text) => {
                out.extend_from_slice(STANDARD.encode(text.get(evaluation)?.text()).as_bytes());
            }
            Self::Base64Url(text) => {
                out.extend_from_slice(URL_SAFE_NO_PAD.encode(text.get(evaluation)?.text()).as_bytes());
            }
            Self::Base64Decode(bytes) => out.extend_from_slice(&bytes.get(evaluation)?.0),
            Self::UrlEncode(text) => encode::form(text.get(evaluation)?.text(), out),
            Self::UrlDecode(text) => percent_decode(text.get(evaluation)?.text(), out),
            Self::Lower(text) => {
                let text = text.get(evaluation)?;
                out.extend_from_slice(text.as_str().to_lowercase().as_bytes());
            }
            Self::Upper(text) => {
                let text = text.get(evaluation)?;
                out.extend_from_slice(text.as_str().to_uppercase().as_bytes());
            }
            Self::Trim(text) => out.extend_from_slice(text.get(evaluation)?.as_str().trim().as_bytes()),
        }
        Ok(Form::Text)
    }
}

/// A `%` that encodes nothing stays one, and `+` stays `+`.
fn percent_decode(mut text: &[u8], out: &mut Vec<u8>) {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    while let [byte, after @ ..] = text {
        if let (b'%', [high, low, rest @ ..]) = (byte, after)
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            out.push((high << 4 | low) as u8);
            text = rest;
        } else {
            out.push(*byte);
            text = after;
        }
    }
}
