//! Queries and answers in DNS's own format (RFC 1035, section 4).

use std::net::Ipv4Addr;

/// How long an answer may be kept, in seconds: what CoreDNS in a kind cluster says.
pub const TIME_TO_LIVE: u32 = 30;
/// The zone that this server speaks for.
const ZONE: &str = "cluster.local";
const HEADER: usize = 12;
const ADDRESS: u16 = 1;
const CANONICAL_NAME: u16 = 5;
const START_OF_AUTHORITY: u16 = 6;
const POINTER: u16 = 12;
const TEXT: u16 = 16;
const SERVICE: u16 = 33;
const ANY: u16 = 255;
const INTERNET: u16 = 1;
/// Where the question's name is: right after the header.
const QUESTION: u16 = 0xc000 | HEADER as u16;
const ANSWER: u16 = 1 << 15;
const AUTHORITATIVE: u16 = 1 << 10;
const TRUNCATED: u16 = 1 << 9;
const RECURSION_DESIRED: u16 = 1 << 8;

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// What the answer is to carry.
    id: u16,
    flags: u16,
    /// 0 is a question for a name.
    pub operation: u8,
    /// In lower case, without the dot at its end.
    pub name: String,
    /// The number of a record type.
    pub kind: u16,
    /// The question as it came.
    question: Vec<u8>,
}

impl Query {
    /// Reads a query; `None` when it is none, or not exactly one question.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
        let flags = word(2)?;
        if flags & ANSWER != 0 || word(4)? != 1 {
            return None;
        }
        let (name, end) = name(bytes, HEADER)?;
        let (kind, question) = (word(end)?, bytes.get(HEADER..end + 4)?.to_vec());
        Some(Self { id: word(0)?, flags, operation: (flags >> 11 & 15) as u8, name, kind, question })
    }
}

/// A name without pointers, which a question has none of, and where it ends.
fn name(bytes: &[u8], mut at: usize) -> Option<(String, usize)> {
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1;
        if length == 0 {
            return Some((labels.join("."), at));
        }
        if length > 63 || at - HEADER > 255 {
            return None;
        }
        labels.push(std::str::from_utf8(bytes.get(at..at + length)?).ok()?.to_ascii_lowercase());
        at += length;
    }
}

/// What an answer says about the whole question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The name is there.
    Fine = 0,
    /// This server could not find out.
    ServerFailure = 2,
    /// There is no such name.
    NoSuchName = 3,
    /// Not a question for a name.
    NotImplemented = 4,
}

/// One fact about a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Whose.
    pub name: String,
    /// The fact.
    pub data: Data,
}

/// What is known about a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// Its address.
    Address(Ipv4Addr),
    /// The name it stands for.
    Name(String),
    /// Whose address it is.
    Pointer(String),
    /// A port, and the host that has it.
    Service {
        /// The port's number.
        port: u16,
        /// The host's name.
        target: String,
    },
    /// Words.
    Text(String),
}

impl Data {
    fn kind(&self) -> u16 {
        match self {
            Self::Address(_) => ADDRESS,
            Self::Name(_) => CANONICAL_NAME,
            Self::Pointer(_) => POINTER,
            Self::Service { .. } => SERVICE,
            Self::Text(_) => TEXT,
        }
    }

    /// Whether it answers a question for records of this type.
    pub fn answers(&self, kind: u16) -> bool {
        kind == ANY || kind == self.kind() || matches!(self, Self::Name(_))
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Address(address) => out.extend(address.octets()),
            Self::Name(name) | Self::Pointer(name) => write_name(out, name),
            Self::Service { port, target } => {
                // Priority and weight: all are as good as each other.
                put(out, 0);
                put(out, 100);
                put(out, *port);
                write_name(out, target);
            }
            Self::Text(text) => {
                out.push(u8::try_from(text.len()).unwrap_or(0));
                out.extend(text.bytes());
            }
        }
    }
}

/// What is said to a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether there is such a name.
    pub code: Code,
    /// What is known.
    pub records: Vec<Record>,
    authoritative: bool,
}

impl Answer {
    /// The name is there, and this is known of it.
    pub fn of(records: Vec<Record>) -> Self {
        Self { code: Code::Fine, records, authoritative: true }
    }

    /// There is no such name.
    pub fn missing() -> Self {
        Self { code: Code::NoSuchName, ..Self::of(Vec::new()) }
    }

    /// This server can't say.
    pub fn refusal(code: Code) -> Self {
        Self { code, records: Vec::new(), authoritative: false }
    }

    /// In DNS's format, at most `limit` bytes long: records that do not fit are left out, and that is said.
    pub fn write(&self, query: &Query, limit: usize) -> Vec<u8> {
        let mut body = Vec::new();
        let (mut fitting, mut truncated) = (0u16, false);
        for record in &self.records {
            let start = body.len();
            write_record(&mut body, &query.name, record);
            if HEADER + query.question.len() + body.len() > limit {
                body.truncate(start);
                truncated = true;
                break;
            }
            fitting += 1;
        }
        let absent = self.records.is_empty() && self.authoritative;
        if absent {
            write_authority(&mut body);
        }
        let mut out = Vec::with_capacity(limit.min(512));
        put(&mut out, query.id);
        put(&mut out, self.flags(query, truncated));
        for count in [1, fitting, u16::from(absent), 0] {
            put(&mut out, count);
        }
        out.extend(&query.question);
        out.extend(body);
        out
    }

    fn flags(&self, query: &Query, truncated: bool) -> u16 {
        let mut flags = ANSWER | self.code as u16 | query.flags & (RECURSION_DESIRED | 15 << 11);
        if self.authoritative {
            flags |= AUTHORITATIVE;
        }
        if truncated {
            flags |= TRUNCATED;
        }
        flags
    }
}

fn write_record(out: &mut Vec<u8>, asked: &str, record: &Record) {
    if record.name == asked {
        put(out, QUESTION);
    } else {
        write_name(out, &record.name);
    }
    write_data(out, record.data.kind(), |out| record.data.write(out));
}

/// Who answers for the zone, so that others know how long they may remember that there is nothing.
fn write_authority(out: &mut Vec<u8>) {
    write_name(out, ZONE);
    write_data(out, START_OF_AUTHORITY, |out| {
        write_name(out, &format!("ns.dns.{ZONE}"));
        write_name(out, &format!("hostmaster.{ZONE}"));
        for number in [1, 7200, 1800, 86400, TIME_TO_LIVE] {
            out.extend(number.to_be_bytes());
        }
    });
}

fn write_data(out: &mut Vec<u8>, kind: u16, data: impl FnOnce(&mut Vec<u8>)) {
    put(out, kind);
    put(out, INTERNET);
    out.extend(TIME_TO_LIVE.to_be_bytes());
    let start = out.len();
    put(out, 0);
    data(out);
    let length = (out.len() - start - 2) as u16;
    out[start..start + 2].copy_from_slice(&length.to_be_bytes());
}

fn write_name(out: &mut Vec<u8>, name: &str) {
    for label in name.split('.').filter(|label| !label.is_empty()) {
        out.push(u8::try_from(label.len()).unwrap_or(0));
        out.extend(label.bytes());
    }
    out.push(0);
}

fn put(out: &mut Vec<u8>, number: u16) {
    out.extend(number.to_be_bytes());
}
