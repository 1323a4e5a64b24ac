// Why a Pod is in the state it is in: rules over what the cluster itself says about it. Pure: facts in, words out.

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

/** Whether a status asks for an explanation. */
export function unhealthy({ status, ready }: Pick<Seen, "status" | "ready">): boolean {
  if (status === "Running") return !whole(ready);
  return status !== "Completed" && status !== "Succeeded";
}

function whole(ready: string): boolean {
  const [are, all] = ready.split("/");
  return are === all;
}

const RULES: Rule[] = [terminating, oomKilled, crashLoop, neverPull, badName, imagePull, config, startError, pending, creating, waitsForInit, ended, notReady];

function terminating({ name, status, pod }: Seen): Explanation | undefined {
  if (status !== "Terminating") return undefined;
  const grace = pod?.metadata?.deletionGracePeriodSeconds;
  return {
    title: "Terminating: asked to stop, not gone yet",
    text: "The Pod was deleted. Its containers have been sent SIGTERM and may finish what they are doing. Those that are still there when the grace period is over are killed.",
    facts: facts(["deletionTimestamp", pod?.metadata?.deletionTimestamp], ["grace period", grace === undefined ? undefined : `${grace} s`]),
    next: { why: "Nothing to do but wait. Or, if you can't wait:", line: `kubectl delete pod ${name} --now` },
    hint: "A process that runs as number 1 of its container ignores SIGTERM unless it handles it. Shells and sleep are such.",
  };
}

function oomKilled(seen: Seen): Explanation | undefined {
  const { end, container } = lastEnd(seen);
  if (!seen.status.includes("OOMKilled") && end?.reason !== "OOMKilled") return undefined;
  const limit = seen.pod?.spec?.containers?.find((one) => one.name === container)?.resources?.limits?.memory;
  return {
    title: "OOMKilled: it wanted more memory than it may have",
    text: "The container used more memory than its limit allows, and the kernel ended it. Kubernetes only reports it: nothing asked the process first, so it could not say goodbye in its log.",
    facts: [...facts(["memory limit", limit]), ...endFacts(seen)],
    next: { why: "See the limit beside the exit code:", line: `kubectl describe pod ${seen.name}` },
    hint: "Exit code 137 is 128 + 9: ended by signal 9, SIGKILL.",
    answer: "Either the limit is too low for what the program does, then raise resources.limits.memory; or the program needs less: many can be told how much to use. Limits of a running Pod's memory are part of its spec, so replace the Pod.",
  };
}

function crashLoop(seen: Seen): Explanation | undefined {
  if (!/CrashLoopBackOff/.test(seen.status)) return undefined;
  const init = seen.status.startsWith("Init:");
  return {
    title: `${seen.status}: ${init ? "an init container" : "the container"} ends again and again`,
    text: "The image is fine and the container starts, but its process ends by itself. The kubelet starts it again and waits longer each time: 10 s, 20 s, 40 s, up to 5 minutes. Waiting doesn’t help; the cause is inside.",
    facts: [...endFacts(seen), ...facts(["restarts", seen.restarts]), ...lastWords(seen)],
    next: { why: "What did it say before it ended?", line: `kubectl logs ${seen.name}${inContainer(seen)} --previous` },
    hint: exitMeaning(lastEnd(seen).end?.exitCode),
    answer: crashAnswer(lastEnd(seen).end?.exitCode),
  };
}

function crashAnswer(code: number | undefined): string {
  if (code === 0) return "Exit code 0 means that it did its work and ended well. With restartPolicy: Always, the default, even that is a reason to start it again. For something that is done when it is done, use restartPolicy: OnFailure or Never.";
  if (code === 127) return "The command in the manifest names a program that the image does not contain. Look for a typo in command:, and whether the image has a shell at all.";
  return "Repair what the log complains about: usually a missing variable, file or argument. Then replace the Pod; a new one starts without any waiting.";
}

function neverPull(seen: Seen): Explanation | undefined {
  if (!seen.status.includes("ErrImageNeverPull")) return undefined;
  return {
    title: "ErrImageNeverPull: the image is not on the node, and may not be fetched",
    text: "imagePullPolicy: Never tells the node to use only images that it has already. It doesn’t have this one.",
    facts: [...imageFacts(seen), ...eventFacts(seen, "ErrImageNeverPull", "Failed")],
    next: { why: "Is the name right?", line: `kubectl describe pod ${seen.name}` },
    hint: "A name without a tag means :latest. An image that was built as app:1.0 is not app:latest.",
    answer: "Correct the image’s name; or, if a registry has the image, change imagePullPolicy to IfNotPresent.",
  };
}

function badName(seen: Seen): Explanation | undefined {
  if (!seen.status.includes("InvalidImageName")) return undefined;
  return {
    title: "InvalidImageName: that can’t be the name of an image",
    text: "Image names are in lower case, with at most one tag after a colon. The node did not even try to fetch this one.",
    facts: [...imageFacts(seen), ...eventFacts(seen, "InspectFailed", "Failed")],
    next: { why: "What exactly is wrong with it?", line: `kubectl describe pod ${seen.name}` },
    answer: "Write the image in lower case, without blanks, as NAME:TAG, and replace the Pod.",
  };
}

