/** The check type `http`: one HTTP/1.1 request, with optional TLS, and its answer. */
import { holdsSecrets } from "../../redaction/secrets.ts";
import { defineCheckType } from "../check-type.ts";
import { httpAttributes, httpErrorType } from "./attributes.ts";
import { httpChecker } from "./checker.ts";
import { HTTP_PROBE } from "./probe.ts";
import { HTTP_FIELDS, isSecretHeader, normalizeHttp } from "./schema.ts";
import { formatHttpTarget, type HttpSpec } from "./spec.ts";
import { httpView } from "./view.ts";

/** The descriptor of `http`. */
export const HTTP = defineCheckType({
  name: "http",
  // Google's HTTP checker uses the same.
  defaultTimeoutMs: 5_000,
  fields: HTTP_FIELDS,
  isSecretKey: isSecretHeader,
  normalize: normalizeHttp,
  formatTarget: formatHttpTarget,
  view: httpView,
  attributes: httpAttributes,
  errorType: httpErrorType,
  destination: ({ address, socket }: HttpSpec) => ({ ip: address.ip, port: address.port, socket }),
  holdsSecrets: (spec: HttpSpec) => holdsSecrets(spec),
  create: httpChecker,
  probe: HTTP_PROBE,
});
