// On what somebody is stuck, in words.

import "./wall-text";
import { t } from "../text";
import type { Stuck } from "./events";

/** One or two sentences; the error itself is shown after them, as code. */
export function words(stuck: Stuck): string {
  switch (stuck.is) {
    case "sameError":
      return t("wall.sameError", { times: stuck.times, number: stuck.number });
    case "unmet":
      return [t("wall.unmet", { number: stuck.number, check: stuck.check }), stuck.because].filter(Boolean).join(" ");
    case "idle": {
      const { number, minutes, others } = stuck;
      return others === null ? t("wall.idle", { number, minutes }) : t("wall.idleOthers", { number, minutes, others });
    }
    case "slow":
      return t("wall.slow", { number: stuck.number, minutes: stuck.minutes, others: stuck.others });
  }
}
