//! A PostgreSQL of the tests' own: Debian's programs, in a temporary folder, reached by a socket in it and by no port.
//! One for all tests of a process; each test gets a database of its own.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// Ends PostgreSQL when the process that holds the other end of its standard input has ended, however it did.
const KEEPER: &str = r#"
"$1" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c max_connections=200 >"$2/log" 2>&1 &
server=$!
cat >/dev/null
kill -INT $server
wait $server
rm -rf "$2"
"#;
/// Far longer than a start takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The URL of an empty database.
pub fn new_database() -> String {
    static SERVER: OnceLock<PathBuf> = OnceLock::new();
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let folder = SERVER.get_or_init(start);
    let name = format!("test{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let made = psql(folder, &format!("CREATE DATABASE {name}"));
    assert!(made, "a database can be made: {}", log(folder));
    format!("postgres://postgres@localhost/{name}?host={}", folder.display())
}

fn start() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("podyard-pg-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    let mut init = as_postgres(&program("initdb"), &folder);
    let init = init.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync", "-D"]);
    let made = init.arg(folder.join("data")).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut keeper = as_postgres(Path::new("/bin/sh"), &folder);
    let keeper = keeper.args(["-c", KEEPER, "keeper"]).arg(program("postgres")).arg(&folder);
    let keeper = keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // Never dropped: the end of this process closes it.
    std::mem::forget(keeper);
    let began = Instant::now();
    while !psql(&folder, "SELECT 1") {
        assert!(began.elapsed() < PATIENCE, "PostgreSQL does not start: {}", log(&folder));
        std::thread::sleep(Duration::from_millis(20));
    }
    folder
}

/// A program of the newest PostgreSQL that is installed.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|version| version.path().join("bin").join(name)).filter(|path| path.exists()).max();
    found.unwrap_or_else(|| panic!("/usr/lib/postgresql/*/bin/{name} is missing: run tools/setup test"))
}

/// PostgreSQL refuses to run as root: then it runs as the user that its package made.
fn as_postgres(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    if nix::unistd::geteuid().is_root() {
        use std::os::unix::process::CommandExt as _;
        let user = nix::unistd::User::from_name("postgres").unwrap();
        let user = user.expect("the user postgres is missing: run tools/setup test");
        chown(folder, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    command
}

fn psql(folder: &Path, statement: &str) -> bool {
    let mut psql = as_postgres(&program("psql"), folder);
    psql.args(["--no-psqlrc", "--quiet", "--username=postgres", "--host"]).arg(folder);
    let psql = psql.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).arg("--set=ON_ERROR_STOP=1");
    let mut psql = psql.spawn().unwrap();
    // It may have gone already, because nothing listens yet.
    let _ = psql.stdin.take().unwrap().write_all(statement.as_bytes());
    psql.wait().unwrap().success()
}

fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}