function imagePull(seen: Seen): Explanation | undefined {
  if (!/ErrImagePull|ImagePullBackOff/.test(seen.status)) return undefined;
  const told = eventFacts(seen, "Failed");
  const missing = told.some(({ value }) => /not found|manifest unknown|does not exist/i.test(value));
  const denied = told.some(({ value }) => /denied|unauthori[sz]ed|forbidden/i.test(value));
  return {
    title: `${seen.status}: the image doesn’t come`,
    text: "The node asked a registry for the image and did not get it. It tries again, waiting longer each time, up to 5 minutes; ErrImagePull is the attempt, ImagePullBackOff the wait between two.",
    facts: [...imageFacts(seen), ...told],
    next: { why: "The events have the registry’s own words:", line: `kubectl describe pod ${seen.name}` },
    hint: denied ? "The registry is there and says no: a typo in the name looks like that too." : "Read the name letter by letter, and the tag after the colon.",
    answer: missing ? "No image of that name and tag exists. Correct image: in the manifest and apply it again; that field may change while the Pod exists." : "Correct the name, or give the Pod a key to the registry with imagePullSecrets.",
  };
}

function config(seen: Seen): Explanation | undefined {
  if (!seen.status.includes("CreateContainerConfigError")) return undefined;
  return {
    title: "CreateContainerConfigError: something it refers to is not there",
    text: "The image has come, but the container can’t be put together: the manifest takes a variable from a ConfigMap or Secret that doesn’t exist, or has no such key.",
    facts: [...waitingFacts(seen), ...eventFacts(seen, "Failed")],
    next: { why: "What is there?", line: "kubectl get configmaps,secrets" },
    hint: "The message names what is missing. Look for it under env and envFrom in the manifest.",
    answer: "Create the missing ConfigMap or Secret, or correct its name. The kubelet tries again by itself, so the Pod needs no replacing.",
  };
}

function startError(seen: Seen): Explanation | undefined {
  if (!/CreateContainerError|RunContainerError|StartError|ContainerCannotRun/.test(seen.status)) return undefined;
  return {
    title: `${seen.status}: the process could not be started`,
    text: "The container was made, but the first process in it could not be started. Most often the program in command: is not in the image, or is no program.",
    facts: [...waitingFacts(seen), ...endFacts(seen), ...eventFacts(seen, "Failed")],
    next: { why: "What did the node say?", line: `kubectl describe pod ${seen.name}` },
    hint: exitMeaning(lastEnd(seen).end?.exitCode) ?? "command: replaces what the image would run; args: only its arguments.",
    answer: "Correct command: in the manifest. A whole shell line needs a shell: command: [\"sh\", \"-c\", \"…\"].",
  };
}

function pending(seen: Seen): Explanation | undefined {
  if (seen.status !== "Pending") return undefined;
  const told = eventFacts(seen, "FailedScheduling");
  const condition = seen.pod?.status?.conditions?.find((one) => one.type === "PodScheduled" && one.status === "False");
  if (!told.length && !condition) return undefined;
  const words = told.map(({ value }) => value).join() + (condition?.message ?? "");
  return {
    title: "Pending: no node can take it",
    text: "The scheduler looked at every node and found none that fits what the Pod asks for. It looks again whenever something changes in the cluster.",
    facts: told.length ? told : facts([condition?.reason ?? "PodScheduled", condition?.message]),
    next: { why: "What does the node have to give?", line: "kubectl describe nodes" },
    hint: /Insufficient/.test(words) ? "What counts is what the Pod requests, not what it will use." : "The message counts the nodes by reason; each reason is a field of your spec.",
    answer: /Insufficient/.test(words) ? "Ask for less under resources.requests, or make room by deleting other Pods." : "Change the field that the message speaks of: nodeSelector, affinity, tolerations or a claim that isn’t bound.",
  };
}

function creating(seen: Seen): Explanation | undefined {
  if (seen.status !== "ContainerCreating" && seen.status !== "PodInitializing") return undefined;
  const trouble = eventFacts(seen, "FailedMount", "FailedCreatePodSandBox", "FailedAttachVolume");
  if (!trouble.length) {
    return {
      title: `${seen.status}: it is on its way`,
      text: "The Pod has a node. Its volumes are being mounted and its images fetched. That takes a moment; a large image can take minutes.",
      facts: eventFacts(seen, "Pulling", "Scheduled"),
      next: { why: "See how far it is:", line: `kubectl describe pod ${seen.name}` },
    };
  }
  return {
    title: "ContainerCreating: a volume can’t be mounted",
    text: "The containers wait for their volumes, and one of them refers to something that isn’t there.",
    facts: trouble,
    next: { why: "What is there?", line: "kubectl get configmaps,secrets,pvc" },
    hint: "The message names the missing object. Look for it under volumes in the manifest.",
    answer: "Create what is missing or correct its name. The kubelet tries again by itself.",
  };
}

