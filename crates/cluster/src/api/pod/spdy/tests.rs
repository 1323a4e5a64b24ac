use bytes::{BufMut, BytesMut};
use flate2::{Compress, Compression, FlushCompress};
use futures::stream;
use proptest::prelude::*;

use super::*;

/// A client's frames: a stream with a header, some data, and its end.
fn client_frames() -> Bytes {
    let mut plain = 1u32.to_be_bytes().to_vec();
    for part in ["streamtype", "data"] {
        plain.extend((part.len() as u32).to_be_bytes());
        plain.extend(part.as_bytes());
    }
    let mut block = Vec::with_capacity(200);
    Compress::new(Compression::best(), true).compress_vec(&plain, &mut block, FlushCompress::Sync).unwrap();
    let mut frames = BytesMut::new();
    frames.put_u32(0x8003_0001);
    frames.put_u32(10 + block.len() as u32);
    frames.put_u32(1);
    frames.put_bytes(0, 6);
    frames.put_slice(&block);
    frames.put_slice(&frame::data(1, b"hello", false));
    frames.put_slice(&[0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 9]);
    frames.put_slice(&frame::data(1, b"", true));
    frames.freeze()
}

fn chunks(size: usize) -> impl Stream<Item = io::Result<Bytes>> + Unpin {
    let all = client_frames();
    let count = all.len().div_ceil(size);
    stream::iter((0..count).map(move |i| Ok(all.slice(i * size..all.len().min((i + 1) * size)))))
}

#[tokio::test]
async fn a_stream_is_opened_read_and_answered() {
    for size in [1, 7, 1000] {
        let (frames, mut sent) = mpsc::channel(QUEUE);
        let mut streams = Vec::new();
        serve(chunks(size), frames, |stream| streams.push(stream)).await.unwrap();
        let mut stream = streams.pop().unwrap();
        assert_eq!(stream.headers["streamtype"], "data");
        assert_eq!(stream.input.recv().await.unwrap(), "hello");
        assert_eq!(stream.input.recv().await, None);
        let reply = sent.recv().await.unwrap();
        assert_eq!(reply[..4], [0x80, 3, 0, 2]);
        assert_eq!(sent.recv().await.unwrap()[..], [0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 9]);
        assert!(stream.output.send(b"hi").await);
        assert_eq!(sent.recv().await.unwrap()[..], [0, 0, 0, 1, 0, 0, 0, 2, b'h', b'i']);
    }
}

proptest! {
    #[test]
    fn no_bytes_break_the_framing(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let mut buffer = BytesMut::from(&bytes[..]);
        while let Ok(Some(_)) = frame::take(&mut buffer) {}
    }
}
