//! A connection to a server, plain or TLS: non-blocking reads and writes, and waiting for either.

use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustls::ClientConnection;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;

/// A connection. Dropping it closes it, over TLS with a `close_notify`.
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
            let read = poll_fn(|context| fill(session, &mut self.stream, context)).await?;
            if read == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "closed during the TLS handshake"));
            }
        }
    }

    /// The protocol that the server chose in the TLS handshake.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.tls.as_ref()?.alpn_protocol()
    }

    /// Reads once, 0 at the end of the stream. After a read that did not fill the buffer tokio knows that nothing more
    /// is there, so that the next call costs no system call until something arrives.
    #[inline]
    pub fn poll_read(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match &mut self.tls {
            None => read_plain(&mut self.stream, context, buffer),
            Some(session) => read_tls(session, &mut self.stream, context, buffer),
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

    /// Ready when something may be written.
    pub fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_write_ready(context)
    }
}

/// Says goodbye over TLS, without waiting: servers count connections that just end as broken, and may not resume their
/// sessions.
impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(session) = self.tls.as_mut().filter(|session| !session.is_handshaking()) {
            session.send_close_notify();
            // The server may be gone already.
            let _ = flush(session, &self.stream);
        }
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

/// Lets rustls read from the socket, and its task be woken when there is nothing yet.
struct Polled<'a, 'b>(&'a mut TcpStream, &'a mut Context<'b>);

impl Read for Polled<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match read_plain(self.0, self.1, buffer) {
            Poll::Ready(read) => read,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

#[inline]
fn read_plain(
    stream: &mut TcpStream,
    context: &mut Context<'_>,
    buffer: &mut [u8],
) -> Poll<io::Result<usize>> {
    let mut read = ReadBuf::new(buffer);
    ready!(Pin::new(stream).poll_read(context, &mut read))?;
    Poll::Ready(Ok(read.filled().len()))
}

fn flush(session: &mut ClientConnection, stream: &TcpStream) -> io::Result<()> {
    while session.wants_write() {
        session.write_tls(&mut Socket(stream))?;
    }
    Ok(())
}

fn fill(
    session: &mut ClientConnection,
    stream: &mut TcpStream,
    context: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let read = match session.read_tls(&mut Polled(stream, context)) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
        read => read?,
    };
    if let Err(error) = session.process_new_packets() {
        // The alert that tells the peer why; it may be gone already.
        let _ = flush(session, stream);
        return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
    }
    Poll::Ready(Ok(read))
}

fn read_tls(
    session: &mut ClientConnection,
    stream: &mut TcpStream,
    context: &mut Context<'_>,
    buffer: &mut [u8],
) -> Poll<io::Result<usize>> {
    loop {
        match session.reader().read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            done => return Poll::Ready(done),
        }
        ready!(fill(session, stream, context))?;
    }
}
