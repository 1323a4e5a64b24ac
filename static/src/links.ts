// Names of Pods in what a command printed: found, so that they can be pressed. Pure.

export type Piece = string | { name: string };

/** Text as pieces, with the Pods' names in it taken out: at a line's beginning, or after `pod/`, `pods/`, `pod "`. */
export function linked(text: string, pods: string[]): Piece[] {
  if (!pods.length) return [text];
  const names = pods.map((name) => name.replace(/[.-]/g, "\\$&")).sort((one, other) => other.length - one.length);
  const pattern = new RegExp(`(^|\\bpods?/|\\bpod ")(${names.join("|")})(?![\\w.-])`, "gm");
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    const start = match.index + (match[1]?.length ?? 0);
    if (start > from) pieces.push(text.slice(from, start));
    pieces.push({ name: match[2] ?? "" });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}
