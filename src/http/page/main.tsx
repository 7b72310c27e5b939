/** The status page, in a browser: wires what it is made of and puts it on the screen. Bundled into the executable; see page-files.ts. */
import { render } from "preact";
import { createFetchApi } from "./data/api-client.ts";
import { ListStore } from "./data/list-store.ts";
import { Session } from "./data/session.ts";
import { ServerClock } from "./logic/clock.ts";
import { App } from "./view/app.tsx";
import { Router } from "./view/router.ts";

const clock = new ServerClock();
const fetchApi = createFetchApi((serverMs) => clock.observe(serverMs, Date.now()));
const session = new Session({
  openFeed: () => new EventSource("api/events"),
  isVisible: () => document.visibilityState === "visible",
});
document.addEventListener("visibilitychange", () => session.wake());

const router = new Router();
const list = new ListStore(fetchApi);
const route = router.route.value;
// The rows are requested while the page is drawn.
if (route.view === "list") list.show(route.filter, { first: 0, end: 0 });

const place = document.getElementById("page");
if (place !== null) {
  place.replaceChildren();
  render(<App fetchApi={fetchApi} clock={clock} list={list} router={router} session={session} />, place);
  session.start();
}
