/** The rows that the status page asks for, and the times of its requests. Run by `bun test`. */
import { expect, test } from "bun:test";
import type { HealthcheckItem, HealthcheckList } from "../../../src/http/api.ts";
import type { Answer, FetchApi } from "../../../src/http/page/data/api-client.ts";
import { ListStore } from "../../../src/http/page/data/list-store.ts";
import { NO_FILTER } from "../../../src/http/page/logic/route.ts";
import { VirtualTime } from "../../harness/fakes/fakes.ts";

const TOTALS = { healthchecks: 1_000, healthy: 1_000, unhealthy: 0, unknown: 0 };
const UNHEALTHY = { ...NO_FILTER, state: "unhealthy" } as const;

interface Question {
  readonly offset: number;
  readonly limit: number;
  readonly address: string;
  readonly signal: AbortSignal;
  answer(answer: Answer<HealthcheckList>): Promise<void>;
}

/** A server that answers when the test resolves the request. */
function askedServer(): { readonly fetchApi: FetchApi; readonly asked: Question[]; last(): Question } {
  const asked: Question[] = [];
  const fetchApi: FetchApi = <T>(address: string, signal: AbortSignal) => {
    const { promise, resolve } = Promise.withResolvers<Answer<T>>();
    const query = new URLSearchParams(address.slice(address.indexOf("?")));
    asked.push({
      offset: Number(query.get("offset")),
      limit: Number(query.get("limit")),
      address,
      signal,
      async answer(answer) {
        // The cast restates that these tests ask for lists only.
        resolve(answer as Answer<T>);
        await promise;
        await Promise.resolve();
      },
    });
    return promise;
  };
  const last = () => {
    const question = asked.at(-1);
    if (question === undefined) throw new Error("nothing was asked");
    return question;
  };
  return { fetchApi, asked, last };
}

function item(id: number): HealthcheckItem {
  return { id: String(id), type: "tcp", target: "", state: "healthy", since: "", last: null, recent: [] };
}

/** Response of the server: ids are the places in the list, moved by the given number. */
function listed({ offset, limit }: Question, movedBy = 0, matched = 1_000): Answer<HealthcheckList> {
  const count = Math.max(0, Math.min(limit, matched - offset));
  const healthchecks = Array.from({ length: count }, (_, place) => item(offset + place + movedBy));
  return { ok: true, value: { totals: TOTALS, matched, offset, limit, healthchecks }, atMs: 7 };
}

test("page list: asks for what is on the screen and a little more, and not again while it is known", async () => {
  const { fetchApi, asked, last } = askedServer();
  const store = new ListStore(fetchApi);
  store.show(NO_FILTER, { first: 100, end: 120 });
  expect([last().offset, last().limit]).toEqual([84, 52]);
  await last().answer(listed(last()));
  expect(store.view.value.rows.get(100)?.id).toBe("100");
  store.show(NO_FILTER, { first: 110, end: 130 });
  expect(asked).toHaveLength(1);
  store.show(NO_FILTER, { first: 120, end: 140 });
  expect(asked).toHaveLength(2);
});

test("page list: one question at a time; what was wanted meanwhile is asked for next", async () => {
  const { fetchApi, asked, last } = askedServer();
  const store = new ListStore(fetchApi);
  store.show(NO_FILTER, { first: 0, end: 20 });
  store.show(NO_FILTER, { first: 30, end: 50 });
  store.refresh();
  store.refresh();
  expect(asked).toHaveLength(1);
  await last().answer(listed(last()));
  expect(asked).toHaveLength(2);
  expect(last().offset).toBe(14);
  await last().answer(listed(last()));
  expect(asked).toHaveLength(2);
});

test("page list: while the user scrolls, a request is canceled after a minimum time only", () => {
  using time = new VirtualTime();
  const { fetchApi, asked } = askedServer();
  const store = new ListStore(fetchApi);
  store.show(NO_FILTER, { first: 0, end: 20 });
  time.advance(50);
  store.show(NO_FILTER, { first: 500, end: 520 });
  expect(asked).toHaveLength(1);
  time.advance(150);
  store.show(NO_FILTER, { first: 700, end: 720 });
  expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, false]);
});

