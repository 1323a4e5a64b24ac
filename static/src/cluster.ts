// The sandbox's own API, read from the page: the objects behind the tables. It is the same door that the learner's
// kubectl uses; its address is in the kubeconfig that the server gives to this session.

import type { Pod } from "./explain";
import { type Definitions, Schemas } from "./schema";
import type { Value } from "./yaml";

export interface ClusterEvent {
  metadata?: { name?: string; uid?: string };
  type?: string;
  reason?: string;
  message?: string;
  count?: number;
  firstTimestamp?: string | null;
  lastTimestamp?: string | null;
  eventTime?: string | null;
  series?: { count?: number; lastObservedTime?: string };
  involvedObject?: { kind?: string; name?: string; uid?: string; fieldPath?: string };
}

interface Door {
  path: string;
  namespace: string;
}

/** How far the server's clock is ahead of ours, in milliseconds; differences below a second are the header's rounding. */
let ahead = 0;

/** Now, by the server's clock. */
export function now(): number {
  return Date.now() + (Math.abs(ahead) > 1_500 ? ahead : 0);
}

let door: Promise<Door | undefined> | undefined;

async function find(): Promise<Door | undefined> {
  const answer = await fetch("/kubeconfig", { credentials: "same-origin" });
  if (!answer.ok) return undefined;
  const text = await answer.text();
  const server = text.match(/^\s*server:\s*["']?(\S+?)["']?\s*$/m)?.[1];
  if (!server) return undefined;
  const namespace = text.match(/^\s*namespace:\s*["']?([\w-]+)["']?\s*$/m)?.[1] ?? "default";
  return { path: new URL(server, location.href).pathname.replace(/\/$/, ""), namespace };
}

/** Forgets the way: a new sandbox has another. */
export function forget(): void {
  door = undefined;
}

async function get<T>(path: (namespace: string) => string): Promise<T | undefined> {
  return (await answer(path))?.json() as Promise<T> | undefined;
}

async function getText(path: (namespace: string) => string): Promise<string | undefined> {
  return (await answer(path))?.text();
}

async function answer(path: (namespace: string) => string): Promise<Response | undefined> {
  try {
    door ??= find();
    const way = await door;
    if (!way?.path.startsWith("/kube/")) {
      door = undefined;
      return undefined;
    }
    const answer = await fetch(`${way.path}${path(encodeURIComponent(way.namespace))}`, { credentials: "same-origin", headers: { accept: "application/json" } });
    const date = Date.parse(answer.headers.get("date") ?? "");
    if (!Number.isNaN(date)) ahead = date - Date.now();
    if (answer.ok) return answer;
    if (answer.status === 401 || answer.status === 503) door = undefined;
  } catch {
    // Without the objects the tables still tell the story.
    door = undefined;
  }
  return undefined;
}

/** Any object, as the cluster gives it. */
export interface Stored {
  kind?: string;
  apiVersion?: string;
  metadata?: { name?: string; uid?: string; resourceVersion?: string };
  [field: string]: unknown;
}

/** The kinds that one can look at, and where their objects are. */
export const KINDS = [
  { kind: "Pod", plural: "pods", api: "/api/v1" },
  { kind: "Service", plural: "services", api: "/api/v1" },
  { kind: "ConfigMap", plural: "configmaps", api: "/api/v1" },
  { kind: "Secret", plural: "secrets", api: "/api/v1" },
  { kind: "PersistentVolumeClaim", plural: "persistentvolumeclaims", api: "/api/v1" },
  { kind: "Deployment", plural: "deployments", api: "/apis/apps/v1" },
  { kind: "ReplicaSet", plural: "replicasets", api: "/apis/apps/v1" },
  { kind: "StatefulSet", plural: "statefulsets", api: "/apis/apps/v1" },
  { kind: "DaemonSet", plural: "daemonsets", api: "/apis/apps/v1" },
  { kind: "Job", plural: "jobs", api: "/apis/batch/v1" },
  { kind: "CronJob", plural: "cronjobs", api: "/apis/batch/v1" },
] as const;

export type Kind = (typeof KINDS)[number];

/** The names of a kind's objects. */
export async function names({ api, plural }: Kind): Promise<string[]> {
  const list = await get<{ items?: Stored[] }>((namespace) => `${api}/namespaces/${namespace}/${plural}`);
  return (list?.items ?? []).flatMap((object) => object.metadata?.name ?? []);
}

/** An object, and each newer version of it, until `signal`; undefined once it is gone. */
export async function follow({ api, plural }: Kind, name: string, signal: AbortSignal, seen: (object: { [key: string]: Value } | undefined) => void): Promise<void> {
  const list = await get<{ metadata?: { resourceVersion?: string }; items?: Stored[] }>(
    (namespace) => `${api}/namespaces/${namespace}/${plural}?fieldSelector=metadata.name%3D${encodeURIComponent(name)}`,
  );
  const way = await door;
  if (!list || !way || signal.aborted) return;
  const [item] = list.items ?? [];
  const one = KINDS.find((kind) => kind.plural === plural)?.kind;
  // Items of a list don't say what they are.
  seen(item && ({ apiVersion: api.replace(/^\/apis?\//, ""), kind: one, ...item } as { [key: string]: Value }));
  const since = list.metadata?.resourceVersion ?? "";
  const path = `${way.path}${api}/namespaces/${encodeURIComponent(way.namespace)}/${plural}?watch=true&fieldSelector=metadata.name%3D${encodeURIComponent(name)}&resourceVersion=${since}`;
  const answer = await fetch(path, { credentials: "same-origin", signal, headers: { accept: "application/json" } }).catch(() => undefined);
  if (!answer?.ok || !answer.body) return;
  for await (const line of textLines(answer.body, signal)) {
    const { type, object } = JSON.parse(line) as { type: string; object: { [key: string]: Value } };
    if (type === "ADDED" || type === "MODIFIED") seen(object);
    else if (type === "DELETED") seen(undefined);
  }
}

async function* textLines(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  while (!signal.aborted) {
    const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
    if (done) return;
    const parts = (rest + (value ?? "")).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) if (line.trim()) yield line;
  }
}

/** A Pod; undefined when it is not there or can't be asked for. */
export function pod(name: string): Promise<Pod | undefined> {
  return get<Pod>((namespace) => `/api/v1/namespaces/${namespace}/pods/${encodeURIComponent(name)}`);
}

/** The last lines of a container's log; empty where there is none. */
export async function lastLines(name: string, container: string, previous: boolean): Promise<string[]> {
  const query = `container=${encodeURIComponent(container)}&tailLines=5&previous=${previous}`;
  const text = await getText((namespace) => `/api/v1/namespaces/${namespace}/pods/${encodeURIComponent(name)}/log?${query}`);
  return (text ?? "").split("\n").filter((line) => line.trim());
}

/** The last lines of a container's log, each behind its time. */
export async function datedLines(name: string, container: string, previous: boolean, most: number): Promise<string[]> {
  const query = `container=${encodeURIComponent(container)}&tailLines=${most}&timestamps=true&previous=${previous}`;
  const text = await getText((namespace) => `/api/v1/namespaces/${namespace}/pods/${encodeURIComponent(name)}/log?${query}`);
  return (text ?? "").split("\n").filter((line) => line !== "");
}

/** All Pods of the namespace. */
export async function pods(): Promise<Pod[] | undefined> {
  const list = await get<{ items?: Pod[] }>((namespace) => `/api/v1/namespaces/${namespace}/pods`);
  return list?.items;
}

/** The events of the namespace. */
export async function events(): Promise<ClusterEvent[] | undefined> {
  const list = await get<{ items?: ClusterEvent[] }>((namespace) => `/api/v1/namespaces/${namespace}/events`);
  return list?.items;
}

interface Document {
  components?: { schemas?: Definitions };
}

/** The groups whose kinds the lessons speak of. */
const GROUPS = ["api/v1", "apis/apps/v1", "apis/batch/v1"];

/** The schemas of the kinds that the lessons speak of. */
export async function schemas(): Promise<Schemas | undefined> {
  const documents = await Promise.all(GROUPS.map((group) => get<Document>(() => `/openapi/v3/${group}`)));
  const definitions = Object.assign({}, ...documents.map((document) => document?.components?.schemas ?? {})) as Definitions;
  return Object.keys(definitions).length ? new Schemas(definitions) : undefined;
}
