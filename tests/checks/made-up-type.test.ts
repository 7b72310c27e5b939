/**
 * A whole check type in one file, driven through every room: the proof that a type is a descriptor and a line in the registry. The type
 * `coin` throws a coin: heads is healthy.
 */
import { afterAll, expect, test } from "bun:test";
import { checksJsonSchema } from "../../scripts/tools/docs/checks-schema.ts";
import { typeSection } from "../../scripts/tools/docs/configuration.ts";
import { type CheckType, defineCheckType } from "../../src/checks/check-type.ts";
import type { Checker, CheckerEnv } from "../../src/checks/checker.ts";
import { checkTypeNames, formatTarget, makeChecker, registerCheckType } from "../../src/checks/registry.ts";
import { makeProgram } from "../../src/cli/commands.ts";
import { commandTree } from "../../src/cli/completion/tree.ts";
import { formatDetail } from "../../src/cli/explain.ts";
import { main } from "../../src/cli/program.ts";
import { readYaml } from "../../src/config/yaml.ts";
import { validateChecks } from "../../src/control/checks-file.ts";
import { readListQuery } from "../../src/http/list-query.ts";
import { detail, listItem } from "../../src/http/views.ts";
import { ByteBuffer } from "../../src/metrics/byte-buffer.ts";
import { CheckCounters } from "../../src/metrics/check-counters.ts";
import type { Conclusive } from "../../src/model/result.ts";
import { Notifier } from "../../src/notifier/notifier.ts";
import { readConfig } from "../../src/protocol/healthcheck.ts";
import { optional, required } from "../../src/schema/field.ts";
import { FieldError } from "../../src/schema/field-error.ts";
import { choice, integer, secretText } from "../../src/schema/values.ts";
import { checkAttributes } from "../../src/telemetry/check-attributes.ts";
import { FakeDialer, FakeOutput, fakeEnv, VirtualTime } from "../harness/fakes/fakes.ts";
import { Stock } from "../harness/fakes/monitor-stock.ts";

interface CoinSpec {
  readonly type: "coin";
  readonly throws: number;
  readonly side: "heads" | "tails";
  readonly wish: string;
}

const COIN: CheckType<CoinSpec> = defineCheckType({
  name: "coin",
  defaultTimeoutMs: 7_000,
  fields: {
    throws: required(integer(1, 9), "How often the coin is thrown."),
    side: optional(choice(["heads", "tails"]), "", "heads", "The side that it shows."),
    wish: optional(secretText, "", "none", "A secret wish."),
  },
  normalize({ throws, side, wish }): CoinSpec {
    if (throws === 1 && wish !== "")
      throw new FieldError("wish", "not allowed with one throw; must be absent");
    return { type: "coin", throws, side: side || "heads", wish };
  },
  formatTarget: ({ throws }: CoinSpec) => `coin://${throws}`,
  view: ({ throws, side }: CoinSpec) => ({ throws, side, wish: "(not shown)" }),
  attributes: ({ side }: CoinSpec) => ({ "coin.side": side }),
  errorType: () => "tails",
  holdsSecrets: ({ wish }: CoinSpec) => wish !== "",
  create: coinChecker,
  probe: {
    about: "throw a coin",
    arguments: [{ name: "<throws>", about: "how often" }],
    options: [{ flags: "--side <side>", about: "the side that it shows", choices: ["heads", "tails"] }],
    examples: ["3 --side tails"],
    target: ([throws = ""], options: { readonly side?: string }) => ({
      host: undefined,
      fields: { checker_type: "coin", throws: Number(throws), side: options.side },
    }),
  },
});

function coinChecker({ side }: CoinSpec, { after }: CheckerEnv): Checker {
  const result: Conclusive =
    side === "heads"
      ? { outcome: "success", code: "L7OK", message: "COIN heads", durationMs: 1, phases: {} }
      : { outcome: "failure", code: "L7RSP", message: "COIN tails", durationMs: 1, phases: {} };
  return {
    start: (_timeoutMs, done) => {
      const cancel = after(1, () => done(result));
      return { expire: () => result, cancel };
    },
  };
}

const registered = registerCheckType(COIN);
afterAll(() => registered[Symbol.dispose]());

const CONFIG = { id: 1n, interval: "1s", timeout: "500ms", checker_type: "coin", throws: 2 };

function specOf(changes: object = {}) {
  const read = readConfig({ ...CONFIG, ...changes }, "wire");
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  return read.spec;
}

