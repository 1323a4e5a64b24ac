// A workshop's code, as it is written on walls.

/** Capitals in groups of three, whatever was typed; what can't be a code stays as it is. */
export function grouped(typed: string): string {
  const bare = typed.toUpperCase().replace(/[\s-]/g, "");
  return bare.length === 9 ? bare.replace(/(.{3})(?=.)/g, "$1-") : typed;
}
