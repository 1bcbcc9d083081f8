//! Signed JSON Web Tokens: RFC 7519, signed as RFC 7515 and 7518 say.

use std::rc::Rc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::engine::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::super::argument::{Argument, Arguments, Parameter};
use super::super::scope::Evaluation;
use super::super::value::Form;
use super::super::{RenderError, TemplateError, Value};
use super::digest::Algorithm;
use crate::json_path::JsonPath;
use crate::plan::Function;

pub(super) struct Jwt {
    /// `{"alg":...}` as it stands in the token, and the dot after it.
    header: Box<str>,
    claims: Argument<Claims>,
    key: Key,
}

enum Key {
    Hmac(Algorithm, Argument<Value>),
    Rsa(Argument<RsaKey>),
}

#[derive(Clone, Copy)]
enum Signature {
    Hs256,
    Hs384,
    Hs512,
    Rs256,
}

impl Parameter for Signature {
    const EXPECTED: &'static str = "HS256, HS384, HS512 or RS256";

    fn read(value: &Value) -> Option<Self> {
        match value.text() {
            b"HS256" => Some(Self::Hs256),
            b"HS384" => Some(Self::Hs384),
            b"HS512" => Some(Self::Hs512),
            b"RS256" => Some(Self::Rs256),
            _ => None,
        }
    }
}

/// A JSON object.
#[derive(Clone)]
struct Claims(Value);

impl Parameter for Claims {
    const EXPECTED: &'static str = "a JSON object";

    fn read(value: &Value) -> Option<Self> {
        let whole = JsonPath::parse("$").ok()?;
        let json = whole.find(value.text()).ok()??;
        json.starts_with('{').then(|| Self(Value::from_text(json.as_bytes())))
    }
}

/// A private key in PEM, PKCS#8 or PKCS#1.
#[derive(Clone)]
struct RsaKey(Rc<RsaKeyPair>);

impl Parameter for RsaKey {
    const EXPECTED: &'static str = "an RSA private key of at least 2048 bits in PEM, PKCS#8 or PKCS#1";

    fn read(value: &Value) -> Option<Self> {
        let (_, text) = std::str::from_utf8(value.text()).ok()?.split_once("-----BEGIN ")?;
        let (label, text) = text.split_once("-----")?;
        let (body, _) = text.split_once("-----END ")?;
        // Line breaks are often lost or spelled out on the way through the environment.
        let body: String = body.replace("\\n", "").split_whitespace().collect();
        let der = STANDARD.decode(body).ok()?;
        let pair = match label {
            "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&der),
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der),
            _ => return None,
        };
        pair.ok().map(|pair| Self(Rc::new(pair)))
    }
}

impl Jwt {
    pub fn new(take: &mut Arguments) -> Result<Self, TemplateError> {
        let signature: Signature = take.constant()?;
        let claims = take.required()?;
        let (name, key) = match signature {
            Signature::Hs256 => ("HS256", Key::Hmac(Algorithm::Sha256, take.required()?)),
            Signature::Hs384 => ("HS384", Key::Hmac(Algorithm::Sha384, take.required()?)),
            Signature::Hs512 => ("HS512", Key::Hmac(Algorithm::Sha512, take.required()?)),
            Signature::Rs256 => ("RS256", Key::Rsa(take.required()?)),
        };
        let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{name}","typ":"JWT"}}"#));
        Ok(Self { header: format!("{header}.").into(), claims, key })
    }

    pub fn write(&self, evaluation: &mut Evaluation, out: &mut Vec<u8>) -> Result<Form, RenderError> {
        let start = out.len();
        let claims = self.claims.get(evaluation)?;
        out.extend_from_slice(self.header.as_bytes());
        out.extend_from_slice(URL_SAFE_NO_PAD.encode(claims.0.text()).as_bytes());
        let mut signature = String::new();
        match &self.key {
            Key::Hmac(algorithm, key) => {
                let key = key.get(evaluation)?;
                algorithm.keyed(key.text(), &out[start..], |bytes| signature = URL_SAFE_NO_PAD.encode(bytes));
            }
            Key::Rsa(key) => {
                let RsaKey(key) = &*key.get(evaluation)?;
                let mut bytes = vec![0; key.public_modulus_len()];
                // This padding is not random, so the generator is asked for nothing.
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &out[start..], &mut bytes).map_err(
                    |_| RenderError::Argument {
                        function: Function::Jwt,
                        number: 3,
                        expected: RsaKey::EXPECTED,
                    },
                )?;
                signature = URL_SAFE_NO_PAD.encode(bytes);
            }
        }
        out.push(b'.');
        out.extend_from_slice(signature.as_bytes());
        Ok(Form::Text)
    }
}