function errorsOf(changes: object): string[] {
  const read = readConfig({ ...CONFIG, ...changes }, "wire");
  return read.ok ? [] : read.faults.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

/** Runs a check on a clock that does not advance: the timer of the checker fires immediately. */
async function resultOf(changes: object = {}): Promise<Conclusive> {
  using time = new VirtualTime();
  const immediate = (_delayMs: number, callback: () => void) => {
    queueMicrotask(callback);
    return () => {};
  };
  const env: CheckerEnv = { ...fakeEnv(time, new FakeDialer()), after: immediate };
  const checker = makeChecker(specOf(changes).check, env);
  const { promise, resolve } = Promise.withResolvers<Conclusive>();
  checker.start(500, (result) => {
    // The checker above is never inconclusive.
    resolve(result as Conclusive);
  });
  return promise;
}

test("made-up type: a CONFIG is read, with its defaults and the timeout of the type", () => {
  expect(specOf({ timeout: "0s" })).toMatchObject({
    timeoutMs: 7_000,
    check: { type: "coin", throws: 2, side: "heads", wish: "" },
  });
});

test.each([
  [{ throws: undefined }, "throws: missing; must be an integer from 1 to 9"],
  [{ throws: 10 }, "throws: 10 is out of range; must be an integer from 1 to 9"],
  [{ throws: "two" }, 'throws: "two" is not valid; must be an integer from 1 to 9'],
  [{ side: "edge" }, 'side: "edge" is not valid; must be one of heads, tails'],
  [{ wish: 7 }, "wish: a number (not shown) is not valid; must be a string"],
  [{ throws: 1, wish: "a" }, "wish: not allowed with one throw; must be absent"],
  [
    { checker_type: "dice" },
    'checker_type: "dice" is not valid; must be one of tcp, http, dns, udp, icmp, radius, coin',
  ],
  [
    { checker_type: undefined },
    "checker_type: missing; must be one of tcp, http, dns, udp, icmp, radius, coin",
  ],
])("made-up type: %j is refused", (changes, message) => {
  expect(errorsOf(changes)).toEqual([message]);
});

test("made-up type: a checks file may hold it, and names the field that was meant", () => {
  const yaml =
    "healthchecks:\n  - { id: 1, interval: 1s, timeout: 1s, checker_type: coin, throws: 3, sidee: tails }\n";
  const { set, warnings } = validateChecks("checks.yaml", readYaml(yaml, "checks"));
  expect(set.specs.map(({ check }) => formatTarget(check))).toEqual(["coin://3"]);
  expect(warnings.map(({ message }) => message)).toEqual(["unknown field, ignored; did you mean side?"]);
});

test("made-up type: a check changes the state, and the change is notified", async () => {
  const result = await resultOf({ side: "tails" });
  using time = new VirtualTime();
  const monitor = new Stock().add(specOf({ side: "tails" }), [result]);
  const sent: string[] = [];
  const delivery = {
    deliver: (
      batch: readonly { readonly status: { readonly state: string; readonly message: string } }[],
    ) => {
      sent.push(...batch.map(({ status: { state, message } }) => `${state} ${message}`));
      return batch.length;
    },
  };
  const settings = { delayMs: 100, maxSize: 10, notifyIntervalMs: 60_000, channelSize: 10 };
  const observer = {
    sent: () => {},
    congested: () => {},
    fault: (error: unknown) => sent.push(String(error)),
  };
  const notifier = new Notifier(time, delivery, () => [], settings, observer);
  notifier.resync();
  notifier.notify({ id: monitor.spec.id, status: monitor.status });
  time.advance(200);
  expect(sent).toEqual(["unhealthy L7RSP COIN tails"]);
});

test("made-up type: the API, its type filter and explain show it without secrets", async () => {
  const monitor = new Stock().add(specOf({ wish: "hunter2" }), [await resultOf()]);
  expect(listItem(monitor)).toMatchObject({ type: "coin", target: "coin://2", state: "healthy" });
  expect(detail(monitor).config).toMatchObject({ throws: 2, side: "heads", wish: "(not shown)" });
  expect(readListQuery(new URLSearchParams("type=coin")).type).toBe("coin");
  const explained = formatDetail(detail(monitor), VirtualTime.WALL_MS);
  expect(explained).toContain("throws          2");
  expect(explained).toContain("L7OK COIN heads");
  expect(explained).not.toContain("hunter2");
});

test("made-up type: metrics count its failures under its name", async () => {
  const counters = new CheckCounters([1]);
  counters.finished("coin", await resultOf({ side: "tails" }), 0, 1);
  const sheet = new ByteBuffer();
  counters.write(sheet, "prometheus");
  expect(new TextDecoder().decode(sheet.take())).toContain(
    'healthcheck_failures_total{type="coin",reason="L7RSP"} 1\n',
  );
});

test("made-up type: a span has its attributes and its error type", async () => {
  expect(checkAttributes(specOf({ side: "tails" }), await resultOf({ side: "tails" }), 0)).toMatchObject({
    "healthcheck.type": "coin",
    "coin.side": "tails",
    "error.type": "tails",
  });
});

test("made-up type: the JSON Schema and the reference have its fields", () => {
  const { definitions } = checksJsonSchema() as {
    definitions: Record<string, { required?: string[]; properties: Record<string, object> }>;
  };
  expect(definitions["coin"]?.required).toContain("throws");
  expect(definitions["coin"]?.properties["throws"]).toMatchObject({
    type: "integer",
    minimum: 1,
    maximum: 9,
  });
  expect(definitions["healthcheck"]?.properties["checker_type"]).toEqual({ enum: checkTypeNames() });
  expect(typeSection("coin")).toContain("How often the coin is thrown.");
});

test("made-up type: probe has a subcommand with help, example, completion and a verdict", async () => {
  const run = async (...args: string[]) => {
    const output = new FakeOutput();
    return { status: await main(["probe", ...args], {}, output), out: output.stdout };
  };
  expect((await run("--help")).out).toContain("healthcheck-server probe coin 3 --side tails");
  expect((await run("coin", "--help")).out).toContain("throw a coin");
  expect(await run("coin", "3", "--json")).toMatchObject({ status: 0 });
  const unhealthy = await run("coin", "3", "--side", "tails");
  expect(unhealthy).toMatchObject({ status: 1 });
  expect(unhealthy.out).toEndWith("unhealthy: L7RSP COIN tails\n");
  expect((await run("coin", "10")).status).toBe(2);
  const tree = commandTree(
    makeProgram({}, new FakeOutput(), () => {}),
    "run",
  );
  const probe = tree.commands.find(({ path }) => path.join(" ") === "probe");
  expect(probe?.commands.map(({ path }) => path.at(-1))).toContain("coin");
});
