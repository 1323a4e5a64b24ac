// kubectl's durations: reading them, and writing them as it does, so that ages go on between two messages.

const UNITS: Record<string, number> = { y: 31_536_000, d: 86_400, h: 3_600, m: 60, s: 1 };

/** Seconds in `97s`, `2m10s`, `3d4h`; undefined for anything else. */
export function seconds(text: string): number | undefined {
  if (!/^(\d+[ydhms])+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([ydhms])/g)) sum += Number(count) * (UNITS[unit ?? ""] ?? 0);
  return sum;
}

/** A duration as kubectl prints an age. */
export function age(total: number): string {
  const s = Math.max(0, Math.floor(total));
  const m = Math.floor(s / 60);
  const h = Math.floor(s / 3_600);
  const d = Math.floor(h / 24);
  const pair = (big: number, unit: string, small: number, sub: string) => (small ? `${big}${unit}${small}${sub}` : `${big}${unit}`);
  if (s < 120) return `${s}s`;
  if (m < 10) return pair(m, "m", s % 60, "s");
  if (m < 180) return `${m}m`;
  if (h < 8) return pair(h, "h", m % 60, "m");
  if (h < 48) return `${h}h`;
  if (d < 8) return pair(d, "d", h % 24, "h");
  if (d < 730) return `${d}d`;
  return pair(Math.floor(d / 365), "y", d % 365, "d");
}

/** A cell's text with each duration in it older by some seconds: `15s (x5 over 97s)`. */
export function older(cell: string, by: number): string {
  return cell.replace(/\b(\d+[ydhms])+\b/g, (text) => {
    const value = seconds(text);
    return value === undefined ? text : age(value + by);
  });
}
