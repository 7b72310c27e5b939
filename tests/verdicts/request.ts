/** Meaning of a check's fields to a reference: the request line, the Host header, the name for TLS, the timeout. */
import type { Behavior } from "./behavior.ts";

type Check = Behavior["check"];

/** The head of the request that a reference sends. */
export interface HttpHead {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: readonly (readonly [string, string])[];
}

/** Reads the request out of an http check's fields. */
export function httpHead(check: Check): HttpHead {
  const url = urlOf(check);
  const named = Object.entries((check["headers"] ?? {}) as Readonly<Record<string, string>>);
  const given = named.find(([name]) => name.toLowerCase() === "host")?.[1];
  return {
    method: text(check["method"]) ?? "GET",
    path: url === undefined ? (text(check["path"]) ?? "/") : `${url.pathname}${url.search}`,
    host: text(check["host"]) ?? given ?? url?.hostname ?? "127.0.0.1",
    headers: named.filter(([name]) => name.toLowerCase() !== "host"),
  };
}

/** The name that a check wants the server's certificate to have; undefined when the target goes by its address. */
export function serverName(check: Check): string | undefined {
  const head = httpHead(check);
  const name = text(check["server_name"]) ?? (head.host === "127.0.0.1" ? undefined : head.host);
  return name;
}

/** Reports whether a check speaks TLS: as `secure` says, or else its URL. */
export function isSecure(check: Check): boolean {
  return check["secure"] === undefined ? urlOf(check)?.protocol === "https:" : check["secure"] === true;
}

/** A duration field in seconds: whole seconds only, as the rows have them. */
export function seconds(duration: unknown): number {
  return Number.parseInt(String(duration), 10);
}

function urlOf(check: Check): URL | undefined {
  const path = text(check["path"]);
  return path !== undefined && URL.canParse(path) ? new URL(path) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
