//! Tunnels through an HTTP proxy (`CONNECT`, RFC 9110, section 9.3.6).

use std::io;

use kilobar_core::plan::{Origin, Proxy};
use kilobar_core::stats::ErrorClass;
use kilobar_core::url::host_and_port;
use kilobar_core::wire::http1::{
    KeepHead, Limits, Progress, RequestMethod, ResponseReader, write_request_head,
};
use tokio::net::TcpStream;

use crate::dial::Failure;

const LIMITS: Limits = Limits { max_head_bytes: 64 * 1024, max_body_bytes: u64::MAX };
/// How much of what the proxy says of its refusal is shown.
const SHOWN_REASON_BYTES: usize = 100;

/// Asks the proxy at the other end of `stream` for a tunnel to `origin`; from then on the stream leads there.
///
/// # Errors
/// Class `connect`, with the proxy's own words when it refused.
pub async fn open_tunnel(stream: &TcpStream, proxy: &Proxy, origin: &Origin) -> Result<(), Failure> {
    let target = host_and_port(&origin.host, origin.port);
    let at = host_and_port(&proxy.host, proxy.port);
    let failed = |what: String| Failure::new(ErrorClass::Connect, format!("the proxy {at} {what}"));
    let broken = |error: io::Error| failed(format!("broke the connection: {error}"));
    let mut head = Vec::new();
    let authorization = proxy.authorization.as_deref().map(|value| ("proxy-authorization", value));
    let agent = ("user-agent", concat!("kilobar/", env!("CARGO_PKG_VERSION")));
    write_request_head(
        &mut head,
        "CONNECT",
        &target,
        &target,
        [agent].into_iter().chain(authorization),
        None,
    )
    .map_err(|error| failed(format!("cannot be asked: {error}")))?;
    send(stream, &head).await.map_err(broken)?;
    let mut reader = ResponseReader::new(LIMITS);
    reader.begin(RequestMethod::Connect);
    reader.keep_head(KeepHead::Always);
    let leftover = read_head(stream, &mut reader).await.map_err(broken)?;
    match (reader.status(), leftover) {
        (200..300, Some(0)) => Ok(()),
        (200..300, _) => Err(failed("sent bytes through the tunnel before they were asked for".into())),
        (status, _) => {
            let reason = reason_of(reader.head());
            Err(failed(format!("answered {status}{reason} to CONNECT {target}")))
        }
    }
}

async fn send(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads until the final head is there. How many bytes came after it, if it is the end of the response.
async fn read_head(stream: &TcpStream, reader: &mut ResponseReader) -> io::Result<Option<usize>> {
    let mut buffer = [0; 4096];
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    loop {
        stream.readable().await?;
        let read = match stream.try_read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            read => read?,
        };
        let progress = match read {
            0 => reader.end_of_stream(),
            _ => reader.feed(&buffer[..read], None),
        };
        match progress.map_err(invalid)? {
            Progress::Done { used } => return Ok(Some(read - used)),
            Progress::More if reader.status() != 0 => return Ok(None),
            Progress::More => {}
        }
    }
}

/// The reason phrase with a space before it, or nothing.
fn reason_of(head: &[u8]) -> String {
    let line = head.split(|&byte| byte == b'\r' || byte == b'\n').next().unwrap_or_default();
    let reason = line.splitn(3, |&byte| byte == b' ').nth(2).unwrap_or_default();
    let reason = String::from_utf8_lossy(&reason[..reason.len().min(SHOWN_REASON_BYTES)]).into_owned();
    if reason.is_empty() { reason } else { format!(" {reason}") }
}

#[cfg(test)]
mod tests;
