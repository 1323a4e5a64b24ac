// Why a Pod is in the state it is in: rules over what the cluster itself says about it. Pure: facts in, words out.

import { unhealthy, whole } from "./health";
import "./late-text";
import { t } from "./text";

export interface Fact {
  name: string;
  value: string;
  /** The one that decides. */
  hot?: boolean;
}

export interface Explanation {
  title: string;
  text: string;
  facts: Fact[];
  next: { why: string; line: string };
  hint?: string;
  answer?: string;
}

export interface Ended {
  exitCode?: number;
  signal?: number;
  reason?: string;
  message?: string;
  startedAt?: string | null;
  finishedAt?: string | null;
  containerID?: string;
}

export interface ContainerStatus {
  name: string;
  containerID?: string;
  ready?: boolean;
  restartCount?: number;
  state?: { waiting?: { reason?: string; message?: string }; terminated?: Ended; running?: { startedAt?: string } };
  lastState?: { terminated?: Ended };
}

/** The parts of a Pod that the rules look at. */
export interface Pod {
  metadata?: { name?: string; uid?: string; resourceVersion?: string; creationTimestamp?: string; deletionTimestamp?: string; deletionGracePeriodSeconds?: number };
  spec?: {
    nodeName?: string;
    restartPolicy?: string;
    containers?: { name: string; image?: string; imagePullPolicy?: string; resources?: { limits?: Record<string, string> } }[];
    initContainers?: { name: string; image?: string; imagePullPolicy?: string; restartPolicy?: string }[];
  };
  status?: {
    phase?: string;
    reason?: string;
    message?: string;
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
    conditions?: { type: string; status: string; reason?: string; message?: string; lastTransitionTime?: string | null }[];
  };
}

export interface Seen {
  name: string;
  status: string;
  ready: string;
  restarts: string;
  /** Newest last. */
  events: { reason: string; message: string; type: string }[];
  /** The object itself, where it could be asked for. */
  pod?: Pod;
  /** The last line that the container wrote before it ended, where it could be asked for. */
  lastWords?: string;
}

type Rule = (seen: Seen) => Explanation | undefined;

/** What there is to say about a Pod; undefined when all is as it should be. */
export function explain(seen: Seen): Explanation | undefined {
  for (const rule of RULES) {
    const found = rule(seen);
    if (found) return found;
  }
  return unhealthy(seen) ? unknown(seen) : undefined;
}

const RULES: Rule[] = [terminating, oomKilled, crashLoop, neverPull, badName, imagePull, config, startError, pending, creating, waitsForInit, ended, notReady];

function terminating({ name, status, pod }: Seen): Explanation | undefined {
  if (status !== "Terminating") return undefined;
  const grace = pod?.metadata?.deletionGracePeriodSeconds;
  return {
    title: t("why.terminating.title"),
    text: t("why.terminating.text"),
    facts: facts(["deletionTimestamp", pod?.metadata?.deletionTimestamp], [t("why.fact.grace"), grace === undefined ? undefined : `${grace} s`]),
    next: { why: t("why.terminating.next"), line: `kubectl delete pod ${name} --now` },
    hint: t("why.terminating.hint"),
  };
}

function oomKilled(seen: Seen): Explanation | undefined {
  const { end, container } = lastEnd(seen);
  if (!seen.status.includes("OOMKilled") && end?.reason !== "OOMKilled") return undefined;
  const limit = seen.pod?.spec?.containers?.find((one) => one.name === container)?.resources?.limits?.memory;
  return {
    title: t("why.oom.title"),
    text: t("why.oom.text"),
    facts: [...facts([t("why.fact.memory"), limit]), ...endFacts(seen)],
    next: { why: t("why.oom.next"), line: `kubectl describe pod ${seen.name}` },
    hint: t("why.oom.hint"),
    answer: t("why.oom.answer"),
  };
}

