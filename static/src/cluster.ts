// The sandbox's own API, read from the page: the objects behind the tables. It is the same door that the learner's
// kubectl uses; its address is in the kubeconfig that the server gives to this session.

import type { Pod } from "./explain";
import { type Definitions, Schemas } from "./schema";

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
    if (answer.ok) return (await answer.json()) as T;
    if (answer.status !== 404) door = undefined;
  } catch {
    // Without the objects the tables still tell the story.
    door = undefined;
  }
  return undefined;
}

/** A Pod; undefined when it is not there or can't be asked for. */
export function pod(name: string): Promise<Pod | undefined> {
  return get<Pod>((namespace) => `/api/v1/namespaces/${namespace}/pods/${encodeURIComponent(name)}`);
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
