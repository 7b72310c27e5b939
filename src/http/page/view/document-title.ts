/** The title and the icon of the browser tab. */
import { useEffect } from "preact/hooks";
import type { Totals } from "../../api.ts";
import type { Connection } from "../data/connection.ts";
import { formatCount } from "../logic/format.ts";

const NAME = "Healthchecks";
const SIGNS = { bad: "%23d92d20", good: "%231a7f4b", none: "%23737d8a" };

/** Keeps both up to date. @param target - of the healthcheck that is shown */
export function useTab(totals: Totals | undefined, connection: Connection, target: string | undefined): void {
  const title = tabTitle(totals, connection.kind === "lost", target);
  const sign = signOf(totals, connection);
  useEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    if (link !== null) link.href = signImage(SIGNS[sign], sign === "bad");
  }, [sign]);
}

/** Formats `(3) Healthchecks`; `(3?)` while the connection is lost. */
export function tabTitle(totals: Totals | undefined, isLost: boolean, target: string | undefined): string {
  const name = target === undefined ? NAME : `${target} – ${NAME}`;
  if (totals === undefined || (totals.unhealthy === 0 && !isLost)) return name;
  return `(${formatCount(totals.unhealthy)}${isLost ? "?" : ""}) ${name}`;
}

function signOf(totals: Totals | undefined, { kind }: Connection): keyof typeof SIGNS {
  if (totals === undefined || kind === "lost" || totals.healthchecks === 0) return "none";
  return totals.unhealthy > 0 ? "bad" : "good";
}

function signImage(fill: string, isCrossed: boolean): string {
  const cross = isCrossed ? "%3Cpath d='M5 5l6 6M11 5l-6 6' stroke='white' stroke-width='2'/%3E" : "";
  const circle = `%3Ccircle cx='8' cy='8' r='7' fill='${fill}'/%3E`;
  return `data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E${circle}${cross}%3C/svg%3E`;
}
