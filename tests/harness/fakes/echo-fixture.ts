/** A listener that says back what it was asked for, and clients that send bytes. Called by tests/http. */
import { replyText } from "../../../src/http/responses.ts";
import type { Router } from "../../../src/http/server.ts";
import { connectHttp, type RawAnswer, readAnswer } from "../client/raw-http.ts";
import type { HttpFixture } from "./http-fixture.ts";

/** Says the path back; `/slow/…` after a while, and some paths do what handlers should not. */
export const ECHO: Router = (path) => {
  if (path === "/nowhere") return undefined;
  return async (target, _request, response) => {
    if (path.startsWith("/slow")) await Bun.sleep(30);
    if (path === "/throws") throw new Error("broken");
    if (path === "/late") {
      response.write("half");
      throw new Error("broken halfway");
    }
    replyText(response, 200, `${target.path} ${target.query}`);
  };
};

/** Sends bytes on a connection of their own. @returns everything that comes until the server closes */
export async function exchange({ port }: HttpFixture, bytes: string): Promise<string> {
  await using http = await connectHttp(port);
  http.write(bytes);
  return await http.waitForClose();
}

/** The same, taken apart. */
export async function answerTo(fixture: HttpFixture, bytes: string): Promise<RawAnswer> {
  return readAnswer(await exchange(fixture, bytes));
}