test("page list: another filter is requested immediately, and a response to the old one is ignored", async () => {
  const { fetchApi, asked } = askedServer();
  const store = new ListStore(fetchApi);
  store.show(NO_FILTER, { first: 0, end: 20 });
  store.show(UNHEALTHY, { first: 0, end: 20 });
  const [first, second] = asked;
  expect(first?.signal.aborted).toBe(true);
  expect(second?.address).toContain("state=unhealthy");
  await first?.answer(listed(first));
  expect(store.view.value.matched).toBeUndefined();
  await second?.answer(listed(second, 0, 1));
  expect([store.view.value.filter, store.view.value.matched]).toEqual([UNHEALTHY, 1]);
});

test("page list: rows of another filter go when the new ones come, rows nearby stay while one scrolls", async () => {
  const { fetchApi, last } = askedServer();
  const store = new ListStore(fetchApi);
  store.show(NO_FILTER, { first: 0, end: 20 });
  await last().answer(listed(last()));
  store.show(NO_FILTER, { first: 300, end: 320 });
  await last().answer(listed(last()));
  expect([store.view.value.rows.has(0), store.view.value.rows.has(300)]).toEqual([true, true]);
  store.show(NO_FILTER, { first: 900, end: 920 });
  await last().answer(listed(last()));
  expect(store.view.value.rows.has(0)).toBe(false);
  store.show(UNHEALTHY, { first: 0, end: 20 });
  await last().answer(listed(last(), 0, 5));
  expect([...store.view.value.rows.keys()]).toEqual([0, 1, 2, 3, 4]);
});

test("page list: no id is in two places", async () => {
  const { fetchApi, last } = askedServer();
  const store = new ListStore(fetchApi);
  store.show(NO_FILTER, { first: 0, end: 20 });
  await last().answer(listed(last()));
  store.show(NO_FILTER, { first: 100, end: 120 });
  // Thirty rows came before these.
  await last().answer(listed(last(), -30));
  const ids = [...store.view.value.rows.values()].map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test("page list: a failure keeps the rows and says why; scrolling does not ask again, the next tick does", async () => {
  const { fetchApi, asked, last } = askedServer();
  const store = new ListStore(fetchApi);
  store.show(NO_FILTER, { first: 0, end: 20 });
  await last().answer(listed(last()));
  store.refresh();
  await last().answer({ ok: false, error: "cannot reach the server", status: undefined });
  expect(store.view.value.error).toBe("cannot reach the server");
  expect(store.view.value.rows.has(0)).toBe(true);
  store.show(NO_FILTER, { first: 500, end: 520 });
  expect(asked).toHaveLength(2);
  store.refresh();
  expect(last().offset).toBe(484);
  await last().answer(listed(last()));
  expect(store.view.value.error).toBeUndefined();
});

test("page list: an empty list and one that shrank", async () => {
  const { fetchApi, last } = askedServer();
  const store = new ListStore(fetchApi);
  store.show(NO_FILTER, { first: 0, end: 0 });
  expect(last().offset).toBe(0);
  await last().answer(listed(last()));
  store.refresh();
  await last().answer(listed(last(), 0, 0));
  expect([store.view.value.matched, store.view.value.rows.size]).toEqual([0, 0]);
});

test("page list: after a stop responses are ignored, and the next start requests again", async () => {
  const { fetchApi, asked, last } = askedServer();
  const store = new ListStore(fetchApi);
  store.show(NO_FILTER, { first: 0, end: 20 });
  const first = last();
  store.stop();
  await first.answer(listed(first));
  expect([first.signal.aborted, store.view.value.matched]).toEqual([true, undefined]);
  store.show(NO_FILTER, { first: 0, end: 20 });
  expect(asked).toHaveLength(2);
});
