/** Sinks of events as values of the configuration file: a process, and a webhook with its secret. */

import { NOT_SHOWN } from "../redaction/marks.ts";
import { shownUrl } from "../redaction/urls.ts";
import { showKind } from "../redaction/values.ts";
import { notValid, secretProblem } from "../schema/problem.ts";
import { custom } from "../schema/values.ts";
import { isHttpUrl } from "./address-values.ts";

const OFF = "off";
/** YAML 1.1 reads `off` as false. */
const isOff = (input: unknown) => input === OFF || input === false;
const OFF_JSON = { enum: [OFF, false] };

const MAX_ARGUMENTS = 100;
const MAX_CHARS = 4_096;
const COMMAND_RULE =
  "off, or a program by its absolute path with its arguments, a list of strings, or a string that is split at blanks";

/** A command, as a list, or `off`. No shell reads it. */
export const commandOrOff = custom<string, readonly string[] | typeof OFF>(
  {
    kind: "list of strings or off",
    rule: COMMAND_RULE,
    range: "off, or an absolute path and arguments",
    json: {
      anyOf: [
        OFF_JSON,
        { type: "string", pattern: "^ *\\/[^\\0]*$", maxLength: MAX_CHARS },
        {
          type: "array",
          minItems: 1,
          maxItems: MAX_ARGUMENTS,
          items: { type: "string", pattern: "^[^\\0]*$", maxLength: MAX_CHARS },
        },
      ],
    },
  },
  (input) => (isOff(input) ? OFF : readCommand(input)),
);

function readCommand(input: unknown): readonly string[] | undefined {
  const words: unknown = typeof input === "string" ? input.split(" ").filter((word) => word !== "") : input;
  if (!Array.isArray(words) || words.length === 0 || words.length > MAX_ARGUMENTS) return undefined;
  const isWord = (word: unknown): word is string =>
    typeof word === "string" && word.length <= MAX_CHARS && !word.includes("\0");
  return words.every(isWord) && words[0]?.startsWith("/") ? words : undefined;
}

/** A webhook of the configuration. */
export interface WebhookValue {
  readonly url: string;
  readonly secret: string | undefined;
  readonly secretFile: string | undefined;
}

const NAMES = ["url", "secret", "secret_file"] as const;
const WEBHOOK_RULE = `off, or a map of ${NAMES.join(", ")}`;
const URL_RULE = 'an http or https URL, such as "https://alerts.example/seesaw"';

/** A webhook, or `off`. Its URL may hold secrets too. */
export const webhookOrOff = {
  ...custom<string, WebhookValue | typeof OFF>(
    {
      kind: "map or off",
      rule: WEBHOOK_RULE,
      range: "off, or a map of url and, for a signature, secret or secret_file",
      json: {
        anyOf: [
          OFF_JSON,
          {
            type: "object",
            properties: {
              url: { type: "string", pattern: "^[Hh][Tt][Tt][Pp][Ss]?:\\/\\/" },
              secret: { type: ["string", "null"], minLength: 1, maxLength: MAX_CHARS },
              secret_file: { type: ["string", "null"], pattern: "^\\/" },
            },
            required: ["url"],
            additionalProperties: false,
          },
        ],
      },
    },
    (input) => {
      if (isOff(input)) return OFF;
      const read = readWebhook(input);
      return typeof read === "string" ? undefined : read;
    },
    (input) => {
      const read = readWebhook(input);
      return typeof read === "string" ? read : secretProblem(input, WEBHOOK_RULE);
    },
  ),
  secret: "`secret`, and the user, password and query of `url`, are secrets",
  format: formatWebhook,
};

/** Reads the map. @returns the problem with it, if there is one */
function readWebhook(input: unknown): WebhookValue | string {
  if (typeof input !== "object" || input === null || Array.isArray(input))
    return secretProblem(input, WEBHOOK_RULE);
  const unknown = Object.keys(input).filter((name) => !NAMES.some((known) => known === name));
  if (unknown.length > 0)
    return `${showKind(unknown[0])} is not a valid key; must be one of ${NAMES.join(", ")}`;
  const [url, secret, secretFile] = NAMES.map((name): unknown => Reflect.get(input, name) ?? undefined);
  if (typeof url !== "string") return `url ${secretProblem(url, URL_RULE)}`;
  if (!isHttpUrl(url)) return `url ${notValid(JSON.stringify(shownUrl(url)), URL_RULE)}`;
  if (secret !== undefined && (typeof secret !== "string" || secret === "" || secret.length > MAX_CHARS))
    return `secret ${secretProblem(secret, `a string of 1 to ${MAX_CHARS} characters`)}`;
  if (secretFile !== undefined && (typeof secretFile !== "string" || !secretFile.startsWith("/")))
    return `secret_file ${secretProblem(secretFile, "an absolute path")}`;
  if (secret !== undefined && secretFile !== undefined) return "secret is not allowed beside secret_file";
  return { url, secret, secretFile };
}

function formatWebhook(webhook: unknown): unknown {
  if (typeof webhook !== "object" || webhook === null || !("url" in webhook)) return webhook;
  const { url, secret, secretFile } = { secret: undefined, secretFile: undefined, ...webhook };
  return {
    url: shownUrl(String(url)),
    ...(secret === undefined ? {} : { secret: NOT_SHOWN }),
    ...(secretFile === undefined ? {} : { secret_file: secretFile }),
  };
}
