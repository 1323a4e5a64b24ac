//! The server's end of SPDY/3.1 as kubectl speaks it, before 1.29 for everything and since then for port-forward: streams over one byte stream, without priorities
//! and without flow control, which its other end does not have either (SPDY Protocol draft 3.1; the library is
//! moby/spdystream).

mod connection;
mod frame;
mod headers;

use std::{collections::HashMap, io};

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;

pub(super) use self::connection::{Offer, converse};
use self::{
    frame::{Frame, FrameError},
    headers::{HeaderReader, HeaderWriter},
};

/// How many chunks of a stream may wait for their reader before the whole connection waits.
const QUEUE: usize = 32;

/// A stream that the client has opened.
pub(super) struct Opened {
    /// `streamtype`, `port`, `requestid`, … in lower case.
    pub headers: HashMap<String, String>,
    /// What the client sends on it, until it ends its side.
    pub input: mpsc::Receiver<Bytes>,
    /// The way back.
    pub output: Output,
}

/// The server's side of a stream.
#[derive(Debug, Clone)]
pub(super) struct Output {
    id: u32,
    frames: mpsc::Sender<Bytes>,
}

impl Output {
    /// Sends data. Gives whether the connection still stands.
    pub async fn send(&self, data: &[u8]) -> bool {
        self.frames.send(frame::data(self.id, data, false)).await.is_ok()
    }

    /// Ends the server's side.
    pub async fn finish(&self) {
        // A connection that is gone needs no ending.
        let _ = self.frames.send(frame::data(self.id, &[], true)).await;
    }
}

/// Why a connection ended before its time.
#[derive(Debug, thiserror::Error)]
pub(super) enum SpdyError {
    /// The bytes under it ended badly.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The client does not speak SPDY.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// Serves a connection: reads what comes from `source`, hands each new stream to `opened`, and has what is to be sent put
/// into `frames`.
pub(super) async fn serve(
    mut source: impl Stream<Item = io::Result<Bytes>> + Unpin,
    frames: mpsc::Sender<Bytes>,
    mut opened: impl FnMut(Opened),
) -> Result<(), SpdyError> {
    let mut buffer = BytesMut::new();
    let mut inputs: HashMap<u32, mpsc::Sender<Bytes>> = HashMap::new();
    let (mut reader, mut writer) = (HeaderReader::new(), HeaderWriter::new());
    while let Some(chunk) = source.next().await {
        buffer.extend_from_slice(&chunk?);
        while let Some(frame) = frame::take(&mut buffer)? {
            match frame {
                Frame::SynStream { id, fin, block } => {
                    let headers = reader.read(&block)?;
                    let (sender, input) = mpsc::channel(QUEUE);
                    if !fin {
                        inputs.insert(id, sender);
                    }
                    if frames.send(frame::syn_reply(id, &writer.empty())).await.is_err() {
                        return Ok(());
                    }
                    opened(Opened { headers, input, output: Output { id, frames: frames.clone() } });
                }
                Frame::Headers { block } => {
                    // Read for the sake of the compression, which goes on from block to block.
                    reader.read(&block)?;
                }
                Frame::Data { id, fin, data } => {
                    if let Some(input) = inputs.get(&id)
                        && !data.is_empty()
                        && input.send(data).await.is_err()
                    {
                        inputs.remove(&id);
                    }
                    if fin {
                        inputs.remove(&id);
                    }
                }
                Frame::Reset { id } => {
                    inputs.remove(&id);
                }
                Frame::Ping(bytes) => {
                    if frames.send(bytes).await.is_err() {
                        return Ok(());
                    }
                }
                Frame::GoAway => return Ok(()),
                Frame::Other => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
