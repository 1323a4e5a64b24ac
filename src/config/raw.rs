//! The command line as clap reads it: text only. Checking is in [`task`].

mod images;
mod kind;
mod kubernetes;

use std::{
    net::{SocketAddr, ToSocketAddrs},
    path::PathBuf,
    time::Duration,
};

use clap::{Args, Parser, Subcommand};

use super::{
    ClusterTask, Config, ConfigError, DataDirectory, DatabaseUrl, DoctorTask, KubectlTask, Mistake, Mistakes,
    SandboxKind, Sandboxes, Task, VerifyTask,
    lessons::{self, LessonsCommand},
    limits::{self, LimitArgs},
    oidc::{self, OidcArgs},
    plan::{self, PlanArgs},
    public_url::PublicUrl,
    room::Room,
};

/// What else decides: facts about the process, handed in so that tests choose them.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    /// Whether the user is root.
    pub root: bool,
    /// `$HOME`
    pub home: Option<PathBuf>,
    /// `$XDG_DATA_HOME`
    pub xdg_data_home: Option<PathBuf>,
    /// `$KUBECONFIG`
    pub kubeconfig: Option<String>,
    /// `$KUBE_EDITOR`, else `$EDITOR`
    pub editor: Option<String>,
}

/// Learn Kubernetes Pods by doing.
#[derive(Debug, Parser)]
#[command(name = "podyard", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The web server (what `podyard` does when nothing else is said)
    Serve(Box<ServeArgs>),
    /// One embedded cluster alone, for any Kubernetes client
    Cluster(ClusterArgs),
    /// kubectl on $KUBECONFIG or --kubeconfig: same arguments, output and exit codes
    #[command(disable_help_flag = true)]
    Kubectl {
        /// As kubectl takes them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// For authors: check lessons, run them, begin and bring over new ones
    #[command(subcommand)]
    Lessons(LessonsCommand),
    /// What a workshop will need: memory, processors, disk, images
    Plan(PlanArgs),
    /// What this machine can do, and what to do about what it can't
    Doctor(Box<DoctorArgs>),
    /// Say whether a completion record is what a server signed; needs no network
    Verify(VerifyArgs),
}

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Where to listen
    #[arg(long, env = "PODYARD_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    listen: String,
    /// The address learners use, if a proxy stands before the server
    #[arg(long, env = "PODYARD_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// The lessons' folder
    #[arg(long, env = "PODYARD_CONTENT", default_value = "content", value_name = "DIRECTORY")]
    content: String,
    /// Show drafts too
    #[arg(long, env = "PODYARD_DRAFTS")]
    drafts: bool,
    /// Where learners are kept: postgres://user:password@host/database [default: podyard.db in the data directory]
    #[arg(long, env = "PODYARD_DATABASE", value_name = "URL", hide_env_values = true)]
    database: Option<String>,
    /// Somebody who may hold workshops; may be said again. The password may be an Argon2 digest. In the environment
    /// each stands on a line of its own
    #[arg(
        long = "instructor",
        env = "PODYARD_INSTRUCTOR",
        value_name = "NAME:PASSWORD",
        value_delimiter = '\n',
        hide_env_values = true
    )]
    instructors: Vec<String>,
    /// How long a session may lie idle before its sandbox is freed
    #[arg(long, env = "PODYARD_SESSION_IDLE", default_value = "1h", value_name = "TIME")]
    session_idle: String,
    /// How long a session may last in all; a learner who asks gets more time
    #[arg(long, env = "PODYARD_SESSION_TOTAL", default_value = "8h", value_name = "TIME")]
    session_total: String,
    /// How many sessions there may be at once; who comes later waits in a line
    #[arg(long, env = "PODYARD_MAX_SESSIONS", default_value = "500", value_name = "NUMBER")]
    max_sessions: String,
    /// How long a shutdown may take before the rest is cut off
    #[arg(long, env = "PODYARD_SHUTDOWN_TIMEOUT", default_value = "10s", value_name = "TIME")]
    shutdown_timeout: String,
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    oidc: OidcArgs,
    #[command(flatten)]
    sandboxes: SandboxArgs,
}

/// Where Pods run.
#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Where learners' Pods run: embedded, kind or kubernetes
    #[arg(long, env = "PODYARD_SANDBOX", default_value = "embedded", value_name = "PROVIDER")]
    sandbox: String,
    #[command(flatten)]
    room: Room,
    #[command(flatten)]
    images: images::ImageArgs,
    #[command(flatten)]
    kind: kind::KindArgs,
    #[command(flatten)]
    kubernetes: kubernetes::KubernetesArgs,
}