function crashLoop(seen: Seen): Explanation | undefined {
  if (!/CrashLoopBackOff/.test(seen.status)) return undefined;
  const init = seen.status.startsWith("Init:");
  return {
    title: t(init ? "why.crash.titleInit" : "why.crash.title", { status: seen.status }),
    text: t("why.crash.text"),
    facts: [...endFacts(seen), ...facts([t("why.fact.restarts"), seen.restarts]), ...lastWords(seen)],
    next: { why: t("why.words"), line: `kubectl logs ${seen.name}${inContainer(seen)} --previous` },
    hint: exitMeaning(lastEnd(seen).end?.exitCode),
    answer: crashAnswer(lastEnd(seen).end?.exitCode),
  };
}

function crashAnswer(code: number | undefined): string {
  const answers: Record<number, string> = {
    0: t("why.crash.answer0"),
    126: t("why.crash.answer126"),
    127: t("why.crash.answer127"),
    137: t("why.crash.answer137"),
    139: t("why.crash.answer139"),
    143: t("why.crash.answer143"),
  };
  return answers[code ?? 1] ?? t("why.crash.answer");
}

function neverPull(seen: Seen): Explanation | undefined {
  if (!seen.status.includes("ErrImageNeverPull")) return undefined;
  return {
    title: t("why.never.title"),
    text: t("why.never.text"),
    facts: [...imageFacts(seen), ...eventFacts(seen, "ErrImageNeverPull", "Failed")],
    next: { why: t("why.nameRight"), line: `kubectl describe pod ${seen.name}` },
    hint: t("why.never.hint"),
    answer: t("why.never.answer"),
  };
}

function badName(seen: Seen): Explanation | undefined {
  if (!seen.status.includes("InvalidImageName")) return undefined;
  return {
    title: t("why.badName.title"),
    text: t("why.badName.text"),
    facts: [...imageFacts(seen), ...eventFacts(seen, "InspectFailed", "Failed")],
    next: { why: t("why.badName.next"), line: `kubectl describe pod ${seen.name}` },
    answer: t("why.badName.answer"),
  };
}

function imagePull(seen: Seen): Explanation | undefined {
  if (!/ErrImagePull|ImagePullBackOff/.test(seen.status)) return undefined;
  const told = eventFacts(seen, "Failed");
  const missing = told.some(({ value }) => /not found|manifest unknown|does not exist/i.test(value));
  const denied = told.some(({ value }) => /denied|unauthori[sz]ed|forbidden/i.test(value));
  return {
    title: t("why.pull.title", { status: seen.status }),
    text: t("why.pull.text"),
    facts: [...imageFacts(seen), ...told],
    next: { why: t("why.registry"), line: `kubectl describe pod ${seen.name}` },
    hint: denied ? t("why.pull.hintDenied") : t("why.pull.hint"),
    answer: missing ? t("why.pull.answerMissing") : t("why.pull.answer"),
  };
}

function config(seen: Seen): Explanation | undefined {
  if (!seen.status.includes("CreateContainerConfigError")) return undefined;
  return {
    title: t("why.config.title"),
    text: t("why.config.text"),
    facts: [...waitingFacts(seen), ...eventFacts(seen, "Failed")],
    next: { why: t("why.there"), line: "kubectl get configmaps,secrets" },
    hint: t("why.config.hint"),
    answer: t("why.config.answer"),
  };
}

function startError(seen: Seen): Explanation | undefined {
  if (!/CreateContainerError|RunContainerError|StartError|ContainerCannotRun/.test(seen.status)) return undefined;
  return {
    title: t("why.start.title", { status: seen.status }),
    text: t("why.start.text"),
    facts: [...waitingFacts(seen), ...endFacts(seen), ...eventFacts(seen, "Failed")],
    next: { why: t("why.node"), line: `kubectl describe pod ${seen.name}` },
    hint: exitMeaning(lastEnd(seen).end?.exitCode) ?? t("why.start.hint"),
    answer: t("why.start.answer"),
  };
}

function pending(seen: Seen): Explanation | undefined {
  if (seen.status !== "Pending") return undefined;
  const told = eventFacts(seen, "FailedScheduling");
  const condition = seen.pod?.status?.conditions?.find((one) => one.type === "PodScheduled" && one.status === "False");
  if (!told.length && !condition) return undefined;
  const words = told.map(({ value }) => value).join() + (condition?.message ?? "");
  return {
    title: t("why.pending.title"),
    text: t("why.pending.text"),
    facts: told.length ? told : facts([condition?.reason ?? "PodScheduled", condition?.message]),
    next: { why: t("why.pending.next"), line: "kubectl describe nodes" },
    hint: /Insufficient/.test(words) ? t("why.pending.hintRoom") : t("why.pending.hint"),
    answer: /Insufficient/.test(words) ? t("why.pending.answerRoom") : t("why.pending.answer"),
  };
}

