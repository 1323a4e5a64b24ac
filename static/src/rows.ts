// The Timeline's lanes, made of what is known about a Pod. Pure.

import { age } from "./ages";
import type { Row } from "./lanes";
import type { Life } from "./lifeline";
import { nextStart, type Observation } from "./observed";
import { tone } from "./tone";
import "./late-text";
import { t } from "./text";

/** `Ready: False, ContainersNotReady` */
export function readyWords({ status, reason }: Observation["ready"][number]): string {
  return `Ready: ${status ? "True" : "False"}${reason ? `, ${reason}` : ""}`;
}

export function statusRow(life: Life, now: number): Row {
  const bars = life.stretches.map(({ status, from, to }) => ({ from, to: to ?? now, tone: tone(status) || "plain", text: status, title: `${status}, ${age(((to ?? now) - from) / 1_000)}` }));
  return { name: t("timeline.status"), bars, texts: [], marks: [] };
}

export function objectRows(seen: Observation, now: number, gone: boolean, marks: { at: number; reason: string; message: string }[]): Row[] {
  const rows: Row[] = [];
  const sinceBirth = (at: number) => age((at - seen.created) / 1_000);
  const refused = marks.filter((mark) => mark.reason === "FailedScheduling");
  if (seen.scheduled !== undefined || refused.length) {
    const placed = seen.scheduled === undefined ? [] : [{ at: seen.scheduled, text: seen.node ?? "", key: keyOf(marks, "Scheduled") }];
    rows.push({ name: t("timeline.scheduling"), bars: seen.scheduled === undefined ? [{ from: seen.created, to: now, tone: "wait", text: t("timeline.noNode"), title: refused.at(-1)?.message ?? "", key: keyOf(marks, "FailedScheduling") }] : [], texts: placed, marks: [] });
  }
  const image = imageRow(marks);
  if (image) rows.push(image);
  for (const lane of seen.lanes) rows.push(containerRow(lane, now, gone));
  const turns = seen.ready;
  if (turns.length) {
    const bars = turns.map((turn, at) => ({ from: turn.at, to: turns[at + 1]?.at ?? now, tone: turn.status ? "ok" : "off", text: turn.status ? t("timeline.isReady") : "", title: turn.status ? t("timeline.isReady") : `${t("timeline.notReady")}: ${turn.reason ?? ""}` }));
    rows.push({ name: t("timeline.ready"), bars, texts: [], marks: turns.map((turn, at) => ({ at: turn.at, warning: false, key: `ready-${at}`, label: t("timeline.condition", { age: sinceBirth(turn.at), reason: readyWords(turn) }) })) });
  }
  const failures = marks.filter((mark) => mark.reason === "Unhealthy");
  if (failures.length) rows.push({ name: t("timeline.probes"), bars: [], texts: [], marks: failures.map((mark, at) => ({ at: mark.at, warning: true, key: `probe-${at}`, label: mark.message })) });
  if (seen.deleted !== undefined) rows.push({ name: t("timeline.termination"), bars: [{ from: seen.deleted, to: now, tone: "warn", text: t("timeline.deleting"), title: t("timeline.deleting"), key: keyOf(marks, "Killing") }], texts: [], marks: [] });
  return rows;
}

/** The key of the newest event with a reason; its mark stands among the events under the same. */
function keyOf(marks: { reason: string }[], ...reasons: string[]): string | undefined {
  const at = marks.findLastIndex((mark) => reasons.includes(mark.reason));
  return at < 0 ? undefined : `event-${at}`;
}

function imageRow(all: { at: number; reason: string; message: string }[]): Row | undefined {
  const marks = all.filter((mark) => mark.reason === "Pulled" || mark.reason === "Pulling");
  const first = marks[0];
  if (!first) return undefined;
  const bars = marks.flatMap((mark, at) => {
    const next = marks[at + 1];
    return mark.reason === "Pulling" && next?.reason === "Pulled" ? [{ from: mark.at, to: next.at, tone: "warn", text: "", title: next.message }] : [];
  });
  const last = marks.findLast((mark) => mark.reason === "Pulled");
  const text = !last ? t("timeline.pulling") : /already present/.test(last.message) ? t("timeline.present") : t("timeline.pulled", { time: last.message.match(/ in (\S+) \(/)?.[1] ?? "0s" });
  return { name: t("timeline.image"), bars, texts: [{ at: first.at, text, key: keyOf(all, "Pulled", "Pulling") }], marks: [] };
}

function containerRow(lane: Observation["lanes"][number], now: number, gone: boolean): Row {
  const runs = lane.runs.filter((run) => !Number.isNaN(run.startedAt));
  const bars: Row["bars"] = runs.map((run) => ({
    from: run.startedAt,
    to: run.finishedAt ?? now,
    tone: run.finishedAt === undefined ? "run-on" : run.exitCode === 0 ? "run-ok" : "run-bad",
    text: run.finishedAt === undefined ? t("timeline.runs") : "",
    title: run.finishedAt === undefined ? t("timeline.runsSince", { age: age((now - run.startedAt) / 1_000) }) : t("timeline.ran", { age: age((run.finishedAt - run.startedAt) / 1_000), reason: run.reason ?? "", code: run.exitCode ?? "" }),
    below: run.exitCode === undefined ? undefined : String(run.exitCode),
    key: `run-${run.id}`,
  }));
  runs.forEach((run, at) => {
    const next = runs[at + 1];
    if (run.finishedAt !== undefined && next && next.startedAt - run.finishedAt >= 2_000) bars.push(wait(run.finishedAt, next.startedAt, age((next.startedAt - run.finishedAt) / 1_000)));
  });
  const last = runs.at(-1);
  const soon = gone || last?.finishedAt === undefined ? undefined : nextStart(lane);
  if (last?.finishedAt !== undefined && soon !== undefined) {
    bars.push(wait(last.finishedAt, Math.min(now, Math.max(soon, last.finishedAt)), ""));
    if (soon > now) bars.push({ from: now, to: soon, tone: "rest", text: t("timeline.nextStart", { age: age((soon - now) / 1_000) }), title: t("timeline.rest") });
  }
  return { name: t(lane.kind === "main" ? "timeline.container" : lane.kind === "init" ? "timeline.init" : "timeline.sidecar"), detail: lane.container, bars, texts: [], marks: [], tall: true };
}

function wait(from: number, to: number, text: string): Row["bars"][number] {
  return { from, to, tone: "wait", text, title: t("timeline.waited", { age: text }) };
}
