//! Reading what is packed: by its first bytes, as names and media types are often wrong.

use std::io::{self, BufRead, BufReader, Read};

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

/// What a gzip file begins with (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// What a Zstandard frame begins with (RFC 8878).
const ZSTANDARD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The most memory that a Zstandard frame may ask for.
const LARGEST_WINDOW: u64 = 128 << 20;

/// The plain bytes of something that may be packed with gzip or Zstandard.
pub(crate) fn unpacked<R: Read + 'static>(packed: R) -> io::Result<Box<dyn Read>> {
    let mut packed = BufReader::new(packed);
    let start = packed.fill_buf()?;
    Ok(if start.starts_with(&GZIP) {
        Box::new(MultiGzDecoder::new(packed))
    } else if start.starts_with(&ZSTANDARD) {
        Box::new(Frames::new(packed))
    } else {
        Box::new(packed)
    })
}

/// Whether a file that begins like this is packed.
pub(crate) fn is_packed(start: &[u8]) -> bool {
    start.starts_with(&GZIP) || start.starts_with(&ZSTANDARD)
}

/// The frames of a Zstandard file, one after the other.
struct Frames<R> {
    packed: R,
    decoder: FrameDecoder,
    /// Whether the decoder is in a frame.
    inside: bool,
}

impl<R: BufRead> Frames<R> {
    fn new(packed: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(LARGEST_WINDOW);
        Self { packed, decoder, inside: false }
    }

    /// Begins the next frame; false at the end of the file.
    fn next(&mut self) -> io::Result<bool> {
        while !self.packed.fill_buf()?.is_empty() {
            match self.decoder.init(&mut self.packed) {
                Ok(()) => return Ok(true),
                // A frame of somebody's own, such as an index; who does not know it passes it over.
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    io::copy(&mut self.packed.by_ref().take(length.into()), &mut io::sink())?;
                }
                Err(error) => return Err(damaged(&error)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !buffer.is_empty() {
            if !self.inside && !self.next()? {
                break;
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let strategy = BlockDecodingStrategy::UptoBytes(buffer.len());
                self.decoder.decode_blocks(&mut self.packed, strategy).map_err(|error| damaged(&error))?;
            }
            let count = self.decoder.read(buffer)?;
            self.inside = !self.decoder.is_finished() || self.decoder.can_collect() > 0;
            if count > 0 {
                return Ok(count);
            }
        }
        Ok(0)
    }
}

fn damaged(error: &FrameDecoderError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

#[cfg(test)]
mod tests {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn read(bytes: Vec<u8>) -> Vec<u8> {
        let mut plain = Vec::new();
        unpacked(io::Cursor::new(bytes)).unwrap().read_to_end(&mut plain).unwrap();
        plain
    }

    #[test]
    fn what_is_packed_is_known_by_how_it_begins() {
        let text = "a layer ".repeat(1000).into_bytes();
        let mut gzip = Vec::new();
        flate2::read::GzEncoder::new(text.as_slice(), flate2::Compression::fast()).read_to_end(&mut gzip).unwrap();
        let zstandard = compress_to_vec(text.as_slice(), CompressionLevel::Fastest);
        assert!(is_packed(&gzip) && is_packed(&zstandard) && !is_packed(&text));
        assert!(read(text.clone()) == text && read(gzip.clone()) == text && read(zstandard.clone()) == text);
        assert_eq!(read([gzip.clone(), gzip].concat()).len(), 2 * text.len());
        // RFC 8878, 3.1.2: a frame to be passed over.
        let skipped = [&0x184d_2a50_u32.to_le_bytes()[..], &3_u32.to_le_bytes()[..], b"abc"].concat();
        assert_eq!(read([zstandard.clone(), skipped, zstandard].concat()).len(), 2 * text.len());
        assert_eq!(read(Vec::new()), b"");
    }
}
