//! `ls` and `rm`.

use super::{bad_flag, input::flags};
use crate::console::exec::{Io, Shell, reason};

pub(super) async fn ls(shell: &Shell, args: &[String], io: &mut Io) -> i32 {
    let (flags, names) = flags(args, &[]);
    if let Some((flag, _)) = flags.iter().find(|(f, _)| !matches!(f.as_str(), "-1" | "-l" | "-a" | "-h")) {
        return bad_flag(io, "ls", flag).await;
    }
    let long = flags.iter().any(|(f, _)| f == "-l");
    let listed = if names.is_empty() { vec![".".to_owned()] } else { names };
    let mut code = 0;
    for name in listed {
        let found = match shell.world.files.list(&name).await {
            Ok(found) => Ok(found),
            Err(e) if e.kind() == std::io::ErrorKind::NotADirectory => Ok(vec![name.clone()]),
            Err(e) => Err(e),
        };
        match found {
            Ok(found) => {
                for file in found {
                    let size = if long { size(shell, &file).await } else { String::new() };
                    io.out.say(&format!("{size}{file}\n")).await;
                }
            }
            Err(e) => {
                io.err.say(&format!("ls: cannot access '{name}': {}\n", reason(&e))).await;
                code = 2;
            }
        }
    }
    code
}

async fn size(shell: &Shell, file: &str) -> String {
    let bytes = shell.world.files.read(file).await.map_or(0, |b| b.len());
    format!("-rw-r--r-- 1 learner learner {bytes:>7} ")
}

pub(super) async fn rm(shell: &Shell, args: &[String], io: &mut Io) -> i32 {
    let (flags, names) = flags(args, &[]);
    if let Some((flag, _)) = flags.iter().find(|(f, _)| !matches!(f.as_str(), "-f" | "-r")) {
        return bad_flag(io, "rm", flag).await;
    }
    let force = flags.iter().any(|(f, _)| f == "-f");
    if names.is_empty() && !force {
        io.err.say("rm: missing operand\n").await;
        return 1;
    }
    let mut code = 0;
    for name in names {
        match shell.world.files.remove(&name) {
            Ok(()) => {}
            Err(e) if force && e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => {
                io.err.say(&format!("rm: cannot remove '{name}': {}\n", reason(&e))).await;
                code = 1;
            }
        }
    }
    code
}
