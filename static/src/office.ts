// Forms of instructors and of learners who join: the browser's time zone, and a code in its groups.

import { setUpTheme } from "./theme";
import { grouped } from "./workshop/code";

setUpTheme();
const zone = document.querySelector<HTMLInputElement>("#zone");
if (zone && !zone.value) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
const code = document.querySelector<HTMLInputElement>("input.joincode");
code?.addEventListener("change", () => {
  code.value = grouped(code.value);
});
