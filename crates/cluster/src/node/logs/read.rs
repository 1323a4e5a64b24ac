//! Reading a log: from which record, what of it, until when.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
};

use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use jiff::Timestamp;
use tokio::sync::watch;

use super::{Log, Progress};
use crate::node::endpoint::LogOptions;

/// So much is handed on at once.
const CHUNK: usize = 32 * 1024;
/// Blocks in which the end of a file is searched.
const BLOCK: u64 = 4096;

/// One record, split.
struct Record<'a> {
    time: &'a str,
    text: &'a [u8],
    ends: bool,
}

impl<'a> Record<'a> {
    /// `None` for what is no record.
    fn parse(line: &'a [u8]) -> Option<Self> {
        let mut parts = line.splitn(4, |byte| *byte == b' ');
        let time = std::str::from_utf8(parts.next()?).ok()?;
        let _stream = parts.next()?;
        let ends = parts.next()? == b"F";
        Some(Self { time, text: parts.next()?, ends })
    }
}

/// Turns records into what was asked for.
struct Filter {
    since: Option<Timestamp>,
    timestamps: bool,
    left: Option<u64>,
    at_line_start: bool,
}

impl Filter {
    /// Appends what is to be shown of a record; false once there is room for nothing more.
    fn push(&mut self, out: &mut Vec<u8>, line: &[u8]) -> bool {
        let Some(record) = Record::parse(line) else { return true };
        if let Some(since) = self.since
            && record.time.parse::<Timestamp>().is_ok_and(|time| time < since)
        {
            return true;
        }
        let start = out.len();
        if self.timestamps && self.at_line_start {
            out.extend_from_slice(record.time.as_bytes());
            out.push(b' ');
        }
        out.extend_from_slice(record.text);
        if record.ends {
            out.push(b'\n');
        }
        self.at_line_start = record.ends;
        let Some(left) = &mut self.left else { return true };
        let added = (out.len() - start) as u64;
        if added >= *left {
            out.truncate(start + usize::try_from(*left).unwrap_or(usize::MAX));
            *left = 0;
            return false;
        }
        *left -= added;
        true
    }
}

struct Reader {
    log: Log,
    progress: watch::Receiver<Progress>,
    file: BufReader<File>,
    /// Which of the log's files this one is.
    number: u64,
    filter: Filter,
    follow: bool,
    done: bool,
}

pub(super) fn read(log: Log, options: &LogOptions) -> io::Result<BoxStream<'static, Bytes>> {
    let progress = log.0.progress.subscribe();
    let (mut file, now) = open(&log)?;
    let start = options.tail_lines.map_or(Ok(0), |lines| tail_offset(&mut file, now.size, lines))?;
    file.seek(SeekFrom::Start(start))?;
    let filter =
        Filter { since: options.since, timestamps: options.timestamps, left: options.limit_bytes, at_line_start: true };
    let done = options.limit_bytes == Some(0);
    let file = BufReader::new(file);
    let reader = Reader { log, progress, file, number: now.files, filter, follow: options.follow, done };
    Ok(futures::stream::unfold(reader, |mut reader| async move { reader.next().await.map(|bytes| (bytes, reader)) })
        .boxed())
}

/// The present file and how far it is, taken together.
fn open(log: &Log) -> io::Result<(File, Progress)> {
    let _sink = log.sink();
    Ok((File::open(&log.0.path)?, *log.0.progress.borrow()))
}

impl Reader {
    async fn next(&mut self) -> Option<Bytes> {
        while !self.done {
            let now = *self.progress.borrow_and_update();
            let out = self.fill();
            if !out.is_empty() {
                return Some(Bytes::from(out));
            }
            if self.done {
                break;
            }
            if now.files != self.number {
                // The old file is read to its end; go on with the new one.
                let Ok((file, progress)) = open(&self.log) else { break };
                (self.file, self.number) = (BufReader::new(file), progress.files);
            } else if !self.follow || now.closed || self.progress.changed().await.is_err() {
                break;
            }
        }
        None
    }

    /// Whole records up to about [`CHUNK`], as they are to be shown.
    fn fill(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut line = Vec::new();
        while out.len() < CHUNK {
            line.clear();
            match self.file.read_until(b'\n', &mut line) {
                Ok(0) => break,
                Ok(_) => {}
                Err(_) => {
                    self.done = true;
                    break;
                }
            }
            if line.pop_if(|byte| *byte == b'\n').is_none() {
                // Records are appended whole, so this is the end of what there is.
                break;
            }
            if !self.filter.push(&mut out, &line) {
                self.done = true;
                break;
            }
        }
        out
    }
}

/// Where the last `lines` records begin.
fn tail_offset(file: &mut File, size: u64, lines: u64) -> io::Result<u64> {
    let mut end = size;
    // The newline at the very end closes the last record.
    let mut wanted = lines + 1;
    while end > 0 {
        let start = end.saturating_sub(BLOCK);
        let mut block = vec![0; usize::try_from(end - start).unwrap_or(0)];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut block)?;
        for (index, _) in block.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n') {
            wanted -= 1;
            if wanted == 0 {
                return Ok(start + index as u64 + 1);
            }
        }
        end = start;
    }
    Ok(0)
}

pub(super) fn tail(log: &Log, lines: u64, bytes: usize) -> io::Result<String> {
    let (mut file, now) = open(log)?;
    let start = tail_offset(&mut file, now.size, lines)?;
    file.seek(SeekFrom::Start(start))?;
    let mut filter = Filter { since: None, timestamps: false, left: None, at_line_start: true };
    let mut out = Vec::new();
    for line in BufReader::new(file.take(now.size - start)).split(b'\n') {
        filter.push(&mut out, &line?);
    }
    let cut = out.len().saturating_sub(bytes);
    Ok(String::from_utf8_lossy(&out[cut..]).into_owned())
}
