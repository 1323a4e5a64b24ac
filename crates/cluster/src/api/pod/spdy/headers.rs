//! Header blocks: names and values, compressed with zlib and a dictionary that both sides know (draft 3.1, section 2.6.10).

use std::collections::HashMap;

use bytes::Buf;
use flate2::{Compress, Compression, FlushCompress};
use miniz_oxide::inflate::{
    TINFLStatus,
    core::{DecompressorOxide, decompress, inflate_flags},
};

use super::frame::FrameError;

/// The dictionary's words, each with its length before it.
const WORDS: &str = "options head post put delete trace accept accept-charset accept-encoding accept-language \
    accept-ranges age allow authorization cache-control connection content-base content-encoding content-language \
    content-length content-location content-md5 content-range content-type date etag expect expires from host if-match \
    if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma \
    proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade \
    user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie \
    keep-alive origin";

/// What follows them.
const REST: &str = "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 \
    Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not \
    Found500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct \
    Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, \
    GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,\
    publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";

/// How far back compressed data may refer (RFC 1951).
const WINDOW: usize = 32 * 1024;

/// The most that one block may hold.
const LARGEST: usize = 64 * 1024;

fn dictionary() -> Vec<u8> {
    let mut all = Vec::new();
    for word in WORDS.split_whitespace() {
        let word = word.replace('_', " ");
        all.extend((word.len() as u32).to_be_bytes());
        all.extend(word.as_bytes());
    }
    all.extend(REST.as_bytes());
    all
}

/// Reads the client's blocks, which are parts of one compressed stream.
pub(super) struct HeaderReader {
    inflate: Box<DecompressorOxide>,
    /// The dictionary and what was read so far, as far as data may still refer to it.
    window: Vec<u8>,
    begun: bool,
}

impl HeaderReader {
    pub fn new() -> Self {
        Self { inflate: Box::default(), window: dictionary(), begun: false }
    }

    /// The headers of a block, names in lower case.
    pub fn read(&mut self, block: &[u8]) -> Result<HashMap<String, String>, FrameError> {
        parse(&self.inflate_block(block)?).ok_or(FrameError::Malformed)
    }

    fn inflate_block(&mut self, mut block: &[u8]) -> Result<Vec<u8>, FrameError> {
        if !self.begun {
            // zlib's own header: two bytes, and four that name the dictionary if there is one (RFC 1950).
            let head = block.first_chunk::<2>().ok_or(FrameError::Malformed)?;
            let length = if head[1] & 0x20 == 0 { 2 } else { 6 };
            block = block.get(length..).ok_or(FrameError::Malformed)?;
            self.begun = true;
        }
        if self.window.len() > WINDOW {
            self.window.drain(..self.window.len() - WINDOW);
        }
        let start = self.window.len();
        let mut end = start;
        self.window.resize(start + LARGEST, 0);
        let flags = inflate_flags::TINFL_FLAG_HAS_MORE_INPUT | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let status = loop {
            let (status, read, written) = decompress(&mut self.inflate, block, &mut self.window, end, flags);
            block = &block[read..];
            end += written;
            if block.is_empty() || status != TINFLStatus::NeedsMoreInput || read == 0 {
                break status;
            }
        };
        self.window.truncate(end);
        match status {
            TINFLStatus::NeedsMoreInput => Ok(self.window[start..].to_vec()),
            _ => Err(FrameError::Malformed),
        }
    }
}

fn parse(mut plain: &[u8]) -> Option<HashMap<String, String>> {
    let count = plain.try_get_u32().ok()?;
    (0..count).map(|_| Some((text(&mut plain)?.to_ascii_lowercase(), text(&mut plain)?))).collect()
}

fn text(plain: &mut &[u8]) -> Option<String> {
    let length = plain.try_get_u32().ok()? as usize;
    let (text, rest) = plain.split_at_checked(length)?;
    *plain = rest;
    Some(String::from_utf8_lossy(text).into_owned())
}

/// Writes the server's blocks. It never has anything to say in them.
pub(super) struct HeaderWriter(Compress);

impl HeaderWriter {
    pub fn new() -> Self {
        Self(Compress::new(Compression::fast(), true))
    }

    /// The next block, without headers.
    pub fn empty(&mut self) -> Vec<u8> {
        let mut block = Vec::with_capacity(64);
        let none = 0u32.to_be_bytes();
        self.0.compress_vec(&none, &mut block, FlushCompress::Sync).expect("four bytes and a flush fit into 64");
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dictionary_is_the_protocols_own() {
        // Its length, and its Adler-32 as the first block of every client names it.
        assert_eq!(dictionary().len(), 1423);
        let (mut a, mut b) = (1u32, 0u32);
        for byte in dictionary() {
            a = (a + u32::from(byte)) % 65_521;
            b = (b + a) % 65_521;
        }
        assert_eq!(b << 16 | a, 0xe3c6_a7c2);
    }

    /// A block that zlib made with the dictionary.
    #[test]
    fn a_block_may_refer_to_the_dictionary() {
        let packed = "78f9e3c6a7c202e50e703a2b294a4dcc452a4a1221a5721138035818581800000000ffff";
        let bytes: Vec<u8> =
            (0..packed.len()).step_by(2).map(|i| u8::from_str_radix(&packed[i..i + 2], 16).unwrap()).collect();
        let headers = HeaderReader::new().read(&bytes).unwrap();
        assert_eq!((headers["streamtype"].as_str(), headers["port"].as_str()), ("data", "8080"));
    }

    #[test]
    fn blocks_are_read_one_after_the_other() {
        let mut writer = Compress::new(Compression::best(), true);
        let mut block = |text: &str| {
            let mut plain = 1u32.to_be_bytes().to_vec();
            for part in ["Port", text] {
                plain.extend((part.len() as u32).to_be_bytes());
                plain.extend(part.as_bytes());
            }
            let mut packed = Vec::with_capacity(200);
            writer.compress_vec(&plain, &mut packed, FlushCompress::Sync).unwrap();
            packed
        };
        let mut reader = HeaderReader::new();
        for port in ["80", "8080", "80"] {
            assert_eq!(reader.read(&block(port)).unwrap()["port"], port);
        }
        assert!(HeaderReader::new().read(&[0x78]).is_err());
    }
}
