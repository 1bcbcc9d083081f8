//! Digests, with and without a key.

use base64::engine::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::digest::Digest;
use hmac::{EagerHash, Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use super::super::argument::{Argument, Arguments, Parameter};
use super::super::scope::Evaluation;
use super::super::value::Form;
use super::super::{RenderError, TemplateError, Value};
use crate::plan::Function;

#[derive(Clone, Copy)]
pub(super) enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// How the bytes of a digest are written.
#[derive(Clone, Copy)]
pub(super) enum Encoding {
    Hex,
    Base64,
}

impl Parameter for Encoding {
    const EXPECTED: &'static str = "hex or base64";

    fn read(value: &Value) -> Option<Self> {
        match value.text() {
            b"hex" => Some(Self::Hex),
            b"base64" => Some(Self::Base64),
            _ => None,
        }
    }
}

pub(super) enum DigestCall {
    Plain { algorithm: Algorithm, text: Argument<Value> },
    Keyed { algorithm: Algorithm, key: Argument<Value>, text: Argument<Value>, encoding: Argument<Encoding> },
}

impl DigestCall {
    pub fn new(function: Function, take: &mut Arguments) -> Result<Self, TemplateError> {
        let (keyed, algorithm) = match function {
            Function::Md5 => (false, Algorithm::Md5),
            Function::Sha1 => (false, Algorithm::Sha1),
            Function::Sha256 => (false, Algorithm::Sha256),
            Function::HmacMd5 => (true, Algorithm::Md5),
            Function::HmacSha1 => (true, Algorithm::Sha1),
            _ => (true, Algorithm::Sha256),
        };
        if !keyed {
            return Ok(Self::Plain { algorithm, text: take.required()? });
        }
        Ok(Self::Keyed {
            algorithm,
            key: take.required()?,
            text: take.required()?,
            encoding: take.optional(Encoding::Hex)?,
        })
    }

    pub fn write(&self, evaluation: &mut Evaluation, out: &mut Vec<u8>) -> Result<Form, RenderError> {
        match self {
            Self::Plain { algorithm, text } => {
                let text = text.get(evaluation)?;
                algorithm.digest(text.text(), |digest| write_hex(digest, out));
            }
            Self::Keyed { algorithm, key, text, encoding } => {
                let (key, text) = (key.get(evaluation)?, text.get(evaluation)?);
                let encoding = *encoding.get(evaluation)?;
                algorithm.keyed(key.text(), text.text(), |digest| match encoding {
                    Encoding::Hex => write_hex(digest, out),
                    Encoding::Base64 => out.extend_from_slice(STANDARD.encode(digest).as_bytes()),
                });
            }
        }
        Ok(Form::Text)
    }
}

impl Algorithm {
    fn digest(self, text: &[u8], take: impl FnOnce(&[u8])) {
        match self {
            Self::Md5 => take(&Md5::digest(text)),
            Self::Sha1 => take(&Sha1::digest(text)),
            Self::Sha256 => take(&Sha256::digest(text)),
            Self::Sha384 => take(&Sha384::digest(text)),
            Self::Sha512 => take(&Sha512::digest(text)),
        }
    }

    /// HMAC, RFC 2104.
    pub fn keyed(self, key: &[u8], text: &[u8], take: impl FnOnce(&[u8])) {
        match self {
            Self::Md5 => take(&hmac::<Md5>(key, text)),
            Self::Sha1 => take(&hmac::<Sha1>(key, text)),
            Self::Sha256 => take(&hmac::<Sha256>(key, text)),
            Self::Sha384 => take(&hmac::<Sha384>(key, text)),
            Self::Sha512 => take(&hmac::<Sha512>(key, text)),
        }
    }
}

fn hmac<D: EagerHash>(key: &[u8], text: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<D>::new_from_slice(key) else { unreachable!("HMAC takes keys of any length") };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.extend(
        bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]),
    );
}
