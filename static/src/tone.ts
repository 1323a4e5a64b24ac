// The colours that repeat what statuses say. Pure.

const BAD = /Error|BackOff|Never|OOMKilled|Evicted|Invalid|Failed|Unknown|DeadlineExceeded/;
const UNDERWAY = /Pending|Creating|Init:|PodInitializing|Terminating|NotReady/;

/** The colour that repeats what a status says. */
export function tone(status: string): string {
  if (BAD.test(status)) return "bad";
  if (UNDERWAY.test(status)) return "warn";
  return status === "Running" || status === "Completed" ? "ok" : "";
}
