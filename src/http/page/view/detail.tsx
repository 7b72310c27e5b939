/** The view of one healthcheck. */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { HealthcheckDetail } from "../../api.ts";
import { type Connection, isStale } from "../data/connection.ts";
import type { DetailStore } from "../data/detail-store.ts";
import type { Session } from "../data/session.ts";
import type { ServerClock } from "../logic/clock.ts";
import { formatAgo, formatExact, formatWhen, named } from "../logic/format.ts";
import { History } from "./history.tsx";
import { useNow, useSignal } from "./hooks.ts";
import { Code, StateMark } from "./icons.tsx";
import { Plot } from "./plot.tsx";
import { Properties } from "./properties.tsx";
import type { Router } from "./router.ts";

/** Properties of the detail view. */
export interface DetailProps {
  readonly id: string;
  readonly store: DetailStore;
  readonly session: Session;
  readonly router: Router;
  readonly clock: ServerClock;
  readonly connection: Connection;
}

/** View of one healthcheck. */
export function Detail({ id, store, session, router, clock, connection }: DetailProps) {
  const { detail, missing, error } = useSignal(store.view);
  const nowMs = clock.at(useNow());
  useEffect(() => session.show(store), [session, store]);
  useEffect(() => {
    store.refresh("connection");
    return () => store.stop();
  }, [store]);
  useLayoutEffect(() => scrollTo({ top: 0, behavior: "instant" }), []);
  useWayBack(router);
  return (
    <main class={`detail${isStale(connection) ? " stale" : ""}`}>
      <BackLink router={router} />
      {missing && (
        <Notice title="No such healthcheck">
          There is no healthcheck with the id <b>{id}</b>. It was removed or has not been added yet.
        </Notice>
      )}
      {detail !== undefined && <Everything detail={detail} nowMs={nowMs} />}
      {detail === undefined && !missing && (
        <Notice title={`Healthcheck ${id}`}>
          {error === undefined ? "Loading…" : `Cannot load it: ${error}.`}
        </Notice>
      )}
    </main>
  );
}

function Everything({ detail, nowMs }: { readonly detail: HealthcheckDetail; readonly nowMs: number }) {
  const intervalMs = Number(detail.config["interval_ms"] ?? 0);
  const timeoutMs = Number(detail.config["timeout_ms"] ?? 0);
  return (
    <>
      <Title>{named(detail)}</Title>
      <Verdict detail={detail} nowMs={nowMs} />
      <div class="columns">
        <div class="column-main">
          <section class="card" aria-labelledby="response-time">
            <h2 id="response-time">Response time</h2>
            <Plot history={detail.history} intervalS={intervalMs / 1_000} timeoutMs={timeoutMs} />
          </section>
          <section class="card" aria-labelledby="history">
            <h2 id="history">Last results</h2>
            <History history={detail.history} />
          </section>
        </div>
        <Properties detail={detail} />
      </div>
    </>
  );
}

function Verdict({ detail, nowMs }: { readonly detail: HealthcheckDetail; readonly nowMs: number }) {
  const { state, provisional, since, last, override, measured_state: measured } = detail;
  const sinceMs = Date.parse(since);
  return (
    <div class={`summary summary-${state}`}>
      <p class="summary-state">
        <StateMark item={detail} />
        <span class="summary-since">
          {state === "unknown" ? "added" : "for"}{" "}
          <time dateTime={since} title={formatExact(sinceMs)}>
            {formatAgo(nowMs - sinceMs)}
          </time>
          {state === "unknown" ? " ago" : ""}, since {formatWhen(sinceMs, nowMs)}
        </span>
      </p>
      {provisional && override === undefined && (
        <p class="summary-reason">From before the restart: it is reported once a check agrees with it</p>
      )}
      {override !== undefined && (
        <p class="summary-reason">
          {override.action === "paused"
            ? "Paused: no checks are started"
            : `Forced ${override.action}; checks ${provisional ? "found" : "find"} ${measured}${provisional ? " before the restart" : ""}`}{" "}
          — by {override.user}, until {formatWhen(Date.parse(override.until), nowMs)}: {override.reason}
        </p>
      )}
      {last !== null && (
        <p class="summary-reason">
          <Code result={last.result} code={last.code} /> {last.message}
        </p>
      )}
    </div>
  );
}

function Notice({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <>
      <Title>{title}</Title>
      <p class="empty">{children}</p>
    </>
  );
}

/** Heading that has the focus when the view appears, so that a screen reader announces the view. */
function Title({ children }: { readonly children: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}

function BackLink({ router }: { readonly router: Router }) {
  return (
    <nav aria-label="Back">
      <a
        class="back-link"
        href={router.listHash}
        aria-keyshortcuts="Escape"
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          router.back();
        }}
      >
        <span aria-hidden="true">←</span> All healthchecks
      </a>
    </nav>
  );
}

/** Escape and Backspace lead back to the list. */
function useWayBack(router: Router): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const isPlain = !(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey);
      if (isPlain && (event.key === "Escape" || event.key === "Backspace")) {
        event.preventDefault();
        router.back();
      }
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, [router]);
}