#[derive(Debug, Args)]
struct ClusterArgs {
    /// Where its API listens: TLS as in the kubeconfig, and plain http too, so a loopback address
    #[arg(long, env = "PODYARD_CLUSTER_LISTEN", default_value = "127.0.0.1:6443", value_name = "ADDRESS:PORT")]
    listen: String,
    /// Where to write the kubeconfig [default: `kubeconfig` in the data directory]
    #[arg(long, env = "PODYARD_KUBECONFIG", value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    #[command(flatten)]
    room: Room,
    /// Serve metrics.k8s.io, as where metrics-server is installed: kubectl top and autoscalers have numbers
    #[arg(long)]
    metrics: bool,
    /// The lessons' folder, for the images in it
    #[arg(long, env = "PODYARD_CONTENT", default_value = "content", value_name = "DIRECTORY")]
    content: PathBuf,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    images: images::ImageArgs,
}

#[derive(Debug, Args)]
struct VerifyArgs {
    /// The record, as it was downloaded
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The key that the server shows at /record-key
    #[arg(long, value_name = "HEX")]
    key: Option<String>,
}

#[derive(Debug, Args)]
struct DoctorArgs {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    kind: kind::KindArgs,
    #[command(flatten)]
    kubernetes: kubernetes::KubernetesArgs,
}

#[derive(Debug, Args)]
struct DataArgs {
    /// Where data is kept [default: /var/lib/podyard for root, else ~/.local/share/podyard]
    #[arg(long, env = "PODYARD_DATA", value_name = "DIRECTORY")]
    data: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct LogArgs {
    /// What is logged: error, warn, info, debug, trace, or tracing's filter syntax
    #[arg(long, env = "PODYARD_LOG", default_value = "warn,podyard=info", value_name = "FILTER")]
    log: String,
}

/// Collects mistakes instead of stopping at the first.
#[derive(Default)]
pub(super) struct Checker(Vec<Mistake>);

impl Checker {
    pub(super) fn take<T>(&mut self, flag: &'static str, value: &str, parsed: Result<T, String>) -> Option<T> {
        parsed.map_err(|why| self.0.push(Mistake { flag, value: value.to_owned(), why })).ok()
    }

    fn data(&mut self, given: DataArgs, s: &Surroundings) -> Option<DataDirectory> {
        let shown = given.data.as_ref().map(|p| p.display().to_string()).unwrap_or_default();
        let chosen = match given.data {
            Some(p) if p.as_os_str().is_empty() => Err("must name a directory".to_owned()),
            given => DataDirectory::choose(given, s.root, s.xdg_data_home.as_deref(), s.home.as_deref())
                .ok_or_else(|| "neither --data nor $HOME says where data is kept".to_owned()),
        };
        self.take("--data", &shown, chosen)
    }

    /// The sandboxes.
    pub(super) fn sandboxes(&mut self, args: SandboxArgs, s: &Surroundings) -> Option<Sandboxes> {
        let data = self.data(args.data, s);
        let images = images::check(args.images, self);
        let kind = kind::check(args.kind, self);
        let kubernetes = kubernetes::check(args.kubernetes, self);
        let sandbox = self.take("--sandbox", &args.sandbox, sandbox(&args.sandbox));
        let (images, room) = (images?, args.room);
        Some(Sandboxes { data: data?, images, sandbox: sandbox?, room, kind: kind?, kubernetes: kubernetes? })
    }

    pub(super) fn log(&mut self, LogArgs { log }: LogArgs) -> Option<String> {
        let parsed = tracing_subscriber::EnvFilter::try_new(&log).map(|_| log.clone()).map_err(|e| e.to_string());
        self.take("--log", &log, parsed)
    }