function waitsForInit(seen: Seen): Explanation | undefined {
  const progress = seen.status.match(/^Init:(\d+)\/(\d+)$/);
  if (!progress) return seen.status.startsWith("Init:") ? ended(seen) : undefined;
  const [, done, all] = progress;
  const current = seen.pod?.status?.initContainerStatuses?.[Number(done)]?.name ?? seen.pod?.spec?.initContainers?.[Number(done)]?.name;
  return {
    title: `${seen.status}: ${done} of ${all} init containers are done`,
    text: "Init containers run one after the other before anything else, and each has to end well before the next begins. The Pod waits for the one that runs now.",
    facts: [...facts(["running now", current]), ...lastWords(seen)],
    next: { why: "What is it waiting for?", line: `kubectl logs ${seen.name}${current ? ` -c ${current}` : ""}` },
    hint: "An init container often waits on purpose, for a service or a file that isn’t there yet.",
  };
}

function ended(seen: Seen): Explanation | undefined {
  if (!/^(Init:)?(Error|ExitCode:\d+|Signal:\d+)/.test(seen.status)) return undefined;
  const { end } = lastEnd(seen);
  const code = end?.exitCode ?? Number(seen.status.match(/ExitCode:(\d+)/)?.[1] ?? Number.NaN);
  return {
    title: `${seen.status}: it ended, and not well`,
    text: "The process in the container ended with an exit code other than zero, which is how a program says that something went wrong.",
    facts: [...endFacts(seen), ...lastWords(seen)],
    next: { why: "What did it say before it ended?", line: `kubectl logs ${seen.name}${inContainer(seen)}` },
    hint: exitMeaning(Number.isNaN(code) ? undefined : code),
    answer: crashAnswer(Number.isNaN(code) ? undefined : code),
  };
}

function notReady(seen: Seen): Explanation | undefined {
  if (seen.status !== "Running" || whole(seen.ready)) return undefined;
  const probe = eventFacts(seen, "Unhealthy");
  return {
    title: "Running, but not ready",
    text: probe.length ? "The container runs, but its readiness probe fails. It is left alone and not restarted; only no Service sends it visitors." : "The container runs and has not been found ready yet. A readiness or startup probe has to succeed first.",
    facts: [...facts(["ready", seen.ready]), ...probe],
    next: { why: "What does the probe ask for, and what did it get?", line: `kubectl describe pod ${seen.name}` },
    hint: "Compare the probe’s port and path with what the app really listens on.",
  };
}

function unknown(seen: Seen): Explanation {
  return {
    title: `${seen.status}: no rule for this reason`,
    text: "This state has no explanation here. What the cluster says about the Pod is all there is:",
    facts: [...waitingFacts(seen), ...endFacts(seen), ...seen.events.slice(-2).map(({ reason, message }) => ({ name: reason, value: message }))],
    next: { why: "The whole story:", line: `kubectl describe pod ${seen.name}` },
  };
}

const EXIT: Record<number, string> = {
  0: "Exit code 0: the process ended well. That it is restarted nevertheless is the restartPolicy’s doing.",
  1: "Exit code 1: the program itself gave up. What it says about that is in its log.",
  2: "Exit code 2: by custom, wrong use: an unknown option, or a shell that met a mistake.",
  126: "Exit code 126: the shell found the command but may not run it. It is no program, or lacks the right to be executed.",
  127: "Exit code 127: the shell did not find the command.",
  128: "Exit code 128: the container’s first process could not be started at all.",
  137: "Exit code 137 is 128 + 9: ended by SIGKILL. Out of memory, or it did not stop within its grace period.",
  139: "Exit code 139 is 128 + 11: a segmentation fault. The program touched memory that isn’t its own.",
  143: "Exit code 143 is 128 + 15: ended by SIGTERM. It was asked to stop, and stopped.",
};

/** What an exit code means. */
export function exitMeaning(code: number | undefined): string | undefined {
  if (code === undefined) return undefined;
  if (EXIT[code]) return EXIT[code];
  return code > 128 && code < 160 ? `Exit code ${code} is 128 + ${code - 128}: ended by signal ${code - 128}.` : `Exit code ${code} is the program’s own; its log or its manual knows more.`;
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
  const code = end.exitCode === undefined ? [] : [{ name: "exit code", value: String(end.exitCode), hot: true }];
  return [...code, ...facts(["container", container], ["reason", end.reason], ["message", end.message?.trim()])];
}

function waitingFacts(seen: Seen): Fact[] {
  const waiting = statuses(seen).find((one) => one.state?.waiting?.message);
  return waiting ? [...facts(["container", waiting.name]), { name: waiting.state?.waiting?.reason ?? "waiting", value: waiting.state?.waiting?.message ?? "", hot: true }] : [];
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
