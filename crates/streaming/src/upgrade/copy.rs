//! Copies bytes between two connections, both ways.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::activity::Activity;

const BUFFER_BYTES: usize = 32 * 1024;
/// After one direction has ended, the other may be silent for this long: a peer that half-closed and then vanished must
/// not hold the connection for the whole idle timeout.
const HALF_CLOSED_IDLE_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// Bytes copied in each direction.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Copied {
    pub(crate) there: u64,
    pub(crate) back: u64,
}

/// Copies until both sides have ended, one fails, or nothing moves for `idle`. The end of one side's input is passed on
/// as a half-close.
pub(crate) async fn copy_both<Near, Far>(near: Near, far: Far, idle: Duration) -> io::Result<Copied>
where
    Near: AsyncRead + AsyncWrite,
    Far: AsyncRead + AsyncWrite,
{
    let activity = Activity::default();
    let (mut near_read, mut near_write) = tokio::io::split(near);
    let (mut far_read, mut far_write) = tokio::io::split(far);
    let copied = async {
        let there = copy_one(&mut near_read, &mut far_write, &activity);
        let back = copy_one(&mut far_read, &mut near_write, &activity);
        tokio::pin!(there, back);
        tokio::select! {
            bytes = &mut there => Ok(Copied { there: bytes?, back: ended_half(back, &activity).await? }),
            bytes = &mut back => Ok(Copied { back: bytes?, there: ended_half(there, &activity).await? }),
        }
    };
    tokio::select! {
        copied = copied => copied,
        () = activity.idle_for(idle) => Err(io::ErrorKind::TimedOut.into()),
    }
}

async fn ended_half(other: impl Future<Output = io::Result<u64>>, activity: &Activity) -> io::Result<u64> {
    activity.touch();
    tokio::select! {
        bytes = other => bytes,
        () = activity.idle_for(HALF_CLOSED_IDLE_TIMEOUT) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// Copies one direction and half-closes the writer.
async fn copy_one(
    reader: &mut (impl AsyncRead + Unpin),
    writer: &mut (impl AsyncWrite + Unpin),
    activity: &Activity,
) -> io::Result<u64> {
    let copied = pump(reader, writer, || activity.touch()).await?;
    writer.shutdown().await?;
    Ok(copied)
}

/// Copies until the reader's end, without closing the writer; `moved` is called for every piece.
pub(crate) async fn pump(
    reader: &mut (impl AsyncRead + Unpin + ?Sized),
    writer: &mut (impl AsyncWrite + Unpin + ?Sized),
    mut moved: impl FnMut(),
) -> io::Result<u64> {
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut copied = 0;
    loop {
        let read = reader.read(&mut buffer).await?;
        if read == 0 {
            return Ok(copied);
        }
        writer.write_all(&buffer[..read]).await?;
        writer.flush().await?;
        copied += read as u64;
        moved();
    }
}
