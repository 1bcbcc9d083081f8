//! The bytes of a connection, with or without TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;

use crate::tls::TlsStream;

#[derive(Debug)]
pub(crate) enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream>),
}

impl Transport {
    fn stream(&self) -> &TcpStream {
        match self {
            Transport::Plain(stream) => stream,
            Transport::Tls(tls) => &tls.stream,
        }
    }

    /// Reads what there is; 0 at the end.
    #[inline]
    pub(crate) fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Transport::Plain(stream) => poll_read(stream, context, into),
            Transport::Tls(tls) => tls.poll_read(context, into),
        }
    }

    /// Takes as many bytes as can be taken without waiting, 0 when none can.
    ///
    /// What TLS took is on its way only after [`flush`](Self::flush).
    #[inline]
    pub(crate) fn try_send(&mut self, data: &[u8]) -> io::Result<usize> {
        let sent = match self {
            Transport::Plain(stream) => stream.try_write(data),
            Transport::Tls(tls) => tls.try_send(data),
        };
        none_when_blocked(sent)
    }

    /// Whether bytes that were taken are still here.
    pub(crate) fn is_flushed(&self) -> bool {
        match self {
            Transport::Plain(_) => true,
            Transport::Tls(tls) => tls.is_flushed(),
        }
    }

    /// Waits until everything that was taken is with the kernel.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        if let Transport::Tls(tls) = self {
            while !tls.try_flush()? {
                tls.stream.writable().await?;
            }
        }
        Ok(())
    }

    /// Waits until some bytes can be sent.
    pub(crate) async fn writable(&mut self) -> io::Result<()> {
        self.flush().await?;
        self.stream().writable().await
    }

    /// Says that nothing follows, so that the client can tell a complete answer from a broken one.
    pub(crate) async fn end(&mut self) -> io::Result<()> {
        if let Transport::Tls(tls) = self {
            tls.queue_close();
            self.flush().await?;
        }
        rustix::net::shutdown(self.stream(), rustix::net::Shutdown::Write).map_err(io::Error::from)
    }

    /// Makes closing send a TCP reset.
    pub(crate) fn reset_when_closed(&self) -> io::Result<()> {
        self.stream().set_zero_linger()
    }
}

/// Reads once. When less than asked for came, the readiness is forgotten, which saves the read that would find nothing.
#[inline]
pub(crate) fn poll_read(
    stream: &mut TcpStream,
    context: &mut Context<'_>,
    into: &mut [u8],
) -> Poll<io::Result<usize>> {
    let mut buffer = ReadBuf::new(into);
    ready!(Pin::new(stream).poll_read(context, &mut buffer))?;
    Poll::Ready(Ok(buffer.filled().len()))
}

/// Turns "not now" into 0 bytes.
pub(crate) fn none_when_blocked(done: io::Result<usize>) -> io::Result<usize> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        done => done,
    }
}
