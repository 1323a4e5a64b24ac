// Whether a Pod is well, by the words of its table. Pure.

/** Whether a status asks for an explanation. */
export function unhealthy({ status, ready }: { status: string; ready: string }): boolean {
  if (status === "Running") return !whole(ready);
  return status !== "Completed" && status !== "Succeeded";
}

/** `2/2` */
export function whole(ready: string): boolean {
  const [are, all] = ready.split("/");
  return are === all;
}
