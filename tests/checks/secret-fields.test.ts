/** Fields that hold secrets: what their definition calls secret is in no view, target, span attribute or error message. */
import { expect, test } from "bun:test";
import { checkTypes } from "../../src/checks/registry.ts";
import { CHECK_DEFAULTS } from "../../src/model/check-defaults.ts";
import { namedFacts } from "../../src/schema/field.ts";

/** Six hexadecimal digits. */
const CANARY = "5ec4e7";
const VALUES: readonly unknown[] = [`/?${CANARY}`, CANARY, { "X-Canary": CANARY }];
/** Required fields of each type; fields of other types are ignored. */
const NEEDED = { ip: "127.0.0.1", port: 1, query: "a.test", secret: "xyzzy5461", username: "probe" };

const SECRET_FIELDS = checkTypes().flatMap((type) =>
  namedFacts(type.fields)
    .filter(({ secret }) => secret !== undefined)
    .map(({ name }) => [type.name, name, type] as const),
);

test("secret fields: there are some", () => {
  expect(SECRET_FIELDS.map(([type, field]) => `${type}.${field}`)).toEqual([
    "tcp.send",
    "tcp.send_hex",
    "http.path",
    "http.headers",
    "udp.send",
    "udp.send_hex",
    "radius.secret",
    "radius.password",
  ]);
});

test.each(SECRET_FIELDS)("secret fields: %s.%s is never shown", (_type, field, type) => {
  const taken = VALUES.flatMap((value) => {
    const read = type.read({ ...NEEDED, [field]: value }, CHECK_DEFAULTS);
    if (!read.ok) expect(JSON.stringify(read.problems)).not.toContain(CANARY);
    return read.ok ? [read.spec] : [];
  });
  // The first form that the field takes; without a query, a path is no secret.
  const [spec] = taken;
  if (spec === undefined) throw new Error(`no value for ${field}`);
  const shown = JSON.stringify([type.view(spec), type.formatTarget(spec), type.attributes(spec)]);
  expect([shown.includes(CANARY), type.holdsSecrets(spec)]).toEqual([false, true]);
});