    pub(super) fn finish<T>(self, built: Option<T>) -> Result<T, Mistakes> {
        match built {
            Some(built) if self.0.is_empty() => Ok(built),
            _ => Err(Mistakes(self.0)),
        }
    }
}

/// What the arguments ask for, with every mistake in them.
pub(super) fn task(args: Vec<String>, s: &Surroundings) -> Result<Task, ConfigError> {
    // What follows `kubectl` is kubectl's alone, `--` included; clap would have an opinion on it.
    if args.get(1).is_some_and(|a| a == "kubectl") {
        return Ok(kubectl(args[2..].to_vec(), s));
    }
    let cli = Cli::try_parse_from(args)?;
    Ok(match cli.command.unwrap_or(Command::Serve(Box::new(cli.serve))) {
        Command::Serve(args) => Task::Serve(Box::new(serve(*args, s)?)),
        Command::Cluster(args) => Task::Cluster(cluster(args, s)?),
        Command::Kubectl { args } => kubectl(args, s),
        Command::Lessons(command) => Task::Lessons(lessons::task(command, s)?),
        Command::Verify(VerifyArgs { file, key }) => Task::Verify(VerifyTask { file, key }),
        Command::Plan(args) => Task::Plan(plan::task(args)?),
        Command::Doctor(args) => Task::Doctor(Box::new(doctor(*args, s)?)),
    })
}

fn kubectl(args: Vec<String>, s: &Surroundings) -> Task {
    Task::Kubectl(KubectlTask {
        args,
        kubeconfig: s.kubeconfig.clone(),
        home: s.home.clone(),
        editor: s.editor.clone(),
    })
}

fn doctor(args: DoctorArgs, s: &Surroundings) -> Result<DoctorTask, Mistakes> {
    let mut check = Checker::default();
    let data = check.data(args.data, s);
    let kind = kind::check(args.kind, &mut check);
    let kubernetes = kubernetes::check(args.kubernetes, &mut check);
    let build = || Some(DoctorTask { data: data?, kind: kind?, kubernetes: kubernetes? });
    let built = build();
    check.finish(built)
}

fn serve(args: ServeArgs, s: &Surroundings) -> Result<Config, Mistakes> {
    let mut check = Checker::default();
    let listen = check.take("--listen", &args.listen, address(&args.listen));
    let public_url = args.public_url.filter(|u| !u.is_empty());
    let public_url = match public_url {
        None => Some(None),
        Some(url) => check.take("--public-url", &url, PublicUrl::parse(&url)).map(Some),
    };
    let content = check.take("--content", &args.content, folder(&args.content));
    let database = match args.database.filter(|url| !url.is_empty()) {
        None => Some(None),
        // The value may hold a password, so it is not repeated.
        Some(url) => check.take("--database", "…", database(url)).map(Some),
    };
    let sandboxes = check.sandboxes(args.sandboxes, s);
    let session_idle = check.take("--session-idle", &args.session_idle, period(&args.session_idle));
    let session_total = check.take("--session-total", &args.session_total, period(&args.session_total));
    let limits = limits::check(args.limits, &mut check);
    let oidc = oidc::check(args.oidc, &mut check);
    let max_sessions = check.take("--max-sessions", &args.max_sessions, count(&args.max_sessions));
    let shutdown_timeout = check.take("--shutdown-timeout", &args.shutdown_timeout, period(&args.shutdown_timeout));
    let log = check.log(args.log);
    let build = || {
        Some(Config {
            listen: listen?,
            public_url: public_url?,
            content: content?,
            drafts: args.drafts,
            database: database?,
            sandboxes: sandboxes?,
            session_idle: session_idle?,
            session_total: session_total?,
            instructors: args.instructors.into_iter().filter(|text| !text.is_empty()).collect(),
            max_sessions: max_sessions?,
            limits: limits?,
            oidc: oidc?,
            shutdown_timeout: shutdown_timeout?,
            log: log?,
        })
    };
    let built = build();
    check.finish(built)
}

fn cluster(args: ClusterArgs, s: &Surroundings) -> Result<ClusterTask, Mistakes> {
    let mut check = Checker::default();
    let listen = check.take("--listen", &args.listen, address(&args.listen).and_then(loopback));
    let data = check.data(args.data, s);
    let log = check.log(args.log);
    let images = images::check(args.images, &mut check);
    let build = || {
        let data = data?;
        let kubeconfig = args.kubeconfig.unwrap_or_else(|| data.kubeconfig());
        let lesson_images = Some(args.content.join("images")).filter(|path| path.is_dir());
        let (listen, room, metrics) = (listen?, args.room, args.metrics);
        Some(ClusterTask { listen, kubeconfig, room, metrics, data, lesson_images, images: images?, log: log? })
    };
    let built = build();
    check.finish(built)
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let hint = "must be an address and a port, such as 127.0.0.1:8080 or [::1]:8080";
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let Some((_, port)) = text.rsplit_once(':') else { return Err(hint.to_owned()) };
    if port.parse::<u16>().is_err() {
        return Err(hint.to_owned());
    }
    text.to_socket_addrs().ok().and_then(|mut found| found.next()).ok_or_else(|| hint.to_owned())
}

fn loopback(address: SocketAddr) -> Result<SocketAddr, String> {
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("the cluster's API has neither TLS nor users, so it listens on loopback addresses only".to_owned())
    }
}

pub(super) fn folder(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match std::fs::metadata(&path) {
        Ok(found) if found.is_dir() => Ok(path),
        Ok(_) => Err("is a file; it must be the folder with the lessons".to_owned()),
        Err(e) => Err(format!("can't be read ({e}); it must be the folder with the lessons")),
    }
}

fn database(url: String) -> Result<DatabaseUrl, String> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        Ok(DatabaseUrl(url))
    } else {
        Err("must look like postgres://user:password@host/database; without it SQLite is used".to_owned())
    }
}

pub(super) fn sandbox(text: &str) -> Result<SandboxKind, String> {
    match text {
        "embedded" => Ok(SandboxKind::Embedded),
        "kind" => Ok(SandboxKind::Kind),
        "kubernetes" => Ok(SandboxKind::Kubernetes),
        "vcluster" => Err("is designed (ARCHITECTURE.md, \"Where a sandbox comes from\") and not built yet; \
                           kind gives each learner a whole cluster"
            .to_owned()),
        _ => Err("must be embedded, kind or kubernetes".to_owned()),
    }
}

fn period(text: &str) -> Result<Duration, String> {
    let hint = "must be a time such as 90s, 30m or 2h";
    let parsed = humantime::parse_duration(text).map_err(|_| hint.to_owned())?;
    if parsed < Duration::from_secs(1) { Err(format!("{hint}, at least 1s")) } else { Ok(parsed) }
}

pub(super) fn count(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| "must be a number above 0".to_owned())
}
