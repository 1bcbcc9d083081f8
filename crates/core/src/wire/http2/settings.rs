//! What a server allows a client, and what we allow it (RFC 9113, section 6.5).

use super::error::ConnectionError;
use super::frame::{MAX_PAYLOAD_BYTES, flag, kind, write_frame};
use super::hpack::TABLE_BYTES;

/// Bytes of body that may come unasked on a stream: enough for 8 Gbit/s at 16 ms.
pub const STREAM_WINDOW_BYTES: u32 = 16 << 20;
/// Bytes of body that may come unasked on all streams of a connection.
pub const CONNECTION_WINDOW_BYTES: u32 = 64 << 20;
/// The window that both sides have at the beginning.
pub const DEFAULT_WINDOW_BYTES: u32 = 65_535;
/// The largest window.
pub const MAX_WINDOW_BYTES: i64 = (1 << 31) - 1;

const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

mod id {
    pub const HEADER_TABLE_SIZE: u16 = 1;
    pub const ENABLE_PUSH: u16 = 2;
    pub const MAX_CONCURRENT_STREAMS: u16 = 3;
    pub const INITIAL_WINDOW_SIZE: u16 = 4;
    pub const MAX_FRAME_SIZE: u16 = 5;
}

/// Appends what a client says first: the preface, our settings, and the window of the connection.
pub fn write_opening(out: &mut Vec<u8>) {
    out.extend_from_slice(PREFACE);
    let mut settings = Vec::with_capacity(12);
    for (id, value) in [(id::ENABLE_PUSH, 0), (id::INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES)] {
        settings.extend_from_slice(&id.to_be_bytes());
        settings.extend_from_slice(&value.to_be_bytes());
    }
    write_frame(kind::SETTINGS, 0, 0, &settings, out);
    let more = CONNECTION_WINDOW_BYTES - DEFAULT_WINDOW_BYTES;
    write_frame(kind::WINDOW_UPDATE, 0, 0, &more.to_be_bytes(), out);
}

/// Appends that we know the server's settings.
pub fn write_ack(out: &mut Vec<u8>) {
    write_frame(kind::SETTINGS, flag::ACK, 0, &[], out);
}

/// What a server allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerSettings {
    /// Streams that may be open at once.
    pub max_concurrent_streams: u32,
    /// The window of a new stream, in bytes.
    pub window_bytes: u32,
    /// The largest payload of a frame.
    pub max_payload_bytes: usize,
    /// The size of the table that it would keep for us.
    pub table_bytes: u32,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            max_concurrent_streams: u32::MAX,
            window_bytes: DEFAULT_WINDOW_BYTES,
            max_payload_bytes: MAX_PAYLOAD_BYTES,
            table_bytes: TABLE_BYTES as u32,
        }
    }
}

impl ServerSettings {
    /// Takes in the payload of a SETTINGS frame. Settings that we do not know are ignored, as the RFC asks.
    ///
    /// # Errors
    /// A payload that is cut, or a value that a setting cannot have.
    pub fn apply(&mut self, payload: &[u8]) -> Result<(), ConnectionError> {
        let (settings, rest) = payload.as_chunks::<6>();
        if !rest.is_empty() {
            return Err(ConnectionError::FrameSize(kind::name(kind::SETTINGS)));
        }
        for &[a, b, value @ ..] in settings {
            let value = u32::from_be_bytes(value);
            match u16::from_be_bytes([a, b]) {
                id::HEADER_TABLE_SIZE => self.table_bytes = value,
                id::ENABLE_PUSH if value != 0 => {
                    return Err(ConnectionError::Setting { name: "ENABLE_PUSH", value });
                }
                id::MAX_CONCURRENT_STREAMS => self.max_concurrent_streams = value,
                id::INITIAL_WINDOW_SIZE if i64::from(value) > MAX_WINDOW_BYTES => {
                    return Err(ConnectionError::Setting { name: "INITIAL_WINDOW_SIZE", value });
                }
                id::INITIAL_WINDOW_SIZE => self.window_bytes = value,
                id::MAX_FRAME_SIZE if !(MAX_PAYLOAD_BYTES..1 << 24).contains(&(value as usize)) => {
                    return Err(ConnectionError::Setting { name: "MAX_FRAME_SIZE", value });
                }
                id::MAX_FRAME_SIZE => self.max_payload_bytes = value as usize,
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(settings: &[(u16, u32)]) -> Result<ServerSettings, ConnectionError> {
        let pair = |&(id, value): &(u16, u32)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat();
        let payload: Vec<u8> = settings.iter().flat_map(pair).collect();
        let mut server = ServerSettings::default();
        server.apply(&payload).map(|()| server)
    }

    #[test]
    fn known_settings_are_taken_and_unknown_ones_ignored() {
        let server = applied(&[(1, 0), (2, 0), (3, 7), (4, 1000), (5, 20_000), (6, 1), (0x99, 5), (3, 8)]);
        assert_eq!(
            server.unwrap(),
            ServerSettings {
                max_concurrent_streams: 8,
                window_bytes: 1000,
                max_payload_bytes: 20_000,
                table_bytes: 0
            }
        );
    }

    #[test]
    fn impossible_values_are_refused() {
        for (id, value) in [(2, 1), (4, 1 << 31), (5, 16_383), (5, 1 << 24)] {
            assert!(matches!(applied(&[(id, value)]), Err(ConnectionError::Setting { .. })), "{id} {value}");
        }
        let cut = ServerSettings::default().apply(&[0, 3, 0, 0, 0]);
        assert_eq!(cut, Err(ConnectionError::FrameSize("SETTINGS")));
    }
}
