/**
 * Checks that a request names this server. Called by the HTTP server for every request; pure.
 *
 * A page of a hostile site can have its own name resolved to 127.0.0.1 in the reader's browser (DNS rebinding) and read what this server
 * answers there. The browser sends the site's name as Host, so a listener on a loopback address accepts only names that cannot be
 * rebound: addresses, `localhost`, and those that the configuration allows.
 */
import { isIP } from "node:net";

/** The names that a listener accepts. */
export interface HostPolicy {
  /** True when the listener has a loopback address. */
  readonly loopback: boolean;
  /** `metrics.allowed_hosts`. If it has names, no others are accepted, on any address. */
  readonly allowedHosts: readonly string[];
}

/** The reason to reject a request, with the status of the response. */
export interface HostProblem {
  readonly status: 400 | 403;
  readonly message: string;
}

/** The parts of a request that name a host. */
export interface NamedRequest {
  /** `1.0` or `1.1` */
  readonly httpVersion: string;
  /** Names and values in turn, as they were received. */
  readonly rawHeaders: readonly string[];
  readonly url?: string | undefined;
}

/** `uri-host [ ":" port ]` (RFC 3986, 3.2.2 and 3.2.3). */
const AUTHORITY = /^(?:\[([0-9a-f:.]+)\]|((?:[\w.~!$&'()*+,;=-]|%[0-9a-f]{2})*))(?::[0-9]{0,5})?$/i;
/** An absolute target, as a client sends it to a proxy (RFC 9112, 3.2.2). */
const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i;

const INVALID: HostProblem = {
  status: 400,
  message: "Host: not valid; must be a name or an address, and a port if needed",
};

/** Finds the problem with the names of a request (RFC 9112, 3.2); returns undefined when it names this server. */
export function findHostProblem(request: NamedRequest, policy: HostPolicy): HostProblem | undefined {
  const { httpVersion, rawHeaders, url } = request;
  const hosts = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === "host");
  if (hosts.length > 1) return { status: 400, message: "Host: given more than once; must be one header" };
  if (hosts.length === 0 && httpVersion !== "1.0")
    return { status: 400, message: "Host: missing; must be one header" };
  const [, authority] = ABSOLUTE.exec(url ?? "") ?? [];
  // RFC 9110, 4.2.1: an http URL without a host is invalid.
  if (authority === "") return INVALID;
  for (const text of authority === undefined ? hosts : [...hosts, authority]) {
    const problem = findAuthorityProblem(text, policy);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function findAuthorityProblem(text: string, policy: HostPolicy): HostProblem | undefined {
  const [whole, v6, name = ""] = AUTHORITY.exec(text) ?? [];
  if (whole === undefined || (v6 !== undefined && isIP(v6) !== 6)) return INVALID;
  if (v6 !== undefined || isIP(name) === 4) return undefined;
  const { loopback, allowedHosts } = policy;
  if (!loopback && allowedHosts.length === 0) return undefined;
  const plain = withoutDot(name.toLowerCase());
  if (plain === "localhost" || allowedHosts.some((host) => withoutDot(host.toLowerCase()) === plain))
    return undefined;
  return {
    status: 403,
    message:
      "Host: not a name of this server; must be an address, localhost, or one of metrics.allowed_hosts",
  };
}

/** Removes the dot of the root: `www.example.com.` is the same name without it. */
function withoutDot(name: string): string {
  return name.replace(/\.$/, "");
}
