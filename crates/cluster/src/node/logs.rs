//! Container logs: one file per run, in the format that container runtimes write for the kubelet.
//!
//! A record is `TIME STREAM TAG TEXT\n`; the tag `P` says that the line goes on in the next record of its stream (or
//! that it never had an end), `F` that it ends here.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

use bytes::Bytes;
use futures::stream::BoxStream;
use jiff::Timestamp;
use tokio::sync::watch;

use super::endpoint::LogOptions;

mod read;

/// A log file is begun anew when it has grown beyond this (the kubelet's default `containerLogMaxSize`). What was in
/// the old one can't be asked for any more, as with a kubelet, whose log endpoint reads the newest file only.
pub const MAX_SIZE: u64 = 10 * 1024 * 1024;
/// A line longer than this is cut into several records (containerd's `max_container_log_line_size`).
const MAX_LINE: usize = 16 * 1024;

/// One of a container's two outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Output {
    fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// How far a log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Progress {
    /// How many times the file was begun anew.
    files: u64,
    /// Bytes in the present file.
    size: u64,
    /// Nothing more will come.
    closed: bool,
}

#[derive(Debug)]
struct Sink {
    file: File,
    rests: [Vec<u8>; 2],
}

/// The log of one run of a container. Clones share it; the file stays until it is discarded.
#[derive(Debug, Clone)]
pub struct Log(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    sink: Mutex<Sink>,
    progress: watch::Sender<Progress>,
}

impl Log {
    /// A new, empty log in this file; its directory is made.
    ///
    /// # Errors
    /// The file can't be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let sink = Sink { file: File::create(path)?, rests: [Vec::new(), Vec::new()] };
        let progress = watch::Sender::new(Progress::default());
        Ok(Self(Arc::new(Inner { path: path.to_owned(), sink: Mutex::new(sink), progress })))
    }

    /// The log that a run left in this file when the node before this one ended.
    ///
    /// # Errors
    /// There is none.
    pub fn left(path: &Path) -> io::Result<Self> {
        let file = File::options().append(true).open(path)?;
        let progress = Progress { files: 0, size: file.metadata()?.len(), closed: true };
        let sink = Mutex::new(Sink { file, rests: [Vec::new(), Vec::new()] });
        Ok(Self(Arc::new(Inner { path: path.to_owned(), sink, progress: watch::Sender::new(progress) })))
    }

    /// Removes the file. Whoever reads it reads it to its end.
    pub fn discard(&self) {
        // A file that is gone already needs no removing.
        let _ = std::fs::remove_file(&self.0.path);
    }

    fn sink(&self) -> MutexGuard<'_, Sink> {
        self.0.sink.lock().expect("nothing panics while it holds a log")
    }

    /// Appends what a container wrote at `now`. Lines are written when they are whole.
    ///
    /// # Errors
    /// The disk is full, or the like.
    pub fn write(&self, output: Output, mut bytes: &[u8], now: Timestamp) -> io::Result<()> {
        let mut sink = self.sink();
        let time = time(now);
        let mut records = Vec::with_capacity(bytes.len() + 64);
        let rest = &mut sink.rests[output as usize];
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            rest.extend_from_slice(&bytes[..end]);
            bytes = &bytes[end + 1..];
            emit(&mut records, rest, output, &time, true);
            rest.clear();
        }
        rest.extend_from_slice(bytes);
        if rest.len() >= MAX_LINE {
            let whole = rest.len() - rest.len() % MAX_LINE;
            let cut: Vec<u8> = rest.drain(..whole).collect();
            emit(&mut records, &cut, output, &time, false);
        }
        self.append(&mut sink, &records)
    }

    /// Writes what is left of unfinished lines; nothing more will come.
    ///
    /// # Errors
    /// The disk is full, or the like. The log is closed all the same.
    pub fn close(&self, now: Timestamp) -> io::Result<()> {
        let mut sink = self.sink();
        let mut records = Vec::new();
        for output in [Output::Stdout, Output::Stderr] {
            let rest = std::mem::take(&mut sink.rests[output as usize]);
            if !rest.is_empty() {
                emit(&mut records, &rest, output, &time(now), false);
            }
        }
        let written = self.append(&mut sink, &records);
        self.0.progress.send_modify(|progress| progress.closed = true);
        written
    }

    fn append(&self, sink: &mut Sink, records: &[u8]) -> io::Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let mut progress = *self.0.progress.borrow();
        if progress.size > 0 && progress.size + records.len() as u64 > MAX_SIZE {
            // Whoever still reads the old file keeps it until the end.
            std::fs::remove_file(&self.0.path)?;
            sink.file = File::create(&self.0.path)?;
            progress = Progress { files: progress.files + 1, size: 0, closed: false };
        }
        sink.file.write_all(records)?;
        progress.size += records.len() as u64;
        self.0.progress.send_replace(progress);
        Ok(())
    }

    /// The lines that were asked for, as bytes.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn read(&self, options: &LogOptions) -> io::Result<BoxStream<'static, Bytes>> {
        read::read(self.clone(), options)
    }

    /// The last lines, for `terminationMessagePolicy: FallbackToLogsOnError`: at most so many lines and bytes.
    pub fn tail(&self, lines: u64, bytes: usize) -> String {
        read::tail(self, lines, bytes).unwrap_or_default()
    }
}

/// Times in logs always have nine digits after the point.
fn time(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string()
}

fn emit(records: &mut Vec<u8>, line: &[u8], output: Output, time: &str, ends: bool) {
    let mut pieces = line.chunks(MAX_LINE).peekable();
    if pieces.peek().is_none() && ends {
        records.extend_from_slice(format!("{time} {} F \n", output.as_str()).as_bytes());
    }
    while let Some(piece) = pieces.next() {
        let tag = if ends && pieces.peek().is_none() { 'F' } else { 'P' };
        records.extend_from_slice(format!("{time} {} {tag} ", output.as_str()).as_bytes());
        records.extend_from_slice(piece);
        records.push(b'\n');
    }
}

#[cfg(test)]
mod tests;
