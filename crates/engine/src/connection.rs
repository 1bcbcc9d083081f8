//! A connection to a server, plain or TLS: non-blocking reads and writes, and waiting for either.

use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::task::{Context, Poll};

use rustls::ClientConnection;
use tokio::net::TcpStream;

/// A connection. Dropping it closes it.
pub struct Connection {
    stream: TcpStream,
    tls: Option<Box<ClientConnection>>,
    /// Exchanges that were completed over it.
    pub exchanges: u32,
}

impl Connection {
    /// A plain connection.
    pub fn plain(stream: TcpStream) -> Self {
        Self { stream, tls: None, exchanges: 0 }
    }

    /// A connection whose TLS handshake is still to be made.
    pub fn tls(stream: TcpStream, session: ClientConnection) -> Self {
        Self { stream, tls: Some(Box::new(session)), exchanges: 0 }
    }

    /// Makes the TLS handshake. `true` when a session was resumed.
    pub async fn handshake(&mut self) -> io::Result<bool> {
        let Some(session) = self.tls.as_mut() else { return Ok(false) };
        loop {
            if let Err(error) = flush(session, &self.stream) {
                if error.kind() != io::ErrorKind::WouldBlock {
                    return Err(error);
                }
                poll_fn(|context| self.stream.poll_write_ready(context)).await?;
                continue;
            }
            if !session.is_handshaking() {
                return Ok(session.handshake_kind() == Some(rustls::HandshakeKind::Resumed));
            }
            poll_fn(|context| self.stream.poll_read_ready(context)).await?;
            match fill(session, &self.stream) {
                Ok(0) => {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "closed during the TLS handshake",
                    ));
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads what is there, 0 at the end of the stream. `WouldBlock` costs no system call when nothing has arrived.
    #[inline]
    pub fn try_read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.stream.try_read(buffer),
            Some(session) => read_tls(session, &self.stream, buffer),
        }
    }

    /// Writes what fits.
    #[inline]
    pub fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.stream.try_write(bytes),
            Some(session) => {
                // What rustls takes it will send; a full socket leaves the rest in its bounded buffer.
                let taken = if session.wants_write() { 0 } else { session.writer().write(bytes)? };
                match flush(session, &self.stream) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock && taken > 0 => Ok(taken),
                    Err(error) => Err(error),
                    Ok(()) if taken == 0 => Ok(session.writer().write(bytes)?),
                    Ok(()) => Ok(taken),
                }
            }
        }
    }

    /// Whether bytes that [`Connection::try_write`] took still wait for the socket.
    pub fn has_unsent(&self) -> bool {
        self.tls.as_ref().is_some_and(|session| session.wants_write())
    }

    /// Sends what [`Connection::has_unsent`] tells of.
    pub fn try_flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            Some(session) => flush(session, &self.stream),
            None => Ok(()),
        }
    }

    /// Ready when something may be read.
    #[inline]
    pub fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_read_ready(context)
    }

    /// Ready when something may be written.
    pub fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_write_ready(context)
    }
}

/// Lets rustls write to the socket without waiting.
struct Socket<'a>(&'a TcpStream);

impl Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Socket<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

fn flush(session: &mut ClientConnection, stream: &TcpStream) -> io::Result<()> {
    while session.wants_write() {
        session.write_tls(&mut Socket(stream))?;
    }
    Ok(())
}

fn fill(session: &mut ClientConnection, stream: &TcpStream) -> io::Result<usize> {
    let read = session.read_tls(&mut Socket(stream))?;
    if let Err(error) = session.process_new_packets() {
        // The alert that tells the peer why; it may be gone already.
        let _ = flush(session, stream);
        return Err(io::Error::new(io::ErrorKind::InvalidData, error));
    }
    Ok(read)
}

fn read_tls(session: &mut ClientConnection, stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match session.reader().read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            done => return done,
        }
        fill(session, stream)?;
    }
}
