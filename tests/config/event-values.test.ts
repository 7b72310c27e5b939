/** The section `events` of the configuration file. */
import { expect, test } from "bun:test";
import { validateConfig } from "../../src/config/load.ts";
import { toFile } from "../../src/config/schema.ts";

const SECRET = "s3cr3t-value";

function read(events: object) {
  const { config, faults } = validateConfig(JSON.stringify({ events }));
  return { events: config?.events, faults: faults.map(({ key, message }) => `${key}: ${message}`) };
}

test.each([
  [{ exec: "/bin/cat  -u" }, { exec: ["/bin/cat", "-u"] }],
  [{ exec: ["/bin/sh", "-c", "cat | grep x"] }, { exec: ["/bin/sh", "-c", "cat | grep x"] }],
  [
    { exec: "off", webhook: false },
    { exec: "off", webhook: "off" },
  ],
  [{}, { exec: "off", webhook: "off", queue_size: 10_000 }],
  [
    { webhook: { url: "https://a.example/x", secret: SECRET, secret_file: null } },
    { webhook: { url: "https://a.example/x", secret: SECRET } },
  ],
])("events: %j is valid", (events, expected) => {
  expect(read(events)).toMatchObject({ events: expected, faults: [] });
});

const COMMAND = "must be off, or a program by its absolute path with its arguments";
test.each([
  [{ exec: "cat" }, `events.exec: "cat" is not valid; ${COMMAND}`],
  [{ exec: "" }, `events.exec: "" is not valid; ${COMMAND}`],
  [{ exec: ["/bin/cat", 3] }, "events.exec: a list (not shown) is not valid"],
  [{ webhook: SECRET }, "events.webhook: a string (not shown) is not valid; must be off, or a map of url"],
  [{ webhook: { secret: SECRET } }, "events.webhook: url missing; must be an http or https URL"],
  [{ webhook: { url: `ftp://u:${SECRET}@x` } }, 'events.webhook: url "ftp://***@x" is not valid'],
  [
    { webhook: { url: "http://x", secret: [SECRET] } },
    "events.webhook: secret a list (not shown) is not valid; must be a string of 1 to 4096 characters",
  ],
  [{ webhook: { url: "http://x", secret_file: SECRET } }, "events.webhook: secret_file a string (not shown)"],
  [
    { webhook: { url: "http://x", secret: SECRET, secret_file: "/x" } },
    "events.webhook: secret is not allowed beside secret_file",
  ],
  [{ webhook: { url: "http://x", [SECRET]: 1 } }, "events.webhook: a string (not shown) is not a valid key"],
])("events: %j is rejected, and no secret is in the message", (events, message) => {
  const { faults } = read(events);
  expect(faults.length).toBe(1);
  expect(faults[0]).toStartWith(message);
  expect(faults[0]).not.toContain(SECRET);
});

test("events: a configuration is formatted without its secrets", () => {
  const { config } = validateConfig(
    JSON.stringify({ events: { webhook: { url: `https://x/?token=${SECRET}`, secret: SECRET } } }),
  );
  const text = config === undefined ? "" : JSON.stringify(toFile(config)["events"]);
  expect(text).toContain("https://x/?");
  expect(text).not.toContain(SECRET);
});
