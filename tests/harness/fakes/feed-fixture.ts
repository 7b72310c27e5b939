/** The live feed in virtual time, with real connections. Called by tests/http. */

import { someTurns, turnsUntil } from "../base/event-loop.ts";
import { connectHttp, get, type RawHttp } from "../client/raw-http.ts";
import { VirtualTime } from "./fakes.ts";
import { type HttpFixture, startHttp } from "./http-fixture.ts";

/** URL of the feed. */
export const EVENTS = "/api/events";

/** A listener in virtual time. */
export async function openFeed() {
  const time = new VirtualTime();
  const fixture = await startHttp();
  const dispose = () => {
    fixture[Symbol.dispose]();
    time[Symbol.dispose]();
  };
  return { fixture, time, [Symbol.dispose]: dispose };
}

/** Connects a viewer, and waits for its first event, or for its refusal. */
export async function view({ port }: HttpFixture, keepText = true): Promise<RawHttp> {
  const http = await connectHttp(port, keepText);
  http.write(get(EVENTS));
  await turnsUntil(() => http.bytes > 250, "the first event");
  return http;
}

/** The events so far: their names and data. */
export function eventsOf({ text }: RawHttp): { name: string; data: unknown }[] {
  return [...text.matchAll(/event: (\w+)\ndata: (.*)\n\n/g)].map(([, name = "", data = ""]) => ({
    name,
    data: JSON.parse(Buffer.from(data, "latin1").toString()),
  }));
}

/** A second passes. */
export async function tick(time: VirtualTime): Promise<void> {
  time.advance(1_000);
  await someTurns();
}
