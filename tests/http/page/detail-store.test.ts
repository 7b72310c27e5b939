/** Requests of the status page for one healthcheck. Run by `bun test`. */
import { expect, test } from "bun:test";
import type { Answer, FetchApi } from "../../../src/http/page/data/api-client.ts";
import { DetailStore } from "../../../src/http/page/data/detail-store.ts";

const MISSING = { ok: false, error: "no healthcheck with id 1 (HTTP 404)", status: 404 } as const;

/** A server that answers when the test resolves the request. */
function askedServer() {
  const answers: ((answer: Answer<unknown>) => Promise<void>)[] = [];
  const addresses: string[] = [];
  const fetchApi: FetchApi = <T>(address: string) => {
    const { promise, resolve } = Promise.withResolvers<Answer<T>>();
    addresses.push(address);
    answers.push(async (answer) => {
      // The cast restates that the test knows what was asked for.
      resolve(answer as Answer<T>);
      await promise;
      await Promise.resolve();
    });
    return promise;
  };
  return { fetchApi, addresses, answer: (answer: Answer<unknown>) => answers.at(-1)?.(answer) };
}

test("page detail: asks one question at a time, once more for all that came meanwhile", async () => {
  const { fetchApi, addresses, answer } = askedServer();
  const store = new DetailStore("1", fetchApi);
  store.refresh("tick");
  store.refresh("tick");
  store.refresh("changes");
  expect(addresses).toEqual(["api/healthchecks/1"]);
  await answer({ ok: true, value: {}, atMs: 5 });
  expect(addresses).toHaveLength(2);
  await answer({ ok: true, value: {}, atMs: 6 });
  expect(addresses).toHaveLength(2);
  expect(store.view.value).toMatchObject({ missing: false, atMs: 6, error: undefined });
});

test("page detail: what is missing is asked for again only when something has changed", async () => {
  const { fetchApi, addresses, answer } = askedServer();
  const store = new DetailStore("1", fetchApi);
  store.refresh("connection");
  await answer(MISSING);
  expect(store.view.value).toMatchObject({ detail: undefined, missing: true, error: undefined });
  store.refresh("tick");
  expect(addresses).toHaveLength(1);
  store.refresh("changes");
  await answer({ ok: true, value: { id: "1" }, atMs: 6 });
  expect(store.view.value.missing).toBe(false);
});

test("page detail: a failure keeps what is shown and says why; after a stop nothing is asked", async () => {
  const { fetchApi, addresses, answer } = askedServer();
  const store = new DetailStore("1", fetchApi);
  store.refresh("tick");
  await answer({ ok: true, value: { id: "1" }, atMs: 6 });
  store.refresh("tick");
  await answer({ ok: false, error: "HTTP 500", status: 500 });
  expect(store.view.value).toMatchObject({ detail: { id: "1" }, error: "HTTP 500", atMs: 6 });
  store.stop();
  store.refresh("tick");
  expect(addresses).toHaveLength(2);
});