function creating(seen: Seen): Explanation | undefined {
  if (seen.status !== "ContainerCreating" && seen.status !== "PodInitializing") return undefined;
  const trouble = eventFacts(seen, "FailedMount", "FailedCreatePodSandBox", "FailedAttachVolume");
  if (!trouble.length) {
    return {
      title: t("why.creating.title", { status: seen.status }),
      text: t("why.creating.text"),
      facts: eventFacts(seen, "Pulling", "Scheduled"),
      next: { why: t("why.creating.next"), line: `kubectl describe pod ${seen.name}` },
    };
  }
  return {
    title: t("why.mount.title"),
    text: t("why.mount.text"),
    facts: trouble,
    next: { why: t("why.there"), line: "kubectl get configmaps,secrets,pvc" },
    hint: t("why.mount.hint"),
    answer: t("why.mount.answer"),
  };
}

function waitsForInit(seen: Seen): Explanation | undefined {
  const progress = seen.status.match(/^Init:(\d+)\/(\d+)$/);
  if (!progress) return seen.status.startsWith("Init:") ? ended(seen) : undefined;
  const [, done, all] = progress;
  const current = seen.pod?.status?.initContainerStatuses?.[Number(done)]?.name ?? seen.pod?.spec?.initContainers?.[Number(done)]?.name;
  return {
    title: t("why.init.title", { status: seen.status, done: done ?? "", all: all ?? "" }),
    text: t("why.init.text"),
    facts: [...facts([t("why.fact.now"), current]), ...lastWords(seen)],
    next: { why: t("why.init.next"), line: `kubectl logs ${seen.name}${current ? ` -c ${current}` : ""}` },
    hint: t("why.init.hint"),
    answer: t("why.init.answer"),
  };
}

function ended(seen: Seen): Explanation | undefined {
  if (!/^(Init:)?(Error|ExitCode:\d+|Signal:\d+)/.test(seen.status)) return undefined;
  const { end } = lastEnd(seen);
  const code = end?.exitCode ?? Number(seen.status.match(/ExitCode:(\d+)/)?.[1] ?? Number.NaN);
  return {
    title: t("why.ended.title", { status: seen.status }),
    text: t("why.ended.text"),
    facts: [...endFacts(seen), ...lastWords(seen)],
    next: { why: t("why.words"), line: `kubectl logs ${seen.name}${inContainer(seen)}` },
    hint: exitMeaning(Number.isNaN(code) ? undefined : code),
    answer: crashAnswer(Number.isNaN(code) ? undefined : code),
  };
}

function notReady(seen: Seen): Explanation | undefined {
  if (seen.status !== "Running" || whole(seen.ready)) return undefined;
  const probe = eventFacts(seen, "Unhealthy");
  return {
    title: t("why.notReady.title"),
    text: probe.length ? t("why.notReady.textProbe") : t("why.notReady.text"),
    facts: [...facts([t("why.fact.ready"), seen.ready]), ...probe],
    next: { why: t("why.notReady.next"), line: `kubectl describe pod ${seen.name}` },
    hint: t("why.notReady.hint"),
  };
}

function unknown(seen: Seen): Explanation {
  return {
    title: t("why.unknown.title", { status: seen.status }),
    text: t("why.unknown.text"),
    facts: [...waitingFacts(seen), ...endFacts(seen), ...seen.events.slice(-2).map(({ reason, message }) => ({ name: reason, value: message }))],
    next: { why: t("why.unknown.next"), line: `kubectl describe pod ${seen.name}` },
  };
}

const EXIT: Record<number, string> = {
  0: t("exit.0"),
  1: t("exit.1"),
  2: t("exit.2"),
  126: t("exit.126"),
  127: t("exit.127"),
  128: t("exit.128"),
  137: t("exit.137"),
  139: t("exit.139"),
  143: t("exit.143"),
};

