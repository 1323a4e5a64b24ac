//! SPDY frames (draft 3.1, section 2.2): eight bytes of header, then the rest.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// The largest frame that is taken; kubectl's are at most 64 KiB.
const LARGEST: usize = 1024 * 1024;

const VERSION: u16 = 3;
const FIN: u8 = 1;

/// A frame from the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Frame {
    /// A new stream.
    SynStream {
        /// Its number.
        id: u32,
        /// Whether the client sends nothing on it.
        fin: bool,
        /// Compressed headers.
        block: Bytes,
    },
    /// More headers.
    Headers {
        /// Compressed.
        block: Bytes,
    },
    /// Data of a stream.
    Data {
        /// Its number.
        id: u32,
        /// Whether it is the last.
        fin: bool,
        /// The bytes.
        data: Bytes,
    },
    /// The client wants no more of a stream.
    Reset {
        /// Its number.
        id: u32,
    },
    /// To be sent back as it is.
    Ping(Bytes),
    /// The client is leaving.
    GoAway,
    /// Settings and windows, which mean nothing here.
    Other,
}

/// Why bytes are no frames.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::api::pod) enum FrameError {
    /// Another protocol, or another version of it.
    #[error("not SPDY/3: version {0}")]
    Version(u16),
    /// Longer than any frame that is taken.
    #[error("a frame of {0} bytes is too long")]
    TooLong(usize),
    /// Too short for its type, or with headers that can't be read.
    #[error("a malformed frame")]
    Malformed,
}

/// Takes the next frame, if there is a whole one.
pub(super) fn take(buffer: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
    let Some(head) = buffer.first_chunk::<8>() else { return Ok(None) };
    let word = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
    let (flags, length) = (head[4], u32::from_be_bytes([0, head[5], head[6], head[7]]) as usize);
    if length > LARGEST {
        return Err(FrameError::TooLong(length));
    }
    if buffer.len() < 8 + length {
        return Ok(None);
    }
    let whole = buffer.split_to(8 + length).freeze();
    let body = whole.slice(8..);
    let fin = flags & FIN != 0;
    if word >> 31 == 0 {
        return Ok(Some(Frame::Data { id: word, fin, data: body }));
    }
    let version = (word >> 16) as u16 & 0x7fff;
    if version != VERSION {
        return Err(FrameError::Version(version));
    }
    control(word as u16, fin, whole, body).map(Some)
}

fn control(kind: u16, fin: bool, whole: Bytes, mut body: Bytes) -> Result<Frame, FrameError> {
    let needed = match kind {
        1 => 10,
        3 | 8 => 4,
        _ => 0,
    };
    if body.len() < needed {
        return Err(FrameError::Malformed);
    }
    Ok(match kind {
        1 => {
            let id = body.get_u32() & 0x7fff_ffff;
            // The stream it belongs to, its priority and a slot for credentials.
            body.advance(6);
            Frame::SynStream { id, fin, block: body }
        }
        3 => Frame::Reset { id: body.get_u32() & 0x7fff_ffff },
        6 => Frame::Ping(whole),
        7 => Frame::GoAway,
        8 => Frame::Headers { block: body.slice(4..) },
        _ => Frame::Other,
    })
}

/// Data of a stream.
pub(super) fn data(id: u32, data: &[u8], fin: bool) -> Bytes {
    let mut frame = BytesMut::with_capacity(8 + data.len());
    frame.put_u32(id);
    frame.put_u32(u32::from(if fin { FIN } else { 0 }) << 24 | data.len() as u32);
    frame.put_slice(data);
    frame.freeze()
}

/// The answer to a new stream.
pub(super) fn syn_reply(id: u32, block: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(12 + block.len());
    frame.put_u32(0x8000_0000 | u32::from(VERSION) << 16 | 2);
    frame.put_u32(4 + block.len() as u32);
    frame.put_u32(id);
    frame.put_slice(block);
    frame.freeze()
}
