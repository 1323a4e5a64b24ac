// Which objects a manifest's values name, and the Pods that it may be about. Pure.

import type { Pod } from "./explain";
import { type Path, written } from "./outline";

/** The Pods that there are, by name. */
export type Live = Map<string, Pod>;

export function liveOf(pods: Pod[]): Live {
  return new Map(pods.flatMap((pod) => (pod.metadata?.name ? [[pod.metadata.name, pod] as const] : [])));
}

const NAMED: [RegExp, string][] = [
  [/\.(configMapRef|configMapKeyRef|configMap)\.name$/, "ConfigMap"],
  [/\.(secretRef|secretKeyRef)\.name$|\.secret\.secretName$|\.imagePullSecrets\[\d+\]\.name$/, "Secret"],
  [/\.persistentVolumeClaim\.claimName$/, "PersistentVolumeClaim"],
];

/** The kind of object whose name belongs at a path. */
export function namedKind(path: Path): string | undefined {
  const text = written(path);
  return NAMED.find(([pattern]) => pattern.test(text))?.[1];
}