/** What an exit code means. */
export function exitMeaning(code: number | undefined): string | undefined {
  if (code === undefined) return undefined;
  if (EXIT[code]) return EXIT[code];
  return code > 128 && code < 160 ? t("exit.signal", { code, signal: code - 128 }) : t("exit.own", { code });
}

function statuses({ pod }: Seen): ContainerStatus[] {
  return [...(pod?.status?.initContainerStatuses ?? []), ...(pod?.status?.containerStatuses ?? [])];
}

/** The end that matters: of a container that ended badly now, else of the run before. */
function lastEnd(seen: Seen): { end?: Ended; container?: string } {
  const all = statuses(seen);
  const now = all.find((one) => one.state?.terminated && one.state.terminated.exitCode !== 0);
  if (now) return { end: now.state?.terminated, container: now.name };
  const before = all.find((one) => one.lastState?.terminated);
  return before ? { end: before.lastState?.terminated, container: before.name } : {};
}

function inContainer(seen: Seen): string {
  const { container } = lastEnd(seen);
  return statuses(seen).length > 1 && container ? ` -c ${container}` : "";
}

function lastWords({ lastWords }: Seen): Fact[] {
  return lastWords ? [{ name: t("why.lastLine"), value: lastWords, hot: true }] : [];
}

/** Whose log has the last words: the container that ended, or the init container that runs. */
export function speaker(seen: Seen): { container: string; previous: boolean } | undefined {
  const all = statuses(seen);
  const progress = seen.status.match(/^Init:(\d+)\//);
  if (progress) {
    const running = seen.pod?.status?.initContainerStatuses?.[Number(progress[1])];
    return running ? { container: running.name, previous: false } : undefined;
  }
  const { container } = lastEnd(seen);
  const own = all.find((one) => one.name === container);
  // The run that ended last may still be the present one, or the one before it.
  return own ? { container: own.name, previous: !own.state?.terminated && own.lastState?.terminated !== undefined && own.state?.running !== undefined } : undefined;
}

function endFacts(seen: Seen): Fact[] {
  const { end, container } = lastEnd(seen);
  if (!end) return [];
  const code = end.exitCode === undefined ? [] : [{ name: t("why.fact.exit"), value: String(end.exitCode), hot: true }];
  return [...code, ...facts([t("why.fact.container"), container], [t("why.fact.reason"), end.reason], [t("why.fact.message"), end.message?.trim()])];
}

function waitingFacts(seen: Seen): Fact[] {
  const waiting = statuses(seen).find((one) => one.state?.waiting?.message);
  return waiting ? [...facts([t("why.fact.container"), waiting.name]), { name: waiting.state?.waiting?.reason ?? "waiting", value: waiting.state?.waiting?.message ?? "", hot: true }] : [];
}

function imageFacts(seen: Seen): Fact[] {
  const bad = statuses(seen).find((one) => one.state?.waiting);
  const spec = [...(seen.pod?.spec?.initContainers ?? []), ...(seen.pod?.spec?.containers ?? [])].find((one) => one.name === bad?.name);
  return [...(spec?.image ? [{ name: "image", value: spec.image, hot: true }] : []), ...facts(["imagePullPolicy", spec?.imagePullPolicy])];
}

/** The newest event of each of some reasons. */
function eventFacts(seen: Seen, ...reasons: string[]): Fact[] {
  return reasons.flatMap((reason) => {
    const found = seen.events.filter((event) => event.reason === reason);
    const telling = found.filter((event) => !/^Error: (ErrImagePull|ImagePullBackOff)$/.test(event.message)).at(-1) ?? found.at(-1);
    return telling ? [{ name: reason, value: telling.message }] : [];
  });
}

function facts(...pairs: [string, string | undefined][]): Fact[] {
  return pairs.flatMap(([name, value]) => (value ? [{ name, value }] : []));
}

/** What there is to say about a Pod that is as it should be. */
export function well(name: string, status: string): Explanation {
  const text = t(status === "Completed" ? "why.well.completed" : "why.well.running");
  return { title: t("why.well.title", { status }), text, facts: [], next: { why: t("why.well.next"), line: `kubectl describe pod ${name}` } };
}
