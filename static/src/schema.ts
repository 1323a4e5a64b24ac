// The cluster's own schemas (OpenAPI v3): which fields there are, what they take, what they mean.

import type { Path } from "./outline";

export interface Schema {
  type?: string;
  format?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
  enum?: string[];
  $ref?: string;
  allOf?: Schema[];
  oneOf?: Schema[];
  "x-kubernetes-int-or-string"?: boolean;
  "x-kubernetes-group-version-kind"?: { group: string; version: string; kind: string }[];
}

export type Definitions = Record<string, Schema>;

/** Values that a field takes, where the schema does not say. From the Kubernetes API reference, v1.36. */
const VALUES: Record<string, string[]> = {
  restartPolicy: ["Always", "OnFailure", "Never"],
  imagePullPolicy: ["Always", "IfNotPresent", "Never"],
  dnsPolicy: ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"],
  terminationMessagePolicy: ["File", "FallbackToLogsOnError"],
  protocol: ["TCP", "UDP", "SCTP"],
  concurrencyPolicy: ["Allow", "Forbid", "Replace"],
};

export class Schemas {
  readonly #definitions: Definitions;

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  /** Versions and kinds that there are: `["v1", "Pod"]`. */
  get kinds(): [string, string][] {
    return Object.values(this.#definitions).flatMap((schema) =>
      (schema["x-kubernetes-group-version-kind"] ?? []).map(({ group, version, kind }): [string, string] => [group ? `${group}/${version}` : version, kind]),
    );
  }

  /** The schema of a kind. */
  of(apiVersion: string, kind: string): Schema | undefined {
    const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
    const is = (schema: Schema) => schema["x-kubernetes-group-version-kind"]?.some((one) => one.group === group && one.version === version && one.kind === kind);
    return Object.values(this.#definitions).find(is);
  }

  /** What stands at a path; undefined when nothing is known about it. */
  at(root: Schema, path: Path): Schema | undefined {
    let schema: Schema | undefined = this.resolve(root);
    for (const step of path) {
      if (!schema) return undefined;
      if (typeof step === "number") schema = schema.items && this.resolve(schema.items);
      else schema = this.#field(schema, step);
    }
    return schema;
  }

  #field(schema: Schema, name: string): Schema | undefined {
    const own = schema.properties?.[name];
    if (own) return this.resolve(own);
    return typeof schema.additionalProperties === "object" ? this.resolve(schema.additionalProperties) : undefined;
  }

  /** Follows references; a field's own description wins over its type's. */
  resolve(schema: Schema): Schema {
    const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
    if (!reference) return schema;
    const target = this.#definitions[reference.split("/").at(-1) ?? ""];
    return target ? { ...this.resolve(target), ...(schema.description ? { description: schema.description } : {}) } : {};
  }
}

/** Whether a mapping may hold keys of any name. */
export function isOpen(schema: Schema): boolean {
  return !schema.properties || schema.additionalProperties !== undefined;
}

/** The values that a field takes, where they are few. */
export function valuesOf(schema: Schema, path: Path): string[] {
  if (schema.enum) return schema.enum;
  if (schema.type === "boolean") return ["true", "false"];
  const key = path.at(-1);
  // A container's own policy (a sidecar's) is another one than the Pod's, with the same words.
  return typeof key === "string" && schema.type === "string" ? (VALUES[key] ?? []) : [];
}

/** `string`, `integer`, `list of objects` */
export function typeName(schema: Schema, schemas: Schemas): string {
  if (isIntOrString(schema)) return "number or string";
  if (schema.type === "array" && schema.items) return `list of ${plural(typeName(schemas.resolve(schema.items), schemas))}`;
  if (schema.type === "object" || schema.properties) return "object";
  return schema.type ?? "value";
}

function plural(name: string): string {
  return name.endsWith("s") ? name : `${name}s`;
}

export function isIntOrString(schema: Schema): boolean {
  return schema["x-kubernetes-int-or-string"] === true || schema.format === "int-or-string" || schema.oneOf !== undefined;
}

/** The first sentence of a description. */
export function brief(description: string | undefined): string {
  const text = (description ?? "").replace(/\s+/g, " ").trim();
  const end = text.search(/\. [A-Z]|\.$/);
  return end > 0 ? text.slice(0, end + 1) : text;
}
