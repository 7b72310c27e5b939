/** Each rule of what is secret, in one table: what goes in, and what is shown of it. */
import { expect, test } from "bun:test";
import { RawNumber } from "../../src/model/format-value.ts";
import { redactHeaders, withoutSource } from "../../src/redaction/foreign.ts";
import { bytesNotShown, headerNotShown } from "../../src/redaction/marks.ts";
import { byteSecrets, holdsSecrets, httpSecrets, textSecrets } from "../../src/redaction/secrets.ts";
import {
  hasSecrets,
  redactLocation,
  shownPath,
  shownRequestTarget,
  shownUrl,
} from "../../src/redaction/urls.ts";
import { mayShowFieldName, showKind, showUnlessSecret } from "../../src/redaction/values.ts";

const headers = { authorization: "Bearer hunter2" };
const request = { path: "/x?token=hunter2", headers: [["X-Key", "swordfish"]] as const };

test.each<[rule: string, shown: unknown, expected: unknown]>([
  // Paths of healthchecks.
  ["a path", shownPath("/healthz"), "/healthz"],
  ["a path's query", shownPath("/healthz?token=hunter2"), "/healthz?…"],
  ["a path's query with a login in it", shownPath("/a?b=c:d@e"), "/a?…"],
  ["a path with an @ that is no login", shownPath("/@scope/a@b"), "/@scope/a@b"],
  ["a path with a colon that is no login", shownPath("/at/12:30"), "/at/12:30"],
  ["a token in place of a login", shownPath("/hunter2@host/x"), "/…"],
  ["a login in a path", shownPath("//user:hunt?er2@host"), "//…"],
  ["a URL in a path", shownPath("/http:/user:hun/ter2@host"), "/…"],
  // URLs of the configuration.
  ["a URL's login", shownUrl("https://u:hunter2@host:4318/v1"), "https://***@host:4318/v1"],
  ["a URL's query", shownUrl("https://host/v1?key=hunter2"), "https://host/v1?…"],
  ["a URL's fragment", shownUrl("https://host/v1#hunter2"), "https://host/v1#…"],
  ["a login without a scheme", shownUrl("admin:hunter2@host"), "***@host"],
  ["a URL with secrets", hasSecrets("http://u:hunter2@host"), true],
  ["a URL without secrets", hasSecrets("http://host:4318/"), false],
  // Requests to this server, redirects of backends.
  ["a request's query", shownRequestTarget("/api?q=hunter2?x\ny"), "/api?…"],
  [
    "a redirect's query",
    redactLocation("https://www.example.com/a?t=hunter2"),
    "https://www.example.com/a?…",
  ],
  ["a redirect's login", redactLocation("https://u:hunter2@host/#x"), "https://…@host/#…"],
  ["a redirect's path parameter", redactLocation("/login;jsessionid=hunter2"), "/login;…"],
  ["a redirect without secrets", redactLocation("/login"), "/login"],
  // Fields of healthchecks.
  ["bytes to send", bytesNotShown(7), "(7 bytes, not shown)"],
  ["a header", headerNotShown("authorization"), "authorization: (not shown)"],
  ["a secret string", showKind("hunter2"), "a string (not shown)"],
  ["a secret number", showKind(1), "a number (not shown)"],
  ["a secret raw number", showKind(new RawNumber("1.0")), "a number (not shown)"],
  ["a secret list", showKind(["hunter2"]), "a list (not shown)"],
  ["a secret object", showKind({ key: "hunter2" }), "an object (not shown)"],
  ["no value", showKind(undefined), "nothing"],
  ["a boolean", showKind(true), "true"],
  ["a harmless value", showUnlessSecret("htp"), '"htp"'],
  ["a harmless number", showUnlessSecret(70_000), "70000"],
  ["a string with an @", showUnlessSecret("u:hunter2@host"), "a string (not shown)"],
  ["a string with a query", showUnlessSecret("x?hunter2"), "a string (not shown)"],
  ["a list in the wrong place", showUnlessSecret(["hunter2"]), "a list (not shown)"],
  ["a field's name", mayShowFieldName("timeout"), true],
  ["a header line as a field's name", mayShowFieldName("X-Key: hunter2"), false],
  // Responses that repeat secrets.
  ["a repeated header", httpSecrets(request).hide("bad key swordfish"), "bad key …"],
  ["a repeated query", httpSecrets(request).hide("no token hunter2"), "no token …"],
  ["a repeated command", textSecrets("AUTH hunter2\r\n").hide("-ERR AUTH hunter2"), "-ERR AUTH …"],
  ["a word between NULs", byteSecrets(Buffer.from("\x01\0admin1\0\x07hunter2\0")).hide("no hunter2"), "no …"],
  ["repeated bytes", byteSecrets(Buffer.from([0xff, 0x20, 0xfe, 0xfd, 0xfc])).hide("a \xfe\xfd\xfc"), "a …"],
  ["a reason phrase", httpSecrets(request).hideInReason("No hunter2", 403), "No …"],
  // Messages of the collector, of libraries.
  ["a repeated collector header", redactHeaders("no hunter2", headers), "no …"],
  ["source in a YAML error", withoutSource("Unresolved tag: !hunter2"), "Unresolved tag"],
  ["source behind an escape", withoutSource("Invalid escape sequence \\hunter2"), "Invalid escape sequence"],
  // Files that every user may read.
  ["a file with headers", holdsSecrets({ path: "/", headers: [["X-Key", "hunter2"]] }), true],
  ["a file with a query", holdsSecrets({ path: "/?hunter2", headers: [] }), true],
  ["a file with plain http checks", holdsSecrets({ path: "/", headers: [] }), false],
])("redaction: %s", (_, shown, expected) => {
  expect(shown).toEqual(expected);
});
