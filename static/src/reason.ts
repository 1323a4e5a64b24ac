// Why kubectl opens a text again: it writes that into the comment at the text's beginning. Pure.

/** The words after the standing part of the comment, which ends with an empty comment line; empty where there are none. */
export function reasonOf(text: string): string {
  const lines = text.split("\n");
  const comment = lines.slice(0, lines.findIndex((line) => !line.startsWith("#")));
  const standing = comment.findIndex((line) => line.trim() === "#");
  const words = standing < 0 ? [] : comment.slice(standing + 1).map((line) => line.replace(/^# ?/, ""));
  return words.join("\n").trim();
}
